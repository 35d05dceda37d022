//! Green closures: `#[green] |x| …` inside a green body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprClosure, ReturnType};

use super::undriven::Outside;
use super::{Lower, Region, captures, errors, parenthesize, return_type};
use crate::diagnostics::Diagnostic;

impl Lower<'_> {
    /// An ordinary closure cannot suspend, and the rule does not reach into it; a green one may
    /// stand inside.
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
            return self
                .within(Region::Plain(Outside::Closure), |lower| lower.visit_expr_mut(&mut closure.body));
        }
        if let Some(token) = closure.asyncness.take() {
            self.diagnostics.push(token, Diagnostic::AsyncFn);
        }
        let before = closure.body.to_token_stream();
        // What is held outside is not held in a call that is made later, and what is held inside
        // has its markers there.
        let outside = std::mem::take(&mut self.guards);
        let output = match &closure.output {
            ReturnType::Default => None,
            written => return_type::known_part(written, self.paths).filter(|ty| !super::has_hole(ty)),
        };
        let around = std::mem::replace(&mut self.output, output.clone());
        self.expected = output;
        self.within(Region::Green, |lower| lower.visit_expr_mut(&mut closure.body));
        self.output = around;
        parenthesize::enclose(&mut closure.body);
        *closure.body = Expr::Verbatim(self.closure_body(closure, &before));
        self.guards = outside;
        closure.output = ReturnType::Default;
    }

    fn closure_body(&self, closure: &mut ExprClosure, before: &TokenStream) -> TokenStream {
        let name = closure.inputs_begin.spans[0];
        let here = Span::mixed_site().located_at(name);
        let body = match &*closure.body {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
                block.block.stmts.iter().map(ToTokens::to_token_stream).collect()
            }
            body => body.to_token_stream(),
        };
        let body = match &closure.output {
            ReturnType::Default => body,
            output => return_type::typed(&body, before, output, name, self.paths),
        };
        let markers = self.guards.markers(&self.paths.private(name));
        let body = quote_spanned!(name=> #markers #body);
        let params = closure.inputs.iter_mut();
        if closure.capture.is_some() {
            let arguments = captures::of_move_closure(params, before);
            let block = quote_spanned!(name=> async move { #arguments #body });
            return self.door(&closure.output, name, &block);
        }
        let (outside, inside) = captures::of_closure(params, self.paths);
        let block = quote_spanned!(name=> async { #inside #body });
        let call = self.door(&closure.output, name, &block);
        quote_spanned!(here=> { #outside #call })
    }

    /// The call of a closure, whose errors are known only where its type is written.
    fn door(&self, output: &ReturnType, name: Span, block: &TokenStream) -> TokenStream {
        let here = Span::mixed_site().located_at(name);
        let private = self.paths.private(name);
        if errors::may_fail(output) {
            let kind = errors::kind(name, self.paths);
            return quote_spanned!(here=> #private::noting(#block, #kind));
        }
        quote_spanned!(here=> #private::green(#block))
    }
}
