//! Places where it shows that a lowered call begins and ends as a `match` does.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Local};

/// At the start of a statement or of an arm's body, a `match` would be all of it:
/// `match call() { … }?` would end before the `?`. There a lowered call is enclosed, if anything
/// comes behind it.
pub(super) fn enclose(expr: &mut Expr) {
    if let Some(first) = first_part(expr) {
        match first {
            Expr::Verbatim(tokens) => {
                let start = tokens.span();
                *tokens = quote_spanned!(start=> (#tokens));
            }
            first => enclose(first),
        }
    }
}

/// Behind a `match` clippy may take a semicolon for one too many; behind the call that it was, it
/// is not.
pub(super) fn keep_semicolon(statement: &mut Expr) {
    if let Expr::Verbatim(tokens) = statement {
        *tokens = quote_spanned!(Span::mixed_site()=> #[allow(clippy::unnecessary_semicolon)] #tokens);
    }
}

/// Behind `&` rustc takes the type that is expected of the reference for that of the `match`, whose
/// arms it then has to have; a call may have another one, which the reference follows a pointer to.
/// Nothing is expected of a part.
pub(super) fn hide_expectation(operand: &mut Expr) {
    if let Expr::Verbatim(tokens) = operand {
        *tokens = quote_spanned!(Span::mixed_site()=> (#tokens,).0);
    }
}

/// `let … else` does not allow a closing brace in front of `else`.
pub(super) fn enclose_before_else(local: &mut Local) {
    if let Some(init) = local.init.as_mut().filter(|init| init.diverge.is_some()) {
        *init.expr = Expr::Verbatim(enclosed(&init.expr.to_token_stream()));
    }
}

/// The parentheses come from an expansion, so rustc does not call them unnecessary.
pub(super) fn enclosed(tokens: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> (#tokens))
}

/// A struct's literal at the start of a call: `match Point { x: 1 }.norm() { … }` would end behind
/// `Point`.
///
/// Behind an operator as well: `match &Point { x: 1 } { … }` is refused like the other.
pub(super) fn enclose_struct(expr: &mut Expr) {
    match expr {
        Expr::Struct(_) => *expr = Expr::Verbatim(enclosed(&expr.to_token_stream())),
        expr => first_part(expr).into_iter().for_each(enclose_struct),
    }
}

/// The part that an expression begins with, if that is an expression too. An operator in front is
/// not one: behind a `&` at the start of a statement, a `match` is taken for the whole operand as
/// well.
fn first_part(expr: &mut Expr) -> Option<&mut Expr> {
    match expr {
        Expr::Reference(expr) => Some(&mut expr.expr),
        Expr::Unary(expr) => Some(&mut expr.expr),
        Expr::Assign(expr) => Some(&mut expr.left),
        Expr::Await(expr) => Some(&mut expr.base),
        Expr::Binary(expr) => Some(&mut expr.left),
        Expr::Call(expr) => Some(&mut expr.func),
        Expr::Cast(expr) => Some(&mut expr.expr),
        Expr::Field(expr) => Some(&mut expr.base),
        Expr::Index(expr) => Some(&mut expr.expr),
        Expr::MethodCall(expr) => Some(&mut expr.receiver),
        Expr::Range(expr) => expr.start.as_deref_mut(),
        Expr::Try(expr) => Some(&mut expr.expr),
        _ => None,
    }
}
