//! What is handed to `spawn` and its kind, so that a mistake is explained in their words.

use std::cmp::Ordering;
use std::fmt;
use std::future::Future;
use std::ops::{Add, Div, Mul, Rem, Sub};

use crate::call::Green;

/// A closure that makes a green call: every `FnOnce() -> G` is one.
///
/// What is given to [`spawn`](crate::spawn), [`run`](crate::run),
/// [`with_timeout`](crate::with_timeout) and their kind. In a `#[green]` body a call is made right
/// where it stands, so that a call which is to be made later, or in another thread, is held back by
/// a closure. There is nothing to implement and nothing to call.
#[diagnostic::on_unimplemented(
    message = "a closure that makes a green call is expected here, not a value",
    label = "this is a value, of type `{Self}`",
    note = "in a `#[green]` body a call is made right where it stands, before anything is done with its value",
    note = "help: hold the call back in a closure: `|| call()`; for plain work there is `tpool::execute`",
    note = "see `spawn-the-call` in `eventlet::docs::diagnostics`"
)]
pub trait MakesGreenCall<G>: FnOnce() -> G {}

#[diagnostic::do_not_recommend]
impl<F: FnOnce() -> G, G> MakesGreenCall<G> for F {}

/// A green call, or any other [`Future`]: what a closure for [`spawn`](crate::spawn) and its kind
/// has to give.
///
/// Every `Future` is one; there is nothing to implement.
// A function that takes such a closure and gives a call of its own has `G::Value: Sized` among its
// bounds. The type of that call then has a part that is an error, of which rustc says no more;
// without it the plain value is reported for each place where the expansion names that type.
#[diagnostic::on_unimplemented(
    message = "a green call is expected of this closure, and it gives a plain value",
    label = "what it gives is there at once, a `{Self}`",
    note = "a green thread drives a green call, which is what calling a `#[green]` function gives",
    note = "help: if it holds green calls, write `#[green] move || {{ … }}`; if it is one call, make the function `#[green]`",
    note = "help: for plain work there is `tpool::execute`; see `spawn-plain-value` in `eventlet::docs::diagnostics`"
)]
pub trait GreenCall: Future<Output = <Self as GreenCall>::Value> {
    /// What the call gives when it has been driven to its end.
    type Value;
}

#[diagnostic::do_not_recommend]
impl<G: Future> GreenCall for G {
    type Value = G::Output;
}

/// What can be shown: not a green call, whose value is not there yet. Nothing implements it: it has
/// the words of the refusal.
#[diagnostic::on_unimplemented(
    message = "a green call cannot be shown: it has not run, and has no value yet",
    label = "this call is not driven here",
    note = "a call is driven in a `#[green]` body, and there in the arguments of all macros that `#[green]` knows",
    note = "help: in a macro of your own, write `#[green(macros(its_name))]` on the function, or make the call first and pass its value",
    note = "help: in an ordinary function, make the function `#[green]`; see `green-call-in-macro` in `eventlet::docs::diagnostics`"
)]
pub trait HasValue {}

impl<F> fmt::Display for Green<F>
where
    F: HasValue,
{
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unreachable!("no green call has a value to show")
    }
}

impl<F> fmt::Debug for Green<F>
where
    F: HasValue,
{
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unreachable!("no green call has a value to show")
    }
}

/// What can be counted with and compared, and unwrapped: not a green call. Nothing implements it,
/// either. Where an operator stands rustc has words of its own, and shows the definition of a type
/// without any; so there are implementations, which hold of no green call.
#[diagnostic::on_unimplemented(
    message = "a green call stands where its value is meant: it has not run, and has none yet",
    label = "this call is not driven here",
    note = "a call is driven in a `#[green]` body, and an ordinary function, `main` too, only makes it",
    note = "help: make the function around it `#[green]`, or the closure: `#[green] || …`; in a macro of your own it is `#[green(macros(its_name))]`",
    note = "see `main-not-green` and `helper-not-green` in `eventlet::docs::diagnostics`"
)]
pub trait IsValue {}

impl<F, R> PartialEq<R> for Green<F>
where
    F: IsValue,
{
    fn eq(&self, _other: &R) -> bool {
        unreachable!("no green call has a value to compare")
    }
}

impl<F, R> PartialOrd<R> for Green<F>
where
    F: IsValue,
{
    fn partial_cmp(&self, _other: &R) -> Option<Ordering> {
        unreachable!("no green call has a value to compare")
    }
}

macro_rules! operators {
    ($($Operator:ident $method:ident)*) => {$(
        impl<F, R> $Operator<R> for Green<F>
        where
            F: IsValue,
        {
            type Output = R;

            fn $method(self, _other: R) -> R {
                unreachable!("no green call has a value to count with")
            }
        }
    )*};
}

operators! { Add add Sub sub Mul mul Div div Rem rem }

macro_rules! makes_calls {
    ($($(#[$doc:meta])* $Name:ident: $Bound:path;)*) => {$(
        $(#[$doc])*
        ///
        /// A green function is one by its name, so is a closure whose value is one call
        /// (`|| fetch(1)`), and a green closure. The calls of `#[green] async || …` may borrow from
        /// what it has captured. There is nothing to implement and nothing to call.
        #[diagnostic::on_unimplemented(
            message = "a green call is expected of this closure, and it gives a plain value",
            label = "what it gives is there at once",
            note = "a green thread drives a green call, which is what calling a `#[green]` function gives",
            note = "help: if it holds green calls, write `#[green] async move || {{ … }}`; if it is one call, make the function `#[green]`",
            note = "help: for plain work there is `tpool::execute`; around a parameter or a `dyn Fn` that gives calls, write `move || f()`",
            note = "see `spawn-plain-value` in `eventlet::docs::diagnostics`"
        )]
        pub trait $Name<R>: $Bound {}

        #[diagnostic::do_not_recommend]
        impl<F: $Bound, R> $Name<R> for F {}
    )*};
}

makes_calls! {
    /// A closure that makes a green call whenever it is asked: every `AsyncFn() -> R` is one.
    GreenFn: AsyncFn() -> R;

    /// A closure that makes a green call whenever it is asked, one after another: every
    /// `AsyncFnMut() -> R` is one.
    GreenFnMut: AsyncFnMut() -> R;
}
