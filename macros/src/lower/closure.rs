//! Green closures: `#[green] |x| …` inside a green body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprClosure, Local, Meta, Pat, ReturnType, Token};

use super::jumps::Gives;
use super::undriven::Outside;
use super::{Lower, Promise, Region, captures, door, parenthesize, return_type};
use crate::diagnostics::Diagnostic;
use crate::item::is_green;
use crate::lifetimes::left_out;
use crate::options::{Calls, Options};
use crate::source::Source;

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
        match self.own_options(closure) {
            Some(options) => self.green_closure(closure, options),
            // What is promised of a function holds of all that stands in it.
            None if self.region == Region::NoSwitch(Promise::Function) => {
                let around = self.output.take();
                self.visit_expr_mut(&mut closure.body);
                self.output = around;
            }
            None => {
                let outside =
                    if closure.asyncness.is_some() { Outside::AsyncBlock } else { Outside::Closure };
                self.within(Region::Plain(outside), |lower| lower.visit_expr_mut(&mut closure.body));
            }
        }
    }

    /// Whether a variable is a green closure whose calls may borrow from it and from its arguments.
    ///
    /// One that says of an argument that it is a reference is one for all lifetimes, so that its
    /// calls cannot be of one type: it becomes one with `async`.
    ///
    /// ```text
    /// Input:  let length = #[green] |text: &str| { sleep(SHORT); text.len() };
    /// Output: let length = async |text: &str| { … };
    /// ```
    pub(super) fn lending_closure(&self, local: &mut Local) -> bool {
        let Some(init) = local.init.as_mut().filter(|_| self.outside().is_none()) else { return false };
        let Expr::Closure(closure) = &mut *init.expr else { return false };
        let Some(green) = closure.attrs.iter().find(|attr| is_green(attr)) else { return false };
        let takes_reference = |param: &Pat| matches!(param, Pat::Type(param) if left_out(&param.ty) > 0);
        if matches!(green.meta, Meta::Path(_)) && closure.inputs.iter().any(takes_reference) {
            closure.asyncness.get_or_insert(Token![async](closure.inputs_begin.spans[0]));
        }
        closure.asyncness.is_some()
    }

    /// Notes whose calls have no type of ours, from this statement on.
    pub(super) fn name_callback(&mut self, local: &Local, is_one: bool) {
        let pat = match &local.pat {
            Pat::Type(pat) => &pat.pat,
            pat => pat,
        };
        if let Pat::Ident(pat) = pat {
            self.callbacks.retain(|callback| *callback != pat.ident);
            self.callbacks.extend(is_one.then(|| pat.ident.clone()));
        }
    }

    /// A closure under `#[green]`.
    pub(super) fn green_closure(&mut self, closure: &mut ExprClosure, options: Options) {
        let before = Source::of(closure.body.to_token_stream());
        // What is held outside is not held in a call that is made later, and what is held inside
        // has its markers there.
        let guards = std::mem::take(&mut self.guards);
        let paths = options.paths.or(&self.paths);
        let paths = std::mem::replace(&mut self.paths, paths);
        let macros = self.macros.len();
        self.macros.extend(options.macros);
        let output = match &closure.output {
            ReturnType::Default => None,
            written => return_type::known_part(written, &self.paths).filter(|ty| !super::has_hole(ty)),
        };
        let around = std::mem::replace(&mut self.output, output.clone());
        let gives = std::mem::replace(&mut self.gives, Gives::of_closure(closure));
        let loops = std::mem::replace(&mut self.loops, 0);
        self.expected = output;
        self.within(Region::of(options.calls), |lower| lower.visit_expr_mut(&mut closure.body));
        self.output = around;
        self.gives = gives;
        self.loops = loops;
        parenthesize::enclose(&mut closure.body);
        if let Some(token) = closure.asyncness {
            self.check_async(token, options.calls, options.boxed);
            self.own_body(closure);
        } else if options.calls != Calls::Suspend {
            self.own_body(closure);
        } else {
            *closure.body = Expr::Verbatim(self.closure_body(closure, &before, options.boxed));
            closure.output = ReturnType::Default;
        }
        self.macros.truncate(macros);
        self.paths = paths;
        self.guards = guards;
    }

    /// What `async` does not go with.
    fn check_async(&mut self, token: Token![async], calls: Calls, is_boxed: bool) {
        let mistake = match calls {
            Calls::Suspend if is_boxed => Diagnostic::BoxedAsync,
            Calls::Suspend => return,
            Calls::InPlace => Diagnostic::OptionsTogether("in_place".to_owned(), "async".to_owned()),
            Calls::Refused => Diagnostic::OptionsTogether("no_switch".to_owned(), "async".to_owned()),
        };
        self.diagnostics.push(token, mistake);
    }

    /// A closure that stays what it is, with its body lowered. An `async` one does: its calls may
    /// borrow from its arguments and from what it has captured, whose types no other closure can
    /// name.
    ///
    /// ```text
    /// Input:  #[green] async |list| { count += 1; fetch(list) }
    /// Output: async |list| { count += 1; (match fetch(list) { … }) }
    /// ```
    fn own_body(&self, closure: &mut ExprClosure) {
        let name = closure.inputs_begin.spans[0];
        let markers = self.guards.markers(&self.paths.private(name));
        if !markers.is_empty() {
            let body = &closure.body;
            *closure.body = Expr::Verbatim(quote_spanned!(name=> { #markers #body }));
        }
    }

    /// What stands in the `#[green]` of a closure, which is taken off; `None` if it has none.
    pub(super) fn own_options(&mut self, closure: &mut ExprClosure) -> Option<Options> {
        let mut options = None;
        for attr in std::mem::take(&mut closure.attrs) {
            if !is_green(&attr) {
                closure.attrs.push(attr);
            } else if options.is_some() {
                self.diagnostics.push(attr.path(), Diagnostic::GreenTwice);
            } else {
                options = Some(Options::parse(tokens_of(attr.meta), self.diagnostics));
            }
        }
        options
    }

    fn closure_body(&self, closure: &mut ExprClosure, before: &Source, is_boxed: bool) -> TokenStream {
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
            output => match return_type::known_part(output, &self.paths) {
                Some(ty) => return_type::typed(&body, &ty, before.may_return, output, name, &self.paths),
                None => body,
            },
        };
        let markers = self.guards.markers(&self.paths.private(name));
        let body = quote_spanned!(name=> #markers #body);
        let params = closure.inputs.iter_mut();
        // A closure's errors are known only where its type is written.
        if closure.capture.is_some() {
            let arguments = captures::of_move_closure(params, before);
            let block = quote_spanned!(name=> async move { #arguments #body });
            return door::to_call_of_closure(&block, &closure.output, is_boxed, name, &self.paths);
        }
        let (outside, inside) = captures::of_closure(params, &self.paths);
        let block = quote_spanned!(name=> async { #inside #body });
        let call = door::to_call_of_closure(&block, &closure.output, is_boxed, name, &self.paths);
        quote_spanned!(here=> { #outside #call })
    }
}

/// What stands behind the name of an attribute.
fn tokens_of(attr: Meta) -> TokenStream {
    match attr {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(attr) => attr.tokens,
        Meta::NameValue(attr) => {
            let (eq, value) = (attr.eq_token, attr.value);
            quote!(#eq #value)
        }
    }
}
