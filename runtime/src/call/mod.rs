//! A green call: a call of a `#[green]` function that has not run yet.

mod bounds;
pub(crate) mod drop_check;
pub(crate) mod lazy;
mod outcome;
mod shared;

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::process::{ExitCode, Termination};
use std::rc::Rc;
use std::task::{Context, Poll};

pub use bounds::{GreenCall, GreenFn, GreenFnMut, HasValue, IsValue, MakesGreenCall};
pub use shared::{shared, shared_mut, shared2};

use crate::call::drop_check::Made;
use crate::hub::current;
use crate::hub::observe::backtrace::note_call;
use crate::hub::task::is_trace_poll;

pin_project_lite::pin_project! {
    /// A green call: what a `#[green]` function returns, and what a `#[green]` body drives in
    /// place.
    ///
    /// Nothing of the function has run yet. Inside a `#[green]` body the call is driven where it
    /// stands; elsewhere give it to [`run`](crate::run), or put it into a closure for
    /// [`spawn`](crate::spawn).
    // `!Unpin` is stated instead of derived from `F`: the answer to "is it `Unpin`?" decides which
    // calls are green, and must not look into the opaque type of a function that is being checked
    // (a recursive one would be a cycle).
    #[project(!Unpin)]
    #[must_use = "a green call has not run yet: make it in a `#[green]` function or closure, or give it to `eventlet::run`"]
    pub struct Green<F> {
        #[pin]
        body: F,
        made: Made,
    }
}

/// A green call whose state is on the heap: what a `#[green(boxed)]` function returns.
///
/// Its type is the same for every function with the same result, so it may stand in a `dyn` trait,
/// and it has the size of a pointer, so functions that call each other may return it.
pub type GreenBox<'a, T> = Green<Pin<Box<dyn Future<Output = T> + 'a>>>;

impl<F: Future> Green<F> {
    /// Wraps the state machine of a function body.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn new(body: F) -> Self {
        Green { body, made: Made::here() }
    }

    /// Drives the call without leaving its caller, while nobody else is resumed.
    #[track_caller]
    pub(crate) fn wait_in_place(self) -> F::Output {
        current::expect_not_over();
        let hub = current::with(Rc::clone);
        if !hub.is_at_work() {
            return crate::run(|| self);
        }
        let Green { body, mut made } = self;
        made.is_driven();
        hub.wait_in_place(body, Location::caller())
    }
}

impl<F: Future> Future for Green<F> {
    type Output = F::Output;

    // The caller is the line of the user's call, since that is what the macro's waiting tokens
    // carry. It is the whole of the logical stack, and takes no space.
    #[inline(always)]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if is_trace_poll(cx) {
            note_call(std::any::type_name::<F>(), Location::caller());
        }
        let this = self.project();
        this.made.is_driven();
        this.body.poll(cx)
    }
}

/// `#[test] #[green] fn` leaves the test harness with a green call: it is run here.
impl<F> Termination for Green<F>
where
    F: Future,
    F::Output: Termination,
{
    fn report(self) -> ExitCode {
        crate::run(|| self).report()
    }
}

/// A recursive call, which needs a place of its own.
///
/// It is a type of this crate because `Pin<Box<_>>` does not hand the caller's line on.
pub struct BoxedCall<F> {
    call: Pin<Box<Green<F>>>,
}

impl<F: Future> BoxedCall<F> {
    #[inline(always)]
    pub(crate) fn new(call: Green<F>) -> Self {
        BoxedCall { call: Box::pin(call) }
    }
}

impl<F: Future> Future for BoxedCall<F> {
    type Output = F::Output;

    #[inline(always)]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.call.as_mut().poll(cx)
    }
}
