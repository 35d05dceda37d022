//! Parameters that are called: those with an `AsyncFn` bound.
//!
//! What such a call gives has no type of ours, and yet is one that has not run. The bound says so,
//! in the source; the probe has the last word, for a variable of the same name may stand in front
//! of the parameter.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Expr, FnArg, GenericArgument, GenericParam, Ident, Pat, PathArguments, ReturnType, Signature, Type,
    TypeParamBound, WherePredicate,
};

/// The parameters of a function whose bounds say that they make calls.
///
/// ```text
/// Input:  fn f<F>(mut ask: F, tell: &impl AsyncFn(u32)) where F: AsyncFnMut() -> u32
/// Output: ask, tell
/// ```
pub(super) fn of_function(sig: &Signature) -> Vec<Ident> {
    let makers = makers(sig);
    let called = sig.inputs.iter().filter_map(|arg| match arg {
        FnArg::Typed(arg) if makes_calls(&arg.ty, &makers) => match &*arg.pat {
            Pat::Ident(pat) => Some(pat.ident.clone()),
            _ => None,
        },
        _ => None,
    });
    called.collect()
}

/// Whether a call is one of such a parameter.
pub(super) fn is_called(callbacks: &[Ident], expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => match &*call.func {
            Expr::Path(func) => callbacks.iter().any(|callback| func.path.is_ident(callback)),
            _ => false,
        },
        _ => false,
    }
}

/// The type parameters that have an `AsyncFn` bound.
fn makers(sig: &Signature) -> Vec<&Ident> {
    let declared = sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) if param.bounds.iter().any(is_async_fn) => Some(&param.ident),
        _ => None,
    });
    let clauses = sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let bounded = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) if predicate.bounds.iter().any(is_async_fn) => {
            match &predicate.bounded_ty {
                Type::Path(ty) => ty.path.get_ident(),
                _ => None,
            }
        }
        _ => None,
    });
    declared.chain(bounded).collect()
}

fn makes_calls(ty: &Type, makers: &[&Ident]) -> bool {
    match ty {
        Type::Path(ty) => makers.iter().any(|maker| ty.path.is_ident(*maker)),
        Type::ImplTrait(ty) => ty.bounds.iter().any(is_async_fn),
        Type::Reference(ty) => makes_calls(&ty.elem, makers),
        Type::Paren(ty) => makes_calls(&ty.elem, makers),
        Type::Group(ty) => makes_calls(&ty.elem, makers),
        _ => false,
    }
}

fn is_async_fn(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let known = ["AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    bound.path.segments.last().is_some_and(|last| known.iter().any(|name| last.ident == name))
}

/// Bounds that one type of calls must satisfy for all lifetimes of a reference, so that no call can
/// borrow from that: where they say which.
///
/// ```text
/// Input:  fn f<F, G>(ask: F) where F: FnOnce(&mut Connection) -> Green<G>
/// Output: Green
/// ```
pub(super) fn too_narrow(sig: &Signature) -> Vec<Span> {
    let params: Vec<&Ident> = sig.generics.type_params().map(|param| &param.ident).collect();
    if params.is_empty() {
        return Vec::new();
    }
    let declared = sig.generics.type_params().flat_map(|param| &param.bounds);
    let clauses = sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let bounded = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => Some(&predicate.bounds),
        _ => None,
    });
    let narrow = declared.chain(bounded.flatten()).filter_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let PathArguments::Parenthesized(signature) = &bound.path.segments.last()?.arguments else {
            return None;
        };
        let ReturnType::Type(_, ty) = &signature.output else { return None };
        let is_borrowed = signature.inputs.iter().any(|ty| matches!(ty.ty, Type::Reference(_)));
        (is_borrowed && is_call_of(ty, &params)).then(|| ty.span())
    });
    narrow.collect()
}

/// `Green<G>`, for a type parameter `G`.
fn is_call_of(ty: &Type, params: &[&Ident]) -> bool {
    let Type::Path(ty) = ty else { return false };
    let Some(last) = ty.path.segments.last().filter(|last| last.ident == "Green") else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    arguments.args.iter().any(|argument| match argument {
        GenericArgument::Type(Type::Path(ty)) => params.iter().any(|param| ty.path.is_ident(*param)),
        _ => false,
    })
}
