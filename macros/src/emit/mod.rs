//! Puts the function together again.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{AttrStyle, Attribute, Meta, ReturnType, Signature, Token, Type};

mod boxed;

use crate::diagnostics::Diagnostics;
use crate::item::{GreenFn, Role};
use crate::lower;
use crate::options::{Harness, Options};
use crate::paths::Paths;

/// An item that was not understood: what is wrong, and the item as it was, so that editors keep
/// completing.
pub(crate) fn untouched(item: TokenStream, diagnostics: Diagnostics) -> TokenStream {
    let errors = diagnostics.into_tokens();
    quote!(#errors #item)
}

/// A closure in an ordinary function, and what is wrong with it, in one expression.
pub(crate) fn lone_closure(closure: &TokenStream, diagnostics: Diagnostics) -> TokenStream {
    let errors = diagnostics.into_tokens();
    quote!({ #errors #closure })
}

/// The function, and what is wrong with it.
pub(crate) fn function(
    function: GreenFn,
    body: Option<TokenStream>,
    is_broken: bool,
    options: &Options,
    diagnostics: Diagnostics,
) -> TokenStream {
    let errors = diagnostics.into_tokens();
    let GreenFn { mut attrs, vis, mut sig, role, .. } = function;
    for attr in &mut attrs {
        attr.style = AttrStyle::Outer;
    }
    // What the macro adds stays tokens: to parse it for every function would take its time.
    let mut added = TokenStream::new();
    let private = options.paths.private(sig.ident.span());
    let has_body = body.is_some();
    let mut end = None;
    if is_broken {
        // rustc has said what is wrong; that the arguments are not used is not.
        added.extend(quote!(#[allow(unused, unexpected_cfgs)]));
    }
    if has_body {
        // `stop()` becomes `match stop() { … }`, in which clippy sees a part that never ends.
        added.extend(quote!(#[allow(clippy::diverging_sub_expression)]));
    }
    let body = match (role, body) {
        (_, None) => quote!(;),
        // The item ends in a token of the user's, as far as rustc sees: about an unused function
        // that a macro wrote it is silent.
        (Role::Function, Some(body)) => quote_spanned!(sig.ident.span()=> { #body }),
        (Role::Ordinary, Some(body)) => quote_spanned!(Span::mixed_site()=> { #body }),
        (Role::Main, Some(body)) => quote_spanned!(Span::mixed_site()=> { #private::main(|| #body) }),
        (Role::Test, Some(body)) => match &options.harness {
            None => quote_spanned!(Span::mixed_site()=> { #private::test(|| #body) }),
            Some(harness) => {
                attrs.insert(0, syn::parse_quote!(#[::core::prelude::v1::test]));
                harnessed(&mut sig, harness, &private, &body)
            }
        },
        (Role::Stub, Some(_)) => {
            sig.output = ReturnType::Default;
            quote!({})
        }
    };
    if role == Role::Function {
        added.extend(marks(&attrs));
        if has_body {
            added.extend(track_caller(&attrs));
        }
        let place = end_in_source(&sig);
        sig.output = green_output(&mut sig, options.boxed, &options.paths);
        end = place.filter(|_| sig.generics.where_clause.is_none());
    }
    quote! {
        #errors
        #(#attrs)* #added #vis #sig #end #body
    }
}

/// A function that makes its green call itself: it gets the marks of one, and stays as it is.
///
/// ```text
/// Input:  /// Waits.
///         fn wait(&self) -> Green<impl Future<Output = u32>> { Green::new(…) }
/// Output: /// Waits.
///         ///
///         ///  *Green: may suspend.*
///         #[cfg_attr(debug_assertions, track_caller)]
///         fn wait(&self) -> Green<impl Future<Output = u32>> { Green::new(…) }
/// ```
pub(crate) fn by_hand(function: GreenFn, diagnostics: Diagnostics) -> TokenStream {
    let errors = diagnostics.into_tokens();
    let GreenFn { mut attrs, vis, sig, body, .. } = function;
    for attr in &mut attrs {
        attr.style = AttrStyle::Outer;
    }
    // On a trait's method without a body it holds for every implementation.
    let (marks, track_caller) = (marks(&attrs), track_caller(&attrs));
    let body = body.map_or_else(|| quote!(;), ToTokens::into_token_stream);
    quote!(#errors #(#attrs)* #marks #track_caller #vis #sig #body)
}

/// The body of an `#[eventlet::test]`.
///
/// One that gives a value reports it inside, as the test harness would: only one that has not
/// failed must leave nothing behind, so that the reason of a failure is never lost behind its
/// consequences.
///
/// ```text
/// Input:  fn name() -> io::Result<()> { … }
/// Output: fn name() -> ::std::process::ExitCode {
///             ::eventlet::__private::Harness { real_time: false, hub: Option::None }.report(|| green(…))
///         }
/// ```
fn harnessed(
    sig: &mut Signature,
    harness: &Harness,
    private: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let real_time = harness.real_time;
    let hub = match &harness.hub {
        Some(name) => quote!(#private::Option::Some(#name)),
        None => quote!(#private::Option::None),
    };
    let (door, at) = match &sig.output {
        ReturnType::Type(_, ty) if !is_unit(ty) => ("report", ty.span()),
        _ => ("run", sig.ident.span()),
    };
    let door = Ident::new(door, Span::mixed_site().located_at(at));
    if door == "report" {
        sig.output = syn::parse_quote_spanned!(Span::mixed_site()=> -> ::std::process::ExitCode);
    }
    quote_spanned!(Span::mixed_site()=> {
        #private::Harness { real_time: #real_time, hub: #hub }.#door(|| #body)
    })
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// What the attribute adds to a function that others call.
fn marks(attrs: &[Attribute]) -> TokenStream {
    // A function without documentation stays without, so that `missing_docs` has its say.
    let doc = attrs.iter().any(is_documentation).then(|| {
        quote! {
            #[doc = ""]
            #[doc = " *Green: may suspend.*"]
        }
    });
    // `Green` is `#[must_use]` already; the user's own is about the value behind it.
    let must_use = attrs
        .iter()
        .any(|attr| attr.path().is_ident("must_use"))
        .then(|| quote!(#[allow(clippy::double_must_use)]));
    quote!(#doc #must_use)
}

/// A debug build reports a call that never ran, at the line that made it.
fn track_caller(attrs: &[Attribute]) -> Option<TokenStream> {
    let is_there = attrs.iter().any(|attr| attr.path().is_ident("track_caller"));
    (!is_there).then(|| quote!(#[cfg_attr(debug_assertions, track_caller)]))
}

/// Whether an attribute says something about the function: `#[doc = "…"]`, and not
/// `#[doc(hidden)]`.
fn is_documentation(attr: &Attribute) -> bool {
    attr.path().is_ident("doc") && matches!(attr.meta, Meta::NameValue(_))
}

/// The type of the function's calls.
///
/// ```text
/// Input:  -> T
/// Output: -> ::eventlet::Green<impl ::core::future::Future<Output = T>>
/// ```
fn green_output(sig: &mut Signature, boxed: bool, paths: &Paths) -> ReturnType {
    // What is wrong with the result is wrong at the type that the user wrote.
    let at = match &sig.output {
        ReturnType::Default => sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let here = Span::mixed_site().located_at(at);
    if boxed {
        let lifetime = crate::emit::boxed::tie(sig);
        let result = lower::result_type(&sig.output, paths);
        let green_box = paths.green_box();
        let ty = quote_spanned!(here=> #green_box<#lifetime, #result>);
        return ReturnType::Type(Token![->](here), Box::new(Type::Verbatim(ty)));
    }
    let result = lower::result_type(&sig.output, paths);
    let green = paths.green();
    let ty = quote_spanned!(here=> #green<impl ::core::future::Future<Output = #result>>);
    ReturnType::Type(Token![->](here), Box::new(Type::Verbatim(ty)))
}

/// A `where` without conditions, which is the user's own token, as far as rustc sees: so the
/// signature ends, and has a place in the source to be shown at. The type in front of it has none:
/// clippy would find that complex.
fn end_in_source(sig: &Signature) -> Option<TokenStream> {
    let end = match &sig.output {
        ReturnType::Default => sig.paren_token.span.close(),
        ReturnType::Type(_, ty) => ty.to_token_stream().into_iter().last()?.span(),
    };
    sig.generics.where_clause.is_none().then(|| quote_spanned!(end=> where))
}
