//! What stands in front of `fn`, and the `...` that only foreign functions have.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::item::{GreenFn, Role};

/// An ordinary function may have a foreign caller: it is back when its value is there.
pub(super) fn check(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    let sig = &mut function.sig;
    if let Some(token) = sig.constness.take() {
        diagnostics.push(token, Diagnostic::ConstFn);
    }
    if let Some(token) = sig.asyncness.take() {
        diagnostics.push(token, Diagnostic::AsyncFn);
    }
    if function.role == Role::Ordinary {
        return;
    }
    if let Some(abi) = sig.abi.take() {
        diagnostics.push(abi, Diagnostic::ExternFn(sig.ident.to_string()));
    }
    if let Some(variadic) = sig.variadic.take() {
        diagnostics.push(variadic.dots, Diagnostic::VariadicFn);
    }
}
