//! Green calls that ordinary closures give to std's combinators, which expect a value.

use std::convert::Infallible;

use crate::call::Green;

/// What an ordinary closure may give for a green call: that call, where somebody takes it. It has
/// the words of the refusal.
///
/// Were this all that it may give, rustc would take it for what is given before it has looked at
/// what is expected. So there is something else, which nothing ever is, in another family; in doubt
/// the family is the first one, as with
/// [`Inferable`](crate::macro_support::inferable::Inferable).
#[diagnostic::on_unimplemented(
    message = "an ordinary closure gives a green call, where a `{Value}` is expected",
    label = "a green call, which has not run: the closure of a combinator cannot wait",
    note = "help: `use eventlet::prelude::*;` brings a twin of the combinator, whose name begins with `green_`",
    note = "help: or write a loop or a `match`; see `green-call-in-combinator` in `eventlet::docs::diagnostics`"
)]
pub trait HandedOn<Value, Family> {
    /// The value that is handed on.
    fn handed_on(self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<F> HandedOn<Green<F>, i32> for Green<F> {
    #[inline(always)]
    fn handed_on(self) -> Green<F> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<F> HandedOn<Infallible, u8> for Green<F> {
    fn handed_on(self) -> Infallible {
        unreachable!("nothing expects it")
    }
}
