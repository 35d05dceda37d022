//! `for` loops, over ordinary and green iterators.

use proc_macro2::{Ident, Span};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprForLoop};

use super::call::no_switch_check;
use super::{Lower, Region};

impl Lower<'_> {
    /// A loop over a range stays what it is. For any other the type decides whether its steps are
    /// driven.
    ///
    /// ```text
    /// Input:  'a: for pat in e { body }
    /// Output: match e {
    ///             iterable => {
    ///                 let kind = loop { break Kind::KIND; break steps(&iterable).eventlet_steps() };
    ///                 let mut iter = kind.start(iterable);
    ///                 'a: loop {
    ///                     let Some(item) = (
    ///                         if kind.plain { kind.value(&mut iter) }
    ///                         else { kind.call(&mut iter).await }
    ///                     ) else { break };
    ///                     let pat = item;
    ///                     { body };
    ///                 }
    ///             }
    ///         }
    /// ```
    ///
    /// In a `match` with an arm that breaks, an item whose type is known only later would become
    /// `!`.
    pub(super) fn for_loop(&mut self, expr: &mut Expr) {
        let Expr::ForLoop(for_loop) = expr else { return };
        self.visit_expr_mut(&mut for_loop.expr);
        self.visit_block_mut(&mut for_loop.body);
        if is_range(&for_loop.expr) {
            return;
        }
        self.used.loops = true;
        let ExprForLoop { attrs, label, pat, expr: iterable, body, for_token, .. } = for_loop;
        let name = iterable.span();
        let private = self.paths.private(name);
        let here = Span::mixed_site().located_at(name);
        let step = match self.region {
            Region::InPlace => quote_spanned!(here=> kind.in_place(&mut iter)),
            Region::NoSwitch(promise) => {
                let check = no_switch_check(&private, &Ident::new("kind", here), name, promise);
                quote_spanned!(here=> { #check kind.stay(&mut iter) })
            }
            Region::Green | Region::Plain(_) => {
                let (kind, iter) = (quote_spanned!(here=> kind), quote_spanned!(here=> iter));
                let waits = quote_spanned!(name=> #kind.call(&mut #iter).await);
                quote_spanned!(here=>
                    if kind.plain { kind.value(&mut iter) } else { #waits }
                )
            }
        };
        // Behind the body stands a semicolon: as the last expression, it would have braces too many
        // for rustc.
        let token = Span::mixed_site().located_at(for_token.span);
        let the_loop = quote_spanned! {token=>
            #label loop {
                #[allow(unreachable_code)]
                let #private::Option::Some(item) = (#step) else { break };
                let #pat = item;
                #body;
            }
        };
        let arm = quote_spanned! {here=>
            iterable => {
                #[allow(unreachable_code)]
                let kind = loop { break __Kind::KIND; break __steps(&iterable).eventlet_steps() };
                let mut iter = kind.start(iterable);
                #the_loop
            }
        };
        let end = body.brace_token.span.close();
        let (word, arm) = (quote_spanned!(for_token.span=> match), quote_spanned!(end=> { #arm }));
        *expr = Expr::Verbatim(quote!(#(#attrs)* #word #iterable #arm));
    }
}

fn is_range(expr: &Expr) -> bool {
    match expr {
        Expr::Range(_) => true,
        Expr::Paren(paren) => is_range(&paren.expr),
        Expr::Group(group) => is_range(&group.expr),
        _ => false,
    }
}
