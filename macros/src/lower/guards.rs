//! Borrows of a `RefCell` and guards of std's locks that are held over a green call.
//!
//! Syntax finds the calls that may make a guard and how long that lives, by std's names and the
//! language's rules for temporaries; whether it is one, and whether a call in its life is green, is
//! decided by type, in the runtime's `guards.rs`. The words are in its `lint/guard_across_wait.rs`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Attribute, BinOp, Expr, Local, Pat, Token};

use super::{Lower, Part};

/// The methods of `RefCell`, `Mutex` and `RwLock` that make a guard. None takes an argument.
const METHODS: [&str; 10] = [
    "borrow",
    "borrow_mut",
    "try_borrow",
    "try_borrow_mut",
    "lock",
    "try_lock",
    "read",
    "write",
    "try_read",
    "try_write",
];

/// The guards of one body.
#[derive(Default)]
pub(super) struct Guards {
    /// Those that are held where the walk is.
    held: Vec<Guard>,
    /// How many markers there are.
    markers: usize,
    /// The one that the call makes whose question is asked next.
    made: Option<Guard>,
    /// Whether the code where the walk is may be configured away: then nothing would tell the type
    /// of a marker.
    is_conditional: bool,
}

/// One call that may make a guard.
#[derive(Clone)]
struct Guard {
    /// The variable that has its type.
    marker: Ident,
    /// Where it is made.
    place: Span,
    /// The variable that it is in, if it is in one.
    name: Option<Ident>,
}

impl Guards {
    /// How many are held; what is made after this moment ends at [`end`](Self::end).
    pub(super) fn begin(&self) -> usize {
        self.held.len()
    }

    /// Enters code that has these attributes, and says what to [`leave`](Self::leave) with.
    pub(super) fn enter(&mut self, attrs: &[Attribute]) -> bool {
        let outside = self.is_conditional;
        self.is_conditional |= attrs.iter().any(|attr| attr.path().is_ident("cfg"));
        outside
    }

    pub(super) fn leave(&mut self, was_conditional: bool) {
        self.is_conditional = was_conditional;
    }

    /// The temporaries since then are dropped.
    pub(super) fn end(&mut self, begin: usize) {
        self.held.truncate(begin);
    }

    /// A statement is over. A guard that it has put into a variable lives on.
    pub(super) fn end_statement(&mut self, begin: usize, name: Option<Ident>) {
        let bound = self.held.split_off(begin.min(self.held.len())).pop();
        if let (Some(bound), Some(name)) = (bound, name) {
            self.held.push(Guard { name: Some(name), ..bound });
        }
    }

    /// A call that takes a variable ends what that held: `drop(guard)`.
    pub(super) fn give_away(&mut self, args: &Punctuated<Expr, Token![,]>) {
        for arg in args {
            if let Expr::Path(path) = arg {
                self.held.retain(|guard| guard.name.as_ref().is_none_or(|name| !path.path.is_ident(name)));
            }
        }
    }

    /// Says that the next call may make a guard.
    pub(super) fn make(&mut self, place: Option<Span>) {
        self.made = place.filter(|_| !self.is_conditional).map(|place| {
            self.markers += 1;
            let marker = format_ident!("__held{}", self.markers, span = Span::mixed_site());
            Guard { marker, place, name: None }
        });
    }

    /// The call has been made.
    pub(super) fn made(&mut self) {
        self.held.extend(self.made.take());
    }

    /// The variables that carry the types of the guards.
    pub(super) fn markers(&self, private: &TokenStream) -> TokenStream {
        let names = (1..=self.markers).map(|n| format_ident!("__held{n}", span = Span::mixed_site()));
        quote!(#(let #names = #private::Held::NOTHING;)*)
    }
}

impl Lower<'_> {
    /// What is asked about the guards where a call has given its `value`, whose `kind` is known: is
    /// it one itself, and is it a green call in the life of one?
    pub(super) fn ask_guards(&mut self, end: Span) -> TokenStream {
        if self.guards.made.is_none() && self.guards.held.is_empty() {
            return TokenStream::new();
        }
        let at = Span::mixed_site().located_at(end);
        let made =
            self.guards.made.as_ref().map(|Guard { marker, .. }| quote_spanned!(at=> #marker.is(&value);));
        let over = self.guards.held.iter().map(|Guard { marker, place, .. }| {
            let held = Ident::new("held", *place);
            quote_spanned!(at=> #marker.over(kind).lint().#held();)
        });
        let over: TokenStream = over.collect();
        self.used.guards |= made.is_some();
        quote!(#made #over)
    }

    /// Expressions whose parts drop their temporaries before the whole is over, or run in another
    /// order than they stand.
    pub(super) fn in_parts(&mut self, expr: &mut Expr, expected: Option<TokenStream>, part: Part) {
        let begin = self.guards.begin();
        match expr {
            Expr::If(expr) => {
                self.visit_expr_mut(&mut expr.cond);
                if !has_let(&expr.cond) {
                    self.guards.end(begin);
                }
                self.expected.clone_from(&expected);
                self.part = part;
                self.visit_block_mut(&mut expr.then_branch);
                self.guards.end(begin);
                if let Some((_, otherwise)) = &mut expr.else_branch {
                    (self.expected, self.part) = (expected, part);
                    self.visit_expr_mut(otherwise);
                }
            }
            Expr::While(expr) => {
                self.visit_expr_mut(&mut expr.cond);
                if !has_let(&expr.cond) {
                    self.guards.end(begin);
                }
                self.visit_block_mut(&mut expr.body);
                self.guards.end(begin);
            }
            Expr::Binary(expr) if is_assignment(&expr.op) => {
                self.visit_expr_mut(&mut expr.right);
                self.visit_expr_mut(&mut expr.left);
            }
            Expr::Binary(expr) => {
                for operand in [&mut expr.left, &mut expr.right] {
                    self.visit_expr_mut(operand);
                    if !has_let(operand) {
                        self.guards.end(begin);
                    }
                }
            }
            Expr::Assign(expr) => {
                if let Expr::Field(_) = *expr.left {
                    self.part = Part::Field;
                }
                self.visit_expr_mut(&mut expr.right);
                self.part = Part::No;
                self.visit_expr_mut(&mut expr.left);
            }
            _ => {}
        }
    }
}

/// Whether an expression is for [`Lower::in_parts`].
pub(super) fn is_in_parts(expr: &Expr) -> bool {
    match expr {
        Expr::If(_) | Expr::While(_) | Expr::Assign(_) => true,
        Expr::Binary(expr) => matches!(expr.op, BinOp::And(_) | BinOp::Or(_)) || is_assignment(&expr.op),
        _ => false,
    }
}

fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// Whether a condition binds something, so that its temporaries live as long.
fn has_let(cond: &Expr) -> bool {
    match cond {
        Expr::Let(_) => true,
        Expr::Binary(expr) => has_let(&expr.left) || has_let(&expr.right),
        _ => false,
    }
}

/// Where a call makes a guard, if it may.
pub(super) fn makes_guard(expr: &Expr) -> Option<Span> {
    match expr {
        Expr::MethodCall(call) if call.args.is_empty() => {
            METHODS.contains(&call.method.to_string().as_str()).then(|| call.method.span())
        }
        _ => None,
    }
}

/// The variable that a `let` puts a guard into, if it may.
pub(super) fn bound(local: &Local) -> Option<Ident> {
    let pat = match &local.pat {
        Pat::Type(pat) => &pat.pat,
        pat => pat,
    };
    let Pat::Ident(name) = pat else { return None };
    gives_guard(&local.init.as_ref()?.expr).then(|| name.ident.clone())
}

/// Whether a guard is what an expression gives: `cell.borrow()`, `lock.lock().unwrap()`,
/// `lock.read()?`.
fn gives_guard(expr: &Expr) -> bool {
    const OUT_OF_RESULT: [&str; 3] = ["unwrap", "expect", "unwrap_or_else"];
    match expr {
        Expr::Try(expr) => gives_guard(&expr.expr),
        Expr::Paren(expr) => gives_guard(&expr.expr),
        Expr::MethodCall(call) if OUT_OF_RESULT.iter().any(|name| call.method == name) => {
            gives_guard(&call.receiver)
        }
        expr => makes_guard(expr).is_some(),
    }
}
