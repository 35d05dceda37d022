//! All that an expansion of `#[green]` may name, and nothing else.

mod blocking;
mod guards;
mod harness;
mod text;
pub(crate) mod tried;
pub(crate) mod undriven;
pub(crate) mod for_loop;
pub(crate) mod inferable;
pub(crate) mod part;
pub(crate) mod probe;

use std::future::Future;

pub use std::boxed::Box;
pub use std::option::Option;
pub use std::thread_local;

use crate::call::{Green, GreenBox};
pub use crate::greenthread::lost::errors;
use crate::greenthread::lost::{Errors, Noting};
use crate::hub::current;
use crate::hub::task::Tells;
pub use crate::lint;
pub use crate::macro_support::blocking::receiver;
pub use crate::macro_support::guards::{Held, NotHeld};
pub use crate::macro_support::harness::Harness;
pub use crate::macro_support::part::part;
pub use crate::macro_support::probe::{NeverGreen, StaysPut, probe_as, probe_future};
pub use crate::macro_support::text::Text;
pub use crate::macro_support::tried::{TakesFailure, Tried, value_of};

/// What a body with calls or loops imports, all at once: each name that it imports by itself is an
/// item that the compiler has to carry along.
pub mod questions {
    pub use crate::macro_support::for_loop::{GreenSteps as _, NoSteps as _, steps as __steps};
    pub use crate::macro_support::probe::{
        GreenProbe as _, Kind as __Kind, PlainProbe as _, probe as __probe, probe_named as __named,
    };
}

/// What a body imports in which a call may be one of std's that block.
pub mod suspects {
    pub use crate::macro_support::blocking::{Suspect as _, Unremarkable as _};
}

/// What tells how the errors of a body are shown.
pub mod kinds_of_errors {
    pub use crate::greenthread::lost::{BoxedErrors as _, NoErrors as _, ShownErrors as _};
}

/// The body of a green function.
#[inline(always)]
#[track_caller]
pub fn green<F: Future>(body: F) -> Green<F> {
    Green::new(body)
}

/// The body of a green closure. Its type has the words that a function's has, which say what the
/// call gives.
#[inline(always)]
#[track_caller]
pub fn closure<F: Future<Output = T>, T>(body: F) -> Green<impl Future<Output = T>> {
    Green::new(body)
}

/// The body of a green function whose value may be an error. Of `kind` only the type counts.
#[inline(always)]
#[track_caller]
pub fn noting<F, K>(body: F, kind: K) -> Green<Noting<F, K>>
where
    F: Future,
    K: Tells<F::Output>,
{
    let _ = kind;
    Green::new(Noting::new(body))
}

/// The same where the type of the value cannot be written. `kind` never runs.
#[inline(always)]
#[track_caller]
pub fn noting_of_body<F, K>(body: F, kind: impl FnOnce(fn() -> Errors<F::Output>) -> K) -> Green<Noting<F, K>>
where
    F: Future,
    K: Tells<F::Output>,
{
    let _ = kind;
    Green::new(Noting::new(body))
}

/// The body of a `#[green(boxed)]` function whose value may be an error.
#[inline(always)]
#[track_caller]
pub fn boxed_noting<'a, F, K>(body: F, kind: K) -> GreenBox<'a, F::Output>
where
    F: Future + 'a,
    K: Tells<F::Output> + 'a,
{
    let _ = kind;
    Green::new(Box::pin(Noting::<F, K>::new(body)))
}

/// The same where the type of the value cannot be written. `kind` never runs.
#[inline(always)]
#[track_caller]
pub fn boxed_noting_of_body<'a, F, K>(
    body: F,
    kind: impl FnOnce(fn() -> Errors<F::Output>) -> K,
) -> GreenBox<'a, F::Output>
where
    F: Future + 'a,
    K: Tells<F::Output> + 'a,
{
    let _ = kind;
    Green::new(Box::pin(Noting::<F, K>::new(body)))
}

/// The body of a `#[green(boxed)]` function.
#[inline(always)]
#[track_caller]
pub fn boxed<'a, F: Future + 'a>(body: F) -> GreenBox<'a, F::Output> {
    Green::new(Box::pin(body))
}

/// The body of `#[green] fn main`.
///
/// The other green threads end with it, destructors included, as a process's threads end with
/// `main`.
#[track_caller]
pub fn main<G: Future>(call: impl FnOnce() -> G) -> G::Output {
    let value = crate::run(call);
    current::with(|hub| hub.shut_down());
    value
}

/// The body of a `#[green] #[test] fn`.
#[track_caller]
pub fn test<G: Future>(call: impl FnOnce() -> G) -> G::Output {
    crate::run(call)
}

/// A value that never exists: it tells a body the type that its function returns.
pub fn returned<T>() -> T {
    unreachable!("this only names a type")
}

/// Spells `!` where it cannot be written yet: `<fn() -> ! as Returns>::Output`.
pub trait Returns {
    /// What the function returns.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

/// Keeps an argument of a green closure from being borrowed by a body that borrows everything else.
pub struct Moved<T>(pub T);

impl<T> Moved<T> {
    /// Gives the argument back.
    #[inline(always)]
    pub fn into_inner(self) -> T {
        self.0
    }
}
