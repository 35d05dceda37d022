//! Names that are taken, and functions that something else calls: destructors, `main`, and tests,
//! which have no arguments.

use syn::punctuated::Punctuated;
use syn::{ReceiverKind, ReturnType, Visibility};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::item::{GreenFn, Role, is_test};
use crate::lower::is_reserved;

pub(super) fn check(function: &mut GreenFn, diagnostics: &mut Diagnostics) {
    let is_green = function.role != Role::Ordinary;
    if is_green && function.sig.receiver().is_some() && is_reserved(&function.sig.ident.to_string()) {
        let name = function.sig.ident.to_string();
        diagnostics.push(&function.sig.ident, Diagnostic::ReservedName(name));
    }
    if is_green && is_destructor(function) {
        diagnostics.push(&function.sig.ident, Diagnostic::GreenDrop);
        function.role = Role::Stub;
        return;
    }
    let mistake = match function.role {
        Role::Main => Diagnostic::MainSignature,
        Role::Test => Diagnostic::TestSignature(function.sig.ident.to_string()),
        Role::Function | Role::Ordinary | Role::Stub => return,
    };
    let sig = &mut function.sig;
    if !sig.inputs.is_empty() {
        diagnostics.push(&sig.inputs, mistake);
    } else if !sig.generics.params.is_empty() {
        diagnostics.push(&sig.generics.params, mistake);
    } else {
        return;
    }
    sig.inputs = Punctuated::new();
    sig.generics = syn::Generics::default();
    function.attrs.retain(|attr| !is_test(attr));
    function.role = Role::Stub;
}

/// `fn drop(&mut self)`, which is `Drop`'s as far as its source says: one that has no visibility,
/// since no method of a trait's implementation has.
fn is_destructor(function: &GreenFn) -> bool {
    let sig = &function.sig;
    let is_by_reference = sig
        .receiver()
        .is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))));
    sig.ident == "drop"
        && is_by_reference
        && sig.inputs.len() == 1
        && sig.generics.params.is_empty()
        && matches!(sig.output, ReturnType::Default)
        && matches!(function.vis, Visibility::Inherited)
        && function.body.is_some()
}
