//! Green closures: `#[green] |x| …` inside a green body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprClosure, ReturnType};

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

    fn closure_body(&self, closure: &mut ExprClosure, before: &TokenStream) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.paths.private();
        let hint = match &closure.output {
            ReturnType::Default => TokenStream::new(),
            output => result::hint(output, self.paths),
        };
        let body = match &*closure.body {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
                block.block.stmts.iter().map(ToTokens::to_token_stream).collect()
            }
            body => body.to_token_stream(),
        };
        let params = closure.inputs.iter_mut();
        if closure.capture.is_some() {
            let arguments = args::of_move_closure(params, before);
            return quote_spanned!(here=> #private::green(async move { #arguments #hint #body }));
        }
        let (outside, inside) = args::of_closure(params, self.paths);
        quote_spanned!(here=> { #outside #private::green(async { #inside #hint #body }) })
    }
}
