//! Green calls where nothing can drive them: in ordinary closures and inner functions.
//!
//! A value that is thrown away is reported by rustc, since a green call is `#[must_use]`. One that
//! is given a name is probed here. With a type beside the name rustc has all that it needs to say,
//! and would infer less through a probe.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ItemFn, Local, Pat};

use super::call::{is_constructor, place_of};
use super::{Lower, Region, parenthesize, reserved};

/// Where a green call cannot be driven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    Closure,
    InnerFunction,
    /// Here a call that has a name may be awaited later on.
    AsyncBlock,
}

impl Outside {
    /// The lint that warns.
    fn lint(self) -> Option<&'static str> {
        match self {
            Outside::Closure => Some("green_call_in_closure"),
            Outside::InnerFunction => Some("green_call_in_nested_fn"),
            Outside::AsyncBlock => None,
        }
    }
}

impl Lower<'_> {
    /// An inner function that is not green. A `const` one cannot be probed, and an `async` one has
    /// `.await`.
    pub(super) fn inner_function(&mut self, function: &mut ItemFn) {
        let is_green = function.attrs.iter().any(|attr| {
            attr.path().segments.last().is_some_and(|last| last.ident == "green" || last.ident == "test")
        });
        if !is_green && function.sig.constness.is_none() && function.sig.asyncness.is_none() {
            self.within(Region::Plain(Outside::InnerFunction), |lower| {
                lower.visit_block_mut(&mut function.block);
            });
        }
    }

    /// ```text
    /// Input:  let page = fetch(url);
    /// Output: let page = match fetch(url) {
    ///             value => { let kind = …; kind.if_green(green_call_in_closure::Call).held(); value }
    ///         };
    /// ```
    pub(super) fn held(&mut self, local: &mut Local, outside: Outside) {
        visit_mut::visit_local_mut(self, local);
        let Some(lint) = outside.lint() else { return };
        let has_type = matches!(local.pat, Pat::Type(_));
        let Some(init) = local.init.as_mut().filter(|init| init.diverge.is_none() && !has_type) else {
            return;
        };
        let Some(place) = place_of(&init.expr).filter(|_| !is_made_here(&init.expr)) else { return };
        self.used.calls = true;
        let end = Span::mixed_site().located_at(place.end);
        let (lint, held) = (Ident::new(lint, Span::mixed_site()), Ident::new("held", place.name));
        let private = self.paths.private(place.name);
        let kind = self.kind_of_value(&place, &TokenStream::new());
        let arm = quote_spanned! {end=>
            #[allow(unreachable_code)]
            value => { #kind kind.if_green(#private::lint::#lint::Call).#held(); value }
        };
        let (word, arm) = (quote_spanned!(place.start=> match), quote_spanned!(place.end=> { #arm }));
        parenthesize::enclose_struct(&mut init.expr);
        let call = init.expr.to_token_stream();
        *init.expr = Expr::Verbatim(quote!(#word #call #arm));
    }
}

/// A constructor's call is no green one, nor is one by a reserved name.
fn is_made_here(expr: &Expr) -> bool {
    reserved::is_plain(expr) || matches!(expr, Expr::Call(call) if is_constructor(&call.func))
}
