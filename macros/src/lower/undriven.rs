//! Green calls where nothing can drive them: in ordinary closures and inner functions.
//!
//! A value that is thrown away is reported by rustc, since a green call is `#[must_use]`. One that
//! is given a name is probed here. With a type beside the name rustc has all that it needs to say,
//! and would infer less through a probe.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ItemFn, Local, Pat, ReturnType, Stmt};

use super::call::{Place, is_constructor, is_of_type, place_of};
use super::{Asked, Lower, Region, blocking, parenthesize, reserved};

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
        if !is_made_here(&init.expr) {
            self.probed(&mut init.expr, |lower, place| lower.warned(lint, place));
        }
    }
}

impl Lower<'_> {
    /// A closure that gives a green call to one of std's combinators, which expect a value. By type
    /// only: whoever takes the call has it as it was.
    ///
    /// ```text
    /// Input:  hosts.iter().any(|host| is_up(host))
    /// Output: hosts.iter().any(|host| match is_up(host) {
    ///             value => { let kind = …; kind.handed(value, 0) }
    ///         })
    /// ```
    pub(super) fn handed_to_combinator(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(combinator) = expr else { return };
        let name = combinator.method.to_string();
        if !COMBINATORS.contains(&name.as_str()) {
            return;
        }
        // What `map` gives may be calls for somebody to drive, unless it is std's.
        let is_map = name == "map";
        if is_map && !goes_over_std(&combinator.receiver) {
            return;
        }
        for arg in &mut combinator.args {
            if let Expr::Closure(closure) = arg
                && closure.asyncness.is_none()
                && matches!(closure.output, ReturnType::Default)
                && let Some(last) = last_call(&mut closure.body)
            {
                self.probed(last, |lower, place| {
                    if is_map { lower.warned("green_call_in_combinator", place) } else { handed_on(place) }
                });
            }
        }
    }

    /// Asks for the kind of a call, and puts what `answer` makes of it in the place of the call's
    /// value.
    fn probed(&mut self, call: &mut Expr, answer: impl FnOnce(&Self, &Place) -> TokenStream) {
        let Some(place) = place_of(call) else { return };
        self.used.calls = true;
        let end = Span::mixed_site().located_at(place.end);
        self.asked = if is_of_type(call) { Asked::Named } else { Asked::Anything };
        let kind = self.kind_of_value(&place, &TokenStream::new());
        self.asked = Asked::Anything;
        let answer = answer(self, &place);
        let arm = quote_spanned!(end=> #[allow(unreachable_code)] value => { #kind #answer });
        let (word, arm) = (quote_spanned!(place.start=> match), quote_spanned!(place.end=> { #arm }));
        parenthesize::enclose_struct(call);
        let tokens = call.to_token_stream();
        *call = Expr::Verbatim(quote!(#word #tokens #arm));
    }

    /// The value as it is, with a warning if it is a green call.
    fn warned(&self, lint: &str, place: &Place) -> TokenStream {
        let (lint, held) = (Ident::new(lint, Span::mixed_site()), Ident::new("held", place.name));
        let private = self.paths.private(place.name);
        let end = Span::mixed_site().located_at(place.end);
        quote_spanned!(end=> kind.if_green(#private::lint::#lint::Call).#held(); value)
    }
}

/// The value as it is, if it is one that a combinator may be given.
fn handed_on(place: &Place) -> TokenStream {
    let handed = Ident::new("handed", place.name);
    quote_spanned!(Span::mixed_site().located_at(place.end)=> kind.#handed(value, 0))
}

/// Combinators of std's whose closure gives a value.
const COMBINATORS: [&str; 36] = [
    "all",
    "and_then",
    "any",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "flat_map",
    "fold",
    "for_each",
    "get_or_init",
    "get_or_insert_with",
    "is_err_and",
    "is_none_or",
    "is_ok_and",
    "is_some_and",
    "map",
    "map_err",
    "map_or",
    "map_or_else",
    "map_while",
    "max_by_key",
    "min_by_key",
    "ok_or_else",
    "or_else",
    "or_insert_with",
    "or_insert_with_key",
    "partition",
    "position",
    "retain",
    "skip_while",
    "sort_by_key",
    "take_while",
    "try_fold",
    "try_for_each",
    "unwrap_or_else",
];

/// The call that a closure gives, if that may be a green one.
fn last_call(body: &mut Expr) -> Option<&mut Expr> {
    if may_be_green(body) {
        return Some(body);
    }
    let Expr::Block(block) = body else { return None };
    match block.block.stmts.last_mut()? {
        Stmt::Expr(last, None) => last_call(last),
        _ => None,
    }
}

/// A call of a function by its name, or of a method of a variable, whose type is likely to be known
/// where it stands.
fn may_be_green(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            let Expr::Path(func) = &*call.func else { return false };
            let (Some(first), Some(last)) = (func.path.segments.first(), func.path.segments.last()) else {
                return false;
            };
            (first.ident == "Self" || is_lowercase(&first.ident))
                && is_lowercase(&last.ident)
                && !is_made_here(expr)
        }
        Expr::MethodCall(call) => {
            blocking::is_place(&call.receiver)
                && !reserved::is_plain(expr)
                && NEVER_ASKED.iter().all(|name| call.method != name)
        }
        _ => false,
    }
}

fn is_lowercase(name: &Ident) -> bool {
    name.to_string().starts_with(|first: char| first.is_lowercase() || first == '_')
}

/// Methods whose type may be known only where their value goes, or that green types have as well.
const NEVER_ASKED: [&str; 17] = [
    "collect", "cmp", "contains", "entry", "eq", "expect", "get", "get_mut", "insert", "into", "len", "next",
    "parse", "remove", "sum", "try_into", "unwrap",
];

/// An iterator of std's, by the methods that make one.
fn goes_over_std(receiver: &Expr) -> bool {
    const MAKERS: [&str; 4] = ["iter", "iter_mut", "into_iter", "chars"];
    match receiver {
        Expr::Paren(expr) => matches!(&*expr.expr, Expr::Range(_)),
        Expr::MethodCall(call) => {
            MAKERS.iter().any(|name| call.method == name)
                || (reserved::is_reserved(&call.method.to_string()) && goes_over_std(&call.receiver))
        }
        _ => false,
    }
}

/// A constructor's call is no green one, nor is one by a reserved name.
fn is_made_here(expr: &Expr) -> bool {
    reserved::is_plain(expr) || matches!(expr, Expr::Call(call) if is_constructor(&call.func))
}
