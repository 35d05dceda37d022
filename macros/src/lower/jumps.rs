//! What leaves a body, or a loop, where there is nothing to leave: said in the words of the
//! function that was written, and not of what it becomes.

use proc_macro2::Span;
use quote::{ToTokens, quote_spanned};
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprClosure, ExprReturn, Item, Macro, ReturnType, Stmt, Type, TypeImplTrait};

use super::{Lower, Region};
use crate::diagnostics::Diagnostic;

/// What a function or closure gives, as far as it matters to a `?` in it.
#[derive(Clone, Default)]
pub(super) enum Gives {
    /// A result, or what its source does not tell.
    #[default]
    Result,
    /// What can be no error: `nothing`, or the name of a type.
    NoResult { whose: &'static str, what: String },
    /// A type of the user's own, which may be a result by another name.
    Own,
}

impl Gives {
    /// What a function gives, as its source says it.
    pub(super) fn of(output: &ReturnType) -> Self {
        Self::of_type(output, "function")
    }

    /// What a closure gives. One that says nothing gives nothing if it ends behind a semicolon.
    pub(super) fn of_closure(closure: &ExprClosure) -> Self {
        match (&closure.output, &*closure.body) {
            (ReturnType::Default, Expr::Block(block)) if ends_in_nothing(&block.block) => {
                Gives::NoResult { whose: "closure", what: "nothing".to_owned() }
            }
            (ReturnType::Default, _) => Gives::Result,
            (output, _) => Self::of_type(output, "closure"),
        }
    }

    fn of_type(output: &ReturnType, whose: &'static str) -> Self {
        const NO_RESULTS: [&str; 18] = [
            "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
            "u64", "u128", "usize", "String", "Vec",
        ];
        let no_result = |what: &str| Gives::NoResult { whose, what: what.to_owned() };
        let ReturnType::Type(_, ty) = output else { return no_result("nothing") };
        match &**ty {
            Type::Tuple(ty) if ty.elems.is_empty() => no_result("nothing"),
            Type::Tuple(_) => no_result("a tuple"),
            Type::Reference(_) => no_result("a reference"),
            Type::Array(_) => no_result("an array"),
            Type::Path(path) if path.qself.is_none() => {
                let Some(last) = path.path.segments.last() else { return Gives::Result };
                let name = last.ident.to_string();
                if path.path.segments.len() == 1 && NO_RESULTS.contains(&&*name) {
                    return no_result(&format!("`{name}`"));
                }
                let may_be_result = name.contains("Res")
                    || name.len() == 1
                    || ["Option", "ControlFlow", "Poll"].contains(&&*name);
                if may_be_result || super::has_hole(&ty.to_token_stream()) || has_opaque(ty) {
                    return Gives::Result;
                }
                Gives::Own
            }
            _ => Gives::Result,
        }
    }
}

/// Whether nothing comes out of a block, unless it is left early with something.
fn ends_in_nothing(block: &Block) -> bool {
    struct Returns(bool);
    impl<'a> Visit<'a> for Returns {
        fn visit_expr_return(&mut self, expr: &'a ExprReturn) {
            self.0 |= expr.expr.is_some();
        }
        fn visit_expr_closure(&mut self, _: &'a ExprClosure) {}
        fn visit_item(&mut self, _: &'a Item) {}
        fn visit_macro(&mut self, mac: &'a Macro) {
            self.0 |= !may_go_on(mac);
        }
    }
    let is_empty = match block.stmts.last() {
        None => true,
        Some(Stmt::Expr(last, Some(_))) => !matches!(last, Expr::Return(_) | Expr::Loop(_) | Expr::Macro(_)),
        Some(Stmt::Expr(Expr::While(_) | Expr::ForLoop(_), None) | Stmt::Local(_)) => true,
        Some(Stmt::Expr(Expr::If(last), None)) => last.else_branch.is_none(),
        Some(Stmt::Macro(last)) => last.semi_token.is_some() && may_go_on(&last.mac),
        Some(Stmt::Expr(..) | Stmt::Item(_)) => false,
    };
    let mut returns = Returns(false);
    returns.visit_block(block);
    is_empty && !returns.0
}

/// Whether a macro is one of those that say something and give nothing.
fn may_go_on(mac: &Macro) -> bool {
    const SAYING: [&str; 10] = [
        "print",
        "println",
        "eprint",
        "eprintln",
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "write",
        "writeln",
    ];
    mac.path.get_ident().is_some_and(|name| SAYING.iter().any(|known| name == known))
}

/// Whether a type has a part that has no name: `Page<impl Read>`.
pub(super) fn has_opaque(ty: &Type) -> bool {
    struct Opaque(bool);
    impl<'a> Visit<'a> for Opaque {
        fn visit_type_impl_trait(&mut self, _: &'a TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut opaque = Opaque(false);
    opaque.visit_type(ty);
    opaque.0
}

impl Lower<'_> {
    /// `?`, which hands an error to the caller.
    ///
    /// Where that is a type of the user's own, it is asked whether it takes one, since rustc would
    /// speak of the block that a body becomes.
    ///
    /// ```text
    /// Input:  fn load() -> Page    fetch(1)?
    /// Output: match ::eventlet::__private::Tried::tried(fetch(1)) {
    ///             ::core::result::Result::Ok(value) => value,
    ///             ::core::result::Result::Err(failure) => {
    ///                 return <_ as ::eventlet::__private::TakesFailure<_>>::failed(failure)
    ///             }
    ///         }
    /// ```
    pub(super) fn tried(&mut self, expr: &mut Expr) {
        let Expr::Try(tried) = expr else { return };
        self.visit_expr_mut(&mut tried.expr);
        if self.region != Region::Green {
            return;
        }
        let operand = &tried.expr;
        let place = tried.question_token.span;
        let at = Span::mixed_site().located_at(place);
        let private = self.paths.private(place);
        match &self.gives {
            Gives::Result => {}
            Gives::NoResult { whose, what } => {
                let mistake = Diagnostic::QuestionWithoutResult(whose, what.clone());
                self.diagnostics.push(tried.question_token, mistake);
                // What follows goes on with the value.
                *expr = Expr::Verbatim(quote_spanned!(at=> #private::value_of(#operand)));
            }
            Gives::Own => {
                let operand = quote_spanned!(at=> #private::Tried::tried(#operand));
                let failure = quote_spanned!(at=> failure);
                let failed = quote_spanned!(place=> <_ as #private::TakesFailure<_>>::failed(#failure));
                *expr = Expr::Verbatim(quote_spanned! {at=>
                    match #operand {
                        ::core::result::Result::Ok(value) => value,
                        ::core::result::Result::Err(failure) => return #failed,
                    }
                });
            }
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
