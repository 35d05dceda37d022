//! Green closures: `#[green] |x| …` inside a green body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprClosure, Pat, PatIdent, ReturnType};

use super::{Lower, Region, args, result};
use crate::mistakes::Mistake;

impl Lower<'_> {
    /// An ordinary closure is left alone: it cannot suspend, and the rule does not reach into it.
    ///
    /// ```text
    /// Input:  #[green] move |x| fetch(x)
    /// Output: move |x| ::eventlet::__private::green(async move { let _ = &x; (match fetch(x) { … }) })
    ///
    /// Input:  #[green] |x| fetch(x)
    /// Output: |x| {
    ///             let x = ::eventlet::__private::Moved(x);
    ///             ::eventlet::__private::green(async { let x = x.into_inner(); (match fetch(x) { … }) })
    ///         }
    /// ```
    ///
    /// Without `move` the body borrows what is around it, but its own parameters must come along.
    pub(super) fn closure(&mut self, expr: &mut Expr) {
        let Expr::Closure(closure) = expr else { return };
        let before = closure.attrs.len();
        closure.attrs.retain(|attr| attr.path().segments.last().is_none_or(|last| last.ident != "green"));
        if closure.attrs.len() == before {
            return;
        }
        if let Some(token) = closure.asyncness.take() {
            self.mistakes.push(token, Mistake::AsyncFn);
        }
        let before = closure.body.to_token_stream();
        let outside = std::mem::replace(&mut self.region, Region::Green);
        self.visit_expr_mut(&mut closure.body);
        self.region = outside;
        *closure.body = Expr::Verbatim(self.closure_body(closure, &before));
        closure.output = ReturnType::Default;
    }

    fn closure_body(&self, closure: &ExprClosure, before: &TokenStream) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.paths.private();
        let ExprClosure { inputs, output, body, capture, .. } = closure;
        let names = names(inputs);
        let hint = match output {
            ReturnType::Default => TokenStream::new(),
            ReturnType::Type(..) => result::hint(output, self.paths),
        };
        let stmts = match &**body {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
                block.block.stmts.iter().map(ToTokens::to_token_stream).collect()
            }
            body => quote!(#body),
        };
        if capture.is_some() {
            let mentions =
                args::mentioned(&names.iter().map(|n| n.ident.clone()).collect::<Vec<_>>(), before);
            return quote_spanned!(here=> #private::green(async move { #mentions #hint #stmts }));
        }
        let outer = names
            .iter()
            .map(|PatIdent { ident, .. }| quote_spanned!(here=> let #ident = #private::Moved(#ident);));
        let inner = names.iter().map(|PatIdent { ident, mutability, .. }| {
            quote_spanned!(here=> let #mutability #ident = #ident.into_inner();)
        });
        quote_spanned!(here=> {
            #(#outer)*
            #private::green(async { #(#inner)* #hint #stmts })
        })
    }
}

/// The names that the parameters bind, in their order.
fn names<'a>(inputs: impl IntoIterator<Item = &'a Pat>) -> Vec<PatIdent> {
    struct Names(Vec<PatIdent>);
    impl Visit<'_> for Names {
        fn visit_pat_ident(&mut self, pat: &PatIdent) {
            if is_binding(&pat.ident) || pat.by_ref.is_some() || pat.mutability.is_some() {
                self.0.push(pat.clone());
            }
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut names = Names(Vec::new());
    for pat in inputs {
        names.visit_pat(pat);
    }
    names.0
}

/// A name in a pattern that begins with an uppercase letter is a constant or a variant: `None`.
fn is_binding(name: &Ident) -> bool {
    !name.to_string().starts_with(char::is_uppercase)
}
