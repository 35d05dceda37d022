//! Functions that something else calls: `main`, and tests. They have no arguments.

use syn::punctuated::Punctuated;

use crate::item::{GreenFn, Role, is_test};
use crate::mistakes::{Mistake, Mistakes};

pub(super) fn check(function: &mut GreenFn, mistakes: &mut Mistakes) {
    let mistake = match function.role {
        Role::Main => Mistake::MainSignature,
        Role::Test => Mistake::TestSignature(function.sig.ident.to_string()),
        Role::Function | Role::Stub => return,
    };
    let sig = &mut function.sig;
    if !sig.inputs.is_empty() {
        mistakes.push(&sig.inputs, mistake);
    } else if !sig.generics.params.is_empty() {
        mistakes.push(&sig.generics.params, mistake);
    } else {
        return;
    }
    sig.inputs = Punctuated::new();
    sig.generics = syn::Generics::default();
    function.attrs.retain(|attr| !is_test(attr));
    function.role = Role::Stub;
}
