//! A closure until it begins, then the call that the closure makes: for calls that share a task
//! with others.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    /// Calls the closure when it is first resumed, in the new thread, and drives what it gives.
    #[project = StartProjection]
    pub(crate) enum Start<F, G> {
        // `None` while the closure is being called, and when all was dropped.
        Closure { closure: Option<F> },
        Call { #[pin] call: G },
    }
}

impl<F, G> Start<F, G> {
    pub(crate) fn new(closure: F) -> Self {
        Start::Closure { closure: Some(closure) }
    }

    /// Drops what there is. It is not driven again.
    pub(crate) fn end(mut self: Pin<&mut Self>) {
        self.set(Start::Closure { closure: None });
    }
}

impl<F: FnOnce() -> G, G: Future> Future for Start<F, G> {
    type Output = G::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Output> {
        loop {
            let closure = match self.as_mut().project() {
                StartProjection::Call { call } => return call.poll(cx),
                StartProjection::Closure { closure } => closure.take(),
            };
            let closure = closure.expect("a closure that panicked is not called again");
            self.set(Start::Call { call: closure() });
        }
    }
}
