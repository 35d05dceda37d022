//! Refuses what cannot be green. Each check mends what it refuses, so that the function still comes
//! out with its signature and its callers stay clean.

mod attributes;
mod qualifiers;
mod signature;

use crate::diagnostics::Diagnostics;
use crate::item::GreenFn;

/// All checks of a function, in the order in which it is read.
pub(crate) fn function(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    attributes::check(function, diagnostics);
    qualifiers::check(function, diagnostics);
    signature::check(function, diagnostics);
}

/// All checks of a test.
pub(crate) fn test(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    attributes::check_test(function, diagnostics);
    self::function(function, diagnostics);
}
