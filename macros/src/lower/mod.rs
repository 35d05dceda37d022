//! The body: what each expression becomes so that the green calls in it are driven.
//!
//! Only code that runs as part of the body is touched: nested items, ordinary closures, `async` and
//! `const` blocks, types, patterns and unknown macros are left as they are.

mod blocking;
mod body;
mod call;
mod callbacks;
mod captures;
mod closure;
mod closure_result;
mod door;
mod errors;
mod expressions;
mod for_loop;
mod guards;
mod jumps;
mod known_macros;
mod lone_closure;
mod no_switch;
mod parenthesize;
mod reserved;
mod return_type;
mod undriven;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprBreak, ExprContinue, ExprRepeat, Ident, Item, Macro, Pat, Path, Stmt,
    Type,
};

pub(crate) use body::{broken, function};
pub(crate) use known_macros::is_known as is_known_macro;
pub(crate) use lone_closure::{lone_closure, with_attributes};
pub(crate) use reserved::is_reserved;
pub(crate) use return_type::spelled as result_type;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::options::Calls;
use crate::paths::Paths;
use call::Position;
use undriven::Outside;

/// One walk over a body.
struct Lower<'a> {
    paths: Paths,
    diagnostics: &'a mut Diagnostics,
    /// The function around, whose calls to itself need a place of their own.
    around: &'a Ident,
    /// Whether it is a method.
    is_method: bool,
    /// Whether it has type parameters, as far as it shows.
    is_generic: bool,
    /// Its parameters that make calls, and the closures that have a name here and whose calls have
    /// no type of ours.
    callbacks: Vec<Ident>,
    /// The macros whose arguments are expressions, besides those that are known.
    macros: Vec<Ident>,
    /// What is known of the call that is asked about next.
    asked: Asked,
    region: Region,
    used: Used,
    guards: guards::Guards,
    /// How many loops are around.
    loops: u32,
    /// What the body gives, as far as it matters to a `?`.
    gives: jumps::Gives,
    /// The type that the source expects of the expression that is visited next.
    expected: Option<TokenStream>,
    /// The type that it expects of what is returned.
    output: Option<TokenStream>,
    /// Whether the expression that is visited next is what a block or an arm comes to. Calls that
    /// never return stand there, whose values are of any type.
    is_last: bool,
    /// Which part of a value the expression is that is visited next.
    part: Part,
}

/// What the source says about a call before its type is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nothing.
    Anything,
    /// It is one of a parameter, or of a closure, whose calls have no type of ours.
    Callback,
    /// It most likely gives something of a type with a name, of which only a parameter may not be
    /// known yet: `Id::new()`.
    Named,
    /// It stands where one type is expected, whose name is not at hand.
    Part,
}

/// What rustc knows of what it expects of an expression, though it is not spelled.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Nothing, as far as it shows.
    #[default]
    No,
    /// Its type, unless it is a parameter of what is filled in: it is put into a field.
    Field,
    /// Its type: it is a part of a value whose type is spelled.
    Known,
}

/// Where the walk is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    /// Green calls are driven.
    Green,
    /// Green calls are refused.
    NoSwitch(Promise),
    /// Green calls are waited for where they stand.
    InPlace,
    /// Where nothing can be driven: only green closures are looked for, and calls that nobody will
    /// drive.
    Plain(Outside),
}

impl Part {
    /// The parts of a struct, whose type says what most of them are.
    fn in_struct(self) -> Self {
        if self == Part::No { Part::Field } else { self }
    }
}

impl Region {
    /// A body in which this becomes of the green calls.
    fn of(calls: Calls) -> Self {
        match calls {
            Calls::Suspend => Region::Green,
            Calls::InPlace => Region::InPlace,
            Calls::Refused => Region::NoSwitch(Promise::Function),
        }
    }
}

/// Who says that there are no green calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// `no_switch! { … }`.
    Region,
    /// `#[green(no_switch)]`, whose ordinary closures promise the same.
    Function,
}

/// What the walk has written, and so which traits the body has to import.
#[derive(Default)]
struct Used {
    calls: bool,
    loops: bool,
    suspects: bool,
    guards: bool,
}

impl VisitMut for Lower<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let loops = self.loops;
        self.loops += u32::from(matches!(expr, Expr::ForLoop(_) | Expr::Loop(_) | Expr::While(_)));
        self.expr(expr);
        self.loops = loops;
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        if let Some(outside) = self.outside() {
            return match stmt {
                Stmt::Local(local) => self.held(local, outside),
                stmt => visit_mut::visit_stmt_mut(self, stmt),
            };
        }
        let begin = self.guards.begin();
        let outside = self.guards.enter(attributes(stmt));
        let mut bound = None;
        match stmt {
            Stmt::Macro(_) => self.macro_stmt(stmt),
            Stmt::Expr(expr, semi) => {
                let is_call = is_call(expr);
                self.visit_expr_mut(expr);
                parenthesize::enclose(expr);
                if is_call && semi.is_some() {
                    parenthesize::keep_semicolon(expr);
                }
            }
            Stmt::Local(local) => {
                bound = guards::bound(local);
                let lends = self.lending_closure(local);
                if let Pat::Type(pat) = &local.pat
                    && local.init.is_some()
                {
                    self.expected = Some(pat.ty.to_token_stream()).filter(|ty| !has_hole(ty));
                    // What it leaves open is known of a field as little.
                    self.part = Part::Field;
                }
                visit_mut::visit_local_mut(self, local);
                self.part = Part::No;
                parenthesize::enclose_before_else(local);
                self.name_callback(local, lends);
            }
            Stmt::Item(Item::Fn(function)) => self.inner_function(function),
            Stmt::Item(_) => {}
        }
        self.guards.leave(outside);
        self.guards.end_statement(begin, bound);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let begin = self.guards.begin();
        let (expected, part) = (self.expected.take(), std::mem::take(&mut self.part));
        let callbacks = self.callbacks.clone();
        self.statements(&mut block.stmts, expected, part);
        self.callbacks = callbacks;
        self.guards.end(begin);
    }

    /// Of patterns, only the guards of match arms run.
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        if let Pat::Guard(pat) = pat {
            let begin = self.guards.begin();
            self.visit_expr_mut(&mut pat.guard);
            self.guards.end(begin);
        }
    }

    /// An array's length is a constant.
    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Item::Fn(function) = item {
            self.inner_function(function);
        }
    }
    fn visit_type_mut(&mut self, _type: &mut Type) {}
    fn visit_path_mut(&mut self, _path: &mut Path) {}
    fn visit_macro_mut(&mut self, _macro: &mut Macro) {}
    fn visit_attribute_mut(&mut self, _attr: &mut syn::Attribute) {}
    fn visit_angle_bracketed_generic_arguments_mut(&mut self, _: &mut syn::AngleBracketedGenericArguments) {}
}

/// The attributes of a statement that may make a guard.
fn attributes(stmt: &Stmt) -> &[Attribute] {
    match stmt {
        Stmt::Local(local) => &local.attrs,
        Stmt::Expr(Expr::MethodCall(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Call(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Try(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Block(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::If(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Match(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::ForLoop(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::While(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Loop(expr), _) => &expr.attrs,
        Stmt::Expr(Expr::Unsafe(expr), _) => &expr.attrs,
        _ => &[],
    }
}

fn is_call(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(_) | Expr::MethodCall(_))
}

impl Lower<'_> {
    /// Walks an expression.
    fn expr(&mut self, expr: &mut Expr) {
        let expected = self.expected.take();
        let is_last = std::mem::take(&mut self.is_last);
        let part = std::mem::take(&mut self.part);
        let inner = if expected.is_some() { Part::Known } else { part };
        match expr {
            Expr::Closure(_) => self.closure(expr),
            Expr::Async(block) => self
                .within(Region::Plain(Outside::AsyncBlock), |lower| lower.visit_block_mut(&mut block.block)),
            Expr::Const(_) | Expr::TryBlock(_) => {}
            _ if self.outside().is_some() => visit_mut::visit_expr_mut(self, expr),
            expr if guards::is_in_parts(expr) => self.in_parts(expr, expected, part),
            Expr::Call(call) if call::makes_value(&call.func) => {
                self.guards.give_away(&call.args);
                let inner = if call::is_of_prelude(&call.func) { inner } else { inner.in_struct() };
                self.parts(call.args.iter_mut(), inner);
            }
            Expr::Call(_) | Expr::MethodCall(_) => {
                self.call(expr, expected, Position { is_last, part });
            }
            Expr::Tuple(tuple) => self.parts(tuple.elems.iter_mut(), inner),
            Expr::Struct(value) => {
                self.parts(value.fields.iter_mut().map(|field| &mut field.expr), inner.in_struct());
                if let Some(rest) = &mut value.rest {
                    self.visit_expr_mut(rest);
                }
            }
            Expr::Match(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                for arm in &mut expr.arms {
                    self.arm(arm, expected.clone(), part);
                }
            }
            Expr::Block(_) | Expr::Unsafe(_) | Expr::Paren(_) | Expr::Group(_) => {
                (self.expected, self.part) = (expected, part);
                visit_mut::visit_expr_mut(self, expr);
            }
            Expr::Reference(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                parenthesize::hide_expectation(&mut expr.expr);
            }
            Expr::Return(_) => {
                self.expected = self.output.clone();
                visit_mut::visit_expr_mut(self, expr);
                self.expected = None;
            }
            Expr::Await(_) => self.awaited(expr),
            Expr::Try(_) => self.tried(expr),
            Expr::Break(ExprBreak { label: None, .. }) | Expr::Continue(ExprContinue { label: None, .. }) => {
                self.jump(expr);
            }
            Expr::ForLoop(_) => self.for_loop(expr),
            Expr::Macro(_) => self.macro_expr(expr),
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    /// Walks the statements of a body whose value has a type that may be written in the source.
    fn body(&mut self, stmts: &mut [Stmt], output: Option<TokenStream>) {
        self.output = output.filter(|ty| !has_hole(ty));
        self.statements(stmts, self.output.clone(), Part::No);
    }

    /// Walks statements, the last of which has the type that is expected of them all.
    fn statements(&mut self, stmts: &mut [Stmt], expected: Option<TokenStream>, part: Part) {
        let last = stmts.len().wrapping_sub(1);
        for (at, stmt) in stmts.iter_mut().enumerate() {
            if at == last && matches!(stmt, Stmt::Expr(_, None)) {
                self.expected.clone_from(&expected);
                self.part = part;
                self.is_last = true;
            }
            self.visit_stmt_mut(stmt);
            self.expected = None;
            self.part = Part::No;
            self.is_last = false;
        }
    }

    /// Walks the parts of a value, whose types are known where its own is.
    fn parts<'a>(&mut self, parts: impl Iterator<Item = &'a mut Expr>, which: Part) {
        for part in parts {
            self.part = which;
            self.visit_expr_mut(part);
            self.part = Part::No;
        }
    }

    /// Walks an arm of a `match` of which a type is expected.
    fn arm(&mut self, arm: &mut Arm, expected: Option<TokenStream>, part: Part) {
        let begin = self.guards.begin();
        let outside = self.guards.enter(&arm.attrs);
        self.visit_pat_mut(&mut arm.pat);
        (self.expected, self.part) = (expected, part);
        self.is_last = true;
        self.visit_expr_mut(&mut arm.body);
        self.guards.leave(outside);
        self.guards.end(begin);
        parenthesize::enclose(&mut arm.body);
    }

    /// Where the walk is, if nothing can be driven there.
    fn outside(&self) -> Option<Outside> {
        match self.region {
            Region::Plain(outside) => Some(outside),
            _ => None,
        }
    }

    /// Walks something that is in another region.
    fn within(&mut self, region: Region, walk: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.region, region);
        walk(self);
        self.region = outside;
    }

    /// An `.await` that the user wrote: its operand is not driven, what stands inside the operand
    /// is.
    fn awaited(&mut self, expr: &mut Expr) {
        let Expr::Await(expr) = expr else { return };
        if self.region == Region::NoSwitch(Promise::Region) {
            self.diagnostics.push(expr.await_token, Diagnostic::AwaitInNoSwitch);
        }
        self.operand(&mut expr.base);
    }

    /// Walks what is inside an expression, but not the expression itself.
    fn operand(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Paren(expr) => self.operand(&mut expr.expr),
            Expr::Group(expr) => self.operand(&mut expr.expr),
            Expr::Call(_) | Expr::MethodCall(_) => visit_mut::visit_expr_mut(self, expr),
            _ => self.visit_expr_mut(expr),
        }
    }

    /// The traits that the lowered calls and loops are told apart by, where there are any.
    fn imports(&self) -> TokenStream {
        let private = &self.paths.private(proc_macro2::Span::mixed_site());
        // One glob, since each name would be an item of its own to the compiler.
        let questions = (self.used.calls || self.used.loops)
            .then(|| quote::quote!(#[allow(unused_imports)] use #private::questions::*;));
        let suspects =
            self.used.suspects.then(|| quote::quote!(#[allow(unused_imports)] use #private::suspects::*;));
        let guards = self.used.guards.then(|| quote::quote!(use #private::NotHeld as _;));
        let markers = self.guards.markers(private);
        quote::quote!(#questions #suspects #guards #markers)
    }
}

/// Whether a type leaves something open: `Vec<_>`. If the call is green, nothing would ever fill
/// that in where the expected type is only asked about. A lifetime that is left out, as in
/// `Line<'_>`, is found in a body whatever is asked.
fn has_hole(ty: &TokenStream) -> bool {
    let mut is_lifetime = false;
    ty.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => {
            is_lifetime = punct.as_char() == '\'';
            false
        }
        TokenTree::Ident(name) => !std::mem::take(&mut is_lifetime) && name == "_",
        TokenTree::Group(group) => has_hole(&group.stream()),
        TokenTree::Literal(_) => false,
    })
}
