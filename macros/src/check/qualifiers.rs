//! What stands in front of `fn`, and the `...` that only foreign functions have.

use syn::Signature;

use crate::mistakes::{Mistake, Mistakes};

pub(super) fn check(sig: &mut Signature, mistakes: &mut Mistakes) {
    if let Some(token) = sig.constness.take() {
        mistakes.push(token, Mistake::ConstFn);
    }
    if let Some(token) = sig.asyncness.take() {
        mistakes.push(token, Mistake::AsyncFn);
    }
    if let Some(abi) = sig.abi.take() {
        mistakes.push(abi, Mistake::ExternFn(sig.ident.to_string()));
    }
    if let Some(variadic) = sig.variadic.take() {
        mistakes.push(variadic.dots, Mistake::VariadicFn);
    }
}
