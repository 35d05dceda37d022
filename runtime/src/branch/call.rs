//! One of a fixed number of calls. They share the waker of their thread: with so few, asking all
//! costs less than telling them apart.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::call::lazy::Start;
use crate::hub::branch::Own;
use crate::hub::current;
use crate::hub::task::is_trace_poll;

pin_project_lite::pin_project! {
    /// A call, or what it gave.
    #[project = BranchProjection]
    pub(crate) enum Branch<F, G: Future> {
        Waiting { #[pin] call: Start<F, G>, own: Own },
        Over { value: Option<G::Output> },
    }
}

impl<F, G> Branch<F, G>
where
    F: FnOnce() -> G,
    G: Future,
{
    pub(crate) fn new(closure: F) -> Self {
        Branch::Waiting { call: Start::new(closure), own: Own::default() }
    }

    /// Goes on with the call, and says whether it is over. `number` is for messages.
    pub(crate) fn drive(mut self: Pin<&mut Self>, cx: &mut Context<'_>, number: usize) -> bool {
        let BranchProjection::Waiting { call, own } = self.as_mut().project() else { return true };
        let hub = current::with(Rc::clone);
        let polled = if is_trace_poll(cx) {
            let mut polled = Poll::Pending;
            hub.note_branch(format_args!("branch {number}"), || {
                polled = hub.in_branch(own, || call.poll(cx));
            });
            polled
        } else {
            hub.in_branch(own, || call.poll(cx))
        };
        match polled {
            Poll::Pending => false,
            Poll::Ready(value) => {
                // Drops what is left of the call.
                self.set(Branch::Over { value: Some(value) });
                true
            }
        }
    }

    /// What the call gave, once.
    pub(crate) fn take(self: Pin<&mut Self>) -> G::Output {
        match self.project() {
            BranchProjection::Over { value } => value.take().expect("a value is taken once"),
            BranchProjection::Waiting { .. } => unreachable!("a branch is not over yet"),
        }
    }
}

impl<F, G, T, E> Branch<F, G>
where
    G: Future<Output = Result<T, E>>,
{
    /// The error, if that is what the call gave.
    pub(crate) fn take_error(self: Pin<&mut Self>) -> Option<E> {
        match self.project() {
            BranchProjection::Over { value } if value.as_ref().is_some_and(Result::is_err) => {
                value.take().and_then(Result::err)
            }
            _ => None,
        }
    }
}

/// In a trace poll of a thread that drives several branches: says what the thread waits for, after
/// its branches did.
pub(crate) fn note_branches(cx: &Context<'_>, what: &str) {
    if is_trace_poll(cx) {
        current::with(|hub| hub.note_branches(format_args!("for {what}")));
    }
}
