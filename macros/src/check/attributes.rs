//! Other attributes that take the same function for themselves.

use syn::Attribute;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::item::{GreenFn, is_green, is_green_test, is_test};

/// Attributes that turn a function into something of their own, by the last part of their path and
/// by the crates they come from.
const FOREIGN: [(&str, &[&str]); 5] = [
    (
        "main",
        &[
            "tokio",
            "async_std",
            "smol",
            "futures",
            "actix_web",
            "actix_rt",
            "ntex",
            "compio",
            "monoio",
            "glommio",
        ],
    ),
    (
        "test",
        &[
            "tokio",
            "async_std",
            "futures_test",
            "actix_web",
            "actix_rt",
            "compio",
            "monoio",
            "wasm_bindgen_test",
        ],
    ),
    ("async_trait", &[]),
    ("async_recursion", &[]),
    ("maybe_async", &[]),
];

pub(super) fn check(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    function.attrs.retain(|attr| {
        if is_green(attr) {
            diagnostics.push(attr.path(), Diagnostic::GreenTwice);
            false
        } else if is_green_test(attr) {
            diagnostics.push(attr.path(), Diagnostic::TestAndGreen("#[green]"));
            false
        } else if let Some(name) = foreign(attr) {
            diagnostics.push(attr.path(), Diagnostic::ForeignMain(name));
            false
        } else {
            true
        }
    });
}

/// What `#[eventlet::test]` does by itself.
pub(super) fn check_test(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    function.attrs.retain(|attr| {
        let other = match attr {
            attr if is_green(attr) => "#[green]",
            attr if is_test(attr) => "#[test]",
            attr if is_green_test(attr) => "#[eventlet::test]",
            _ => return true,
        };
        diagnostics.push(attr.path(), Diagnostic::TestAndGreen(other));
        false
    });
}

/// The name of an attribute that turns functions into something of its own.
fn foreign(attr: &Attribute) -> Option<String> {
    let segments: Vec<String> = attr.path().segments.iter().map(|part| part.ident.to_string()).collect();
    let (last, crates) = segments.split_last()?;
    let (_, homes) = FOREIGN.iter().find(|(name, _)| name == last)?;
    let at_home = homes.is_empty() || crates.first().is_some_and(|home| homes.contains(&home.as_str()));
    at_home.then(|| segments.join("::"))
}
