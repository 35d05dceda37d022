//! A function whose body does not parse.
//!
//! rustc has reported that already: it parses an item before it gives it to an attribute. So
//! nothing is added, and the function keeps its signature, green, for its callers to stay clean.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Error;

use crate::item::GreenFn;

/// The function without what stands in its body, and its body as it was, if it is the body that
/// does not parse.
pub(crate) fn signature(item: &TokenStream) -> Option<(GreenFn, TokenStream)> {
    let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop() else { return None };
    if body.delimiter() != Delimiter::Brace {
        return None;
    }
    let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
    empty.set_span(body.span());
    tokens.push(TokenTree::Group(empty));
    let function = syn::parse2(tokens.into_iter().collect()).ok()?;
    Some((function, body.stream()))
}

/// What stands in for a body: an end of the build that comes later than the error of rustc's own,
/// and so is seen only if there is none, which is syntax that rustc knows and this crate does not.
/// An editor gets the body as it is.
///
/// ```text
/// Input:  { let a = fetch(1) let b = 2; }
/// Output: ::eventlet::__private::green(async move {
///             #[cfg(rust_analyzer)] { let a = fetch(1) let b = 2; }
///             const { panic!("…") }
///         })
/// ```
pub(crate) fn body(stmts: &TokenStream, error: &Error) -> TokenStream {
    let here = Span::mixed_site().located_at(error.span());
    let text = format!("`#[green]` does not understand this body: {error}");
    let end = quote_spanned!(here=> const { ::core::panic!(#text) });
    quote! {
        #[cfg(rust_analyzer)]
        { #stmts }
        #end
    }
}
