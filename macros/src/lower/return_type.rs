//! What a function returns, said where its body can see it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{ReturnType, Type};

use super::jumps;
use crate::paths::Paths;

/// The type that a function returns, in the words that stable Rust allows.
///
/// ```text
/// Input:  -> !
/// Output: <fn() -> ! as ::eventlet::__private::Returns>::Output
/// ```
pub(crate) fn spelled(output: &ReturnType, paths: &Paths) -> TokenStream {
    match output {
        ReturnType::Default => quote_spanned!(Span::mixed_site()=> ()),
        ReturnType::Type(_, ty) => match &**ty {
            Type::Never(_) => {
                let private = paths.private(ty.span());
                quote_spanned!(Span::mixed_site()=> <fn() -> #ty as #private::Returns>::Output)
            }
            ty => ty.to_token_stream(),
        },
    }
}

/// Tells the body its type, so that `return`, `?` and the last expression are inferred as in a
/// function.
///
/// ```text
/// Input:  -> io::Result<impl Read> { body }
/// Output: #[allow(unreachable_code)]
///         if false { return (::eventlet::__private::returned::<io::Result<_>>(),).0; }
///         let result: io::Result<_> = { body };
///         result
/// ```
///
/// The first statement stands only where the body may return early: rustc takes it for the place
/// where the type was inferred, and says so in errors; its first and last tokens are at the ends of
/// the type. An opaque type cannot be written here, so it is left open in `ty`.
pub(super) fn typed(
    body: &TokenStream,
    ty: &TokenStream,
    may_return: bool,
    output: &ReturnType,
    name: Span,
    paths: &Paths,
) -> TokenStream {
    // Where a body without the right value is wrong: at the type that the user wrote.
    let (first, last) = match output {
        ReturnType::Default => (name, name),
        ReturnType::Type(_, ty) => (ty.span(), last_of(ty.to_token_stream()).unwrap_or(name)),
    };
    let at = Span::mixed_site().located_at(first);
    let early = may_return.then(|| {
        let private = paths.private(at);
        let value = quote_spanned!(at=> #private::returned::<#ty>());
        let (start, end) = (quote_spanned!(first=> (#value,)), quote_spanned!(last=> .0));
        quote_spanned!(at=> #[allow(unreachable_code)] if false { return #start #end; })
    });
    let block = quote_spanned!(first=> { #body });
    quote_spanned! {at=>
        #early
        let result: #ty = #block;
        #[allow(unreachable_code)]
        { result }
    }
}

/// The place of the last token.
fn last_of(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().last().map(|token| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    })
}

/// The type that a function returns as far as it can be written inside, if any of it can.
pub(super) fn known_part(output: &ReturnType, paths: &Paths) -> Option<TokenStream> {
    match output {
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => None,
        ReturnType::Type(_, ty) if jumps::has_opaque(ty) => {
            let mut ty = ty.clone();
            OpenOpaque.visit_type_mut(&mut ty);
            Some(ty.into_token_stream())
        }
        output => Some(spelled(output, paths)),
    }
}

/// Writes `_` for every `impl Trait`.
struct OpenOpaque;

impl VisitMut for OpenOpaque {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => *ty = syn::parse_quote!(_),
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }
}
