//! What leaves a body, or a loop, where there is nothing to leave: said in the words of the
//! function that was written, and not of what it becomes.

use proc_macro2::Span;
use quote::quote_spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ReturnType, Type};

use super::{Lower, Region};
use crate::diagnostics::Diagnostic;

/// What a function returns that can be no error, as its source says it: `nothing`, or the name of a
/// type.
pub(super) fn no_result(output: &ReturnType) -> Option<String> {
    const NO_RESULTS: [&str; 18] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
        "u128", "usize", "String", "Vec",
    ];
    match output {
        ReturnType::Default => Some("nothing".to_owned()),
        ReturnType::Type(_, ty) => match &**ty {
            Type::Tuple(ty) if ty.elems.is_empty() => Some("nothing".to_owned()),
            Type::Path(ty) if ty.qself.is_none() && ty.path.segments.len() == 1 => {
                let name = ty.path.segments[0].ident.to_string();
                NO_RESULTS.contains(&&*name).then(|| format!("`{name}`"))
            }
            _ => None,
        },
    }
}

impl Lower<'_> {
    /// `?`, which hands an error to the caller.
    pub(super) fn tried(&mut self, expr: &mut Expr) {
        let Expr::Try(tried) = expr else { return };
        self.visit_expr_mut(&mut tried.expr);
        if let Some(gives) = self.no_result.clone().filter(|_| self.region == Region::Green) {
            self.diagnostics.push(tried.question_token, Diagnostic::QuestionWithoutResult(gives));
            // What follows goes on with the value.
            let private = self.paths.private(Span::mixed_site());
            let operand = &tried.expr;
            *expr = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #private::tried(#operand)));
        }
    }

    /// A `break` or `continue` without a label.
    pub(super) fn jump(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if self.loops > 0 || self.region != Region::Green {
            return;
        }
        let word = if matches!(expr, Expr::Break(_)) { "break" } else { "continue" };
        self.diagnostics.push(&*expr, Diagnostic::JumpOutsideLoop(word));
        *expr = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> ::core::unreachable!()));
    }
}
