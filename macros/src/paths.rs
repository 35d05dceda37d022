//! The only file that spells what an expansion names in the runtime crate.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

/// Where the runtime crate is, as seen from the expansion.
#[derive(Clone)]
pub(crate) struct Paths {
    root: Option<Path>,
}

impl Paths {
    /// The root named by `#[green(crate = path)]`, or `::eventlet`.
    pub(crate) fn new(root: Option<Path>) -> Self {
        Paths { root }
    }

    /// The same, or those `around` if `#[green]` names no root.
    pub(crate) fn or(self, around: &Paths) -> Self {
        if self.root.is_some() { self } else { around.clone() }
    }

    /// The type of a green call.
    pub(crate) fn green(&self) -> TokenStream {
        self.of_root(quote_spanned!(Span::mixed_site()=> Green))
    }

    /// The type of a green call on the heap.
    pub(crate) fn green_box(&self) -> TokenStream {
        self.of_root(quote_spanned!(Span::mixed_site()=> GreenBox))
    }

    fn of_root(&self, name: TokenStream) -> TokenStream {
        match &self.root {
            Some(root) => quote_spanned!(Span::mixed_site()=> #root::#name),
            None => quote_spanned!(Span::mixed_site()=> ::eventlet::#name),
        }
    }

    /// The module that holds all that an expansion may name, with errors shown at `place`.
    pub(crate) fn private(&self, place: Span) -> TokenStream {
        let place = Span::mixed_site().located_at(place);
        match &self.root {
            Some(root) => quote_spanned!(place=> #root::__private),
            None => quote_spanned!(place=> ::eventlet::__private),
        }
    }
}
