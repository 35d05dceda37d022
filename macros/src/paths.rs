//! The only file that spells what an expansion names in the runtime crate.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

/// Where the runtime crate is, as seen from the expansion.
pub(crate) struct Paths {
    root: TokenStream,
}

impl Paths {
    /// The root named by `#[green(crate = path)]`, or `::eventlet`.
    pub(crate) fn new(root: Option<Path>) -> Self {
        let root = match root {
            Some(path) => quote!(#path),
            None => quote_spanned!(Span::mixed_site()=> ::eventlet),
        };
        Paths { root }
    }

    /// The type of a green call.
    pub(crate) fn green(&self) -> TokenStream {
        let root = &self.root;
        quote!(#root::Green)
    }

    /// The type of a green call on the heap.
    pub(crate) fn green_box(&self) -> TokenStream {
        let root = &self.root;
        quote!(#root::GreenBox)
    }

    /// The module that holds all that an expansion may name.
    pub(crate) fn private(&self) -> TokenStream {
        let root = &self.root;
        quote!(#root::__private)
    }
}
