//! A closure as the result of `-> impl Fn(…)`: what it takes is written in the result type alone.
//!
//! In an ordinary function the closure is checked against that type. Here a call stands between the
//! two, and a closure whose parameters have no types would be taken for one of a single lifetime.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{
    BoundLifetimes, Expr, ExprClosure, GenericParam, Pat, PathArguments, ReturnType, Signature, Stmt,
    TraitBound, Type, TypeParamBound,
};

use crate::lifetimes::left_out;

/// Says what a closure that ends the body takes and gives.
///
/// ```text
/// Input:  -> impl FnMut(&u32, &u32) -> Ordering    move |a, b| a.cmp(b)
/// Output: move |a: &u32, b: &u32| a.cmp(b)
///
/// Input:  -> impl Fn(&str) -> &str    move |text| &text[by..]
/// Output: { fn shaped<F: Fn(&str) -> &str>(closure: F) -> F { closure } shaped(move |text| &text[by..]) }
/// ```
pub(super) fn shape(stmts: &mut [Stmt], sig: &Signature) {
    let Some(bound) = fn_bound(&sig.output) else { return };
    let Some(Stmt::Expr(result, None)) = stmts.last_mut() else { return };
    let Expr::Closure(closure) = &mut *result else { return };
    let Some(PathArguments::Parenthesized(signature)) =
        bound.path.segments.last().map(|last| &last.arguments)
    else {
        return;
    };
    let is_bare = |ty: &Type| !has_reference(&ty.to_token_stream());
    for (param, ty) in closure.inputs.iter_mut().zip(&signature.inputs) {
        fill_lifetimes(param, &ty.ty, bound.lifetimes.as_ref());
    }
    match &signature.output {
        ReturnType::Type(_, ty) if !is_bare(ty) => {
            // An item sees no type parameter of what is around it.
            if !names_parameter(&bound.to_token_stream(), sig) {
                *result = Expr::Verbatim(through_item(bound, closure));
            }
        }
        _ => {
            for (param, ty) in closure.inputs.iter_mut().zip(&signature.inputs) {
                if !matches!(param, Pat::Type(_)) {
                    let ty = without_names(ty.to_token_stream(), bound.lifetimes.as_ref());
                    *param = Pat::Verbatim(quote_spanned!(Span::mixed_site()=> #param: #ty));
                }
            }
        }
    }
}

/// Gives the type of a parameter the lifetimes that it leaves out, where the bound names them.
///
/// ```text
/// Input:  -> impl Fn(&'a str) -> &'a str    move |text: &str| text
/// Output: move |text: &'a str| text
/// ```
fn fill_lifetimes(param: &mut Pat, ty: &Type, declared: Option<&BoundLifetimes>) {
    if let Pat::Type(param) = param
        && declared.is_none()
        && left_out(&param.ty) > 0
        && left_out(ty) == 0
        && has_reference(&ty.to_token_stream())
    {
        *param.ty = ty.clone();
    }
}

/// A type without the lifetimes that its bound declares (`for<'a> Fn(&'a str)`), which a closure
/// cannot: those that are left out are for all lifetimes as well.
fn without_names(ty: TokenStream, declared: Option<&BoundLifetimes>) -> TokenStream {
    let Some(declared) = declared else { return ty };
    let names: Vec<String> = declared
        .lifetimes
        .iter()
        .filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(param.lifetime.ident.to_string()),
            _ => None,
        })
        .collect();
    renamed(ty, &names)
}

fn renamed(ty: TokenStream, names: &[String]) -> TokenStream {
    let mut is_lifetime = false;
    let tokens = ty.into_iter().map(|token| {
        let is_name = std::mem::take(&mut is_lifetime);
        match token {
            TokenTree::Ident(name) if is_name && names.contains(&name.to_string()) => {
                Ident::new("_", name.span()).into()
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), renamed(group.stream(), names));
                inside.set_span(group.span());
                inside.into()
            }
            TokenTree::Punct(punct) => {
                is_lifetime = punct.as_char() == '\'';
                punct.into()
            }
            token => token,
        }
    });
    tokens.collect()
}

fn through_item(bound: &TraitBound, closure: &ExprClosure) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        {
            fn shaped<F: #bound>(closure: F) -> F {
                closure
            }
            shaped(#closure)
        }
    }
}

/// `Fn(A) -> B` in `-> impl Fn(A) -> B`.
fn fn_bound(output: &ReturnType) -> Option<&TraitBound> {
    let ReturnType::Type(_, ty) = output else { return None };
    let Type::ImplTrait(ty) = &**ty else { return None };
    ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            let is_fn = ["Fn", "FnMut", "FnOnce"].iter().any(|known| last.ident == known);
            is_fn.then_some(bound)
        }
        _ => None,
    })
}

fn has_reference(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => has_reference(&group.stream()),
        _ => false,
    })
}

/// Whether a bound names `Self`, a lifetime, or what is or looks like a type parameter: those of an
/// `impl` around cannot be seen.
fn names_parameter(bound: &TokenStream, sig: &Signature) -> bool {
    let declared: Vec<String> = sig.generics.type_params().map(|param| param.ident.to_string()).collect();
    bound.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => {
            let name = name.to_string();
            name == "Self" || name.len() == 1 || declared.contains(&name)
        }
        TokenTree::Punct(punct) => punct.as_char() == '\'',
        TokenTree::Group(group) => names_parameter(&group.stream(), sig),
        TokenTree::Literal(_) => false,
    })
}
