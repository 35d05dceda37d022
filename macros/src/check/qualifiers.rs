//! What stands in front of `fn`, and the `...` that only foreign functions have.

use syn::Signature;

use crate::diagnostics::{Diagnostic, Diagnostics};

pub(super) fn check(sig: &mut Signature, diagnostics: &mut Diagnostics) {
    if let Some(token) = sig.constness.take() {
        diagnostics.push(token, Diagnostic::ConstFn);
    }
    if let Some(token) = sig.asyncness.take() {
        diagnostics.push(token, Diagnostic::AsyncFn);
    }
    if let Some(abi) = sig.abi.take() {
        diagnostics.push(abi, Diagnostic::ExternFn(sig.ident.to_string()));
    }
    if let Some(variadic) = sig.variadic.take() {
        diagnostics.push(variadic.dots, Diagnostic::VariadicFn);
    }
}
