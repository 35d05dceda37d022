//! What a function returns, said where its body can see it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{ReturnType, Type};

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
                let private = paths.private();
                quote_spanned!(Span::mixed_site()=> <fn() -> #ty as #private::Returns>::Output)
            }
            ty => ty.to_token_stream(),
        },
    }
}

/// Tells the body its type, so that `return`, `?` and the last expression are inferred as in a function.
///
/// ```text
/// Input:  -> io::Result<impl Read>
/// Output: #[allow(unreachable_code)]
///         if false { return ::eventlet::__private::returned::<io::Result<_>>(); }
/// ```
///
/// An opaque type cannot be written here, so it is left open. If nothing else is left, there is no hint.
pub(super) fn hint(output: &ReturnType, paths: &Paths) -> TokenStream {
    let mut output = output.clone();
    if let ReturnType::Type(_, ty) = &mut output {
        if matches!(**ty, Type::ImplTrait(_)) {
            return TokenStream::new();
        }
        OpenOpaque.visit_type_mut(ty);
    }
    let private = paths.private();
    let ty = spelled(&output, paths);
    quote_spanned! {Span::mixed_site()=>
        #[allow(unreachable_code)]
        if false { return #private::returned::<#ty>(); }
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
