//! Refuses what cannot be green. Each check mends what it refuses, so that the function still comes out with
//! its signature and its callers stay clean.

mod attributes;
mod qualifiers;
mod signature;

use crate::item::GreenFn;
use crate::mistakes::Mistakes;

/// All checks of a function, in the order in which it is read.
pub(crate) fn function(function: &mut GreenFn, mistakes: &mut Mistakes) {
    attributes::check(function, mistakes);
    qualifiers::check(&mut function.sig, mistakes);
    signature::check(function, mistakes);
}
