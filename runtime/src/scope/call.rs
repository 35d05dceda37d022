//! The call that drives a scope: its body and its threads.

use std::future::Future;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Scope;
use super::shared::{Failure, Shared};
use crate::branch::branches::{new_subtask, raise_unless_panicking};
use crate::hub::branch::Own;
use crate::hub::task::{Subtask, is_trace_poll};
use crate::hub::{Hub, current};

pin_project_lite::pin_project! {
    /// Owns the body and, as the only one, everything that its threads consist of. So a scope whose
    /// call is forgotten in mid-air is forgotten as a whole: nothing that borrows runs again.
    pub(super) struct ScopeCall<'env, B, T, E> {
        // Dropped first: the threads end before the body.
        threads: OwnedThreads<'env, E>,
        #[pin]
        body: Option<B>,
        // What belongs to the body alone.
        own: Own,
        value: Option<T>,
    }
}

/// Ends the threads when it is dropped.
struct OwnedThreads<'env, E> {
    shared: Rc<Shared<'env, E>>,
    body: Subtask,
}

impl<'env, B, T, E> ScopeCall<'env, B, T, E>
where
    B: Future<Output = Result<T, E>>,
{
    pub(super) fn new(f: impl FnOnce(Scope<'env, E>) -> B) -> Self {
        let shared = Shared::new();
        let body = current::with(|hub| {
            let body = new_subtask(hub, shared.branches.ready());
            body.wake();
            body
        });
        let threads = OwnedThreads { shared, body };
        let body = f(Scope { shared: threads.shared.clone() });
        ScopeCall { threads, body: Some(body), own: Own::default(), value: None }
    }
}

impl<B, T, E> Future for ScopeCall<'_, B, T, E>
where
    B: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        if is_trace_poll(cx) {
            return self.trace(cx);
        }
        let shared = self.threads.shared.clone();
        let branches = &shared.branches;
        let failure = branches.ready().turn(cx.waker(), |hub, task| {
            if task.is(&self.threads.body) {
                return self.as_mut().resume_body(hub);
            }
            match branches.resume(hub, task).map(|ended| ended.result) {
                None | Some(Ok(Ok(()))) => ControlFlow::Continue(()),
                Some(Ok(Err(error))) => ControlFlow::Break(Failure::Error(error)),
                Some(Err(payload)) => ControlFlow::Break(Failure::Panic(payload)),
            }
        });
        match failure.or_else(|| shared.take_panic()) {
            Some(failure) => Poll::Ready(Err(self.fail(failure))),
            None if self.body.is_none() && branches.len() == 0 => {
                let value = self.project().value.take().expect("a scope that has ended is not driven again");
                Poll::Ready(Ok(value))
            }
            None => Poll::Pending,
        }
    }
}

impl<B, T, E> ScopeCall<'_, B, T, E>
where
    B: Future<Output = Result<T, E>>,
{
    fn resume_body(self: Pin<&mut Self>, hub: &Rc<Hub>) -> ControlFlow<Failure<E>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else { return ControlFlow::Continue(()) };
        // A panic goes through: it ends the threads on its way out.
        let polled = this.threads.body.with_context(|cx| hub.in_branch(this.own, || body.poll(cx)));
        match polled {
            Poll::Pending => return ControlFlow::Continue(()),
            Poll::Ready(Err(error)) => return ControlFlow::Break(Failure::Error(error)),
            Poll::Ready(Ok(value)) => *this.value = Some(value),
        }
        this.body.set(None);
        ControlFlow::Continue(())
    }

    /// Ends the threads, then the body, and gives the error or goes on panicking.
    fn fail(self: Pin<&mut Self>, failure: Failure<E>) -> E {
        let mut this = self.project();
        let closed = this.threads.shared.branches.close();
        this.body.set(None);
        let failure = match (failure, closed) {
            (Failure::Error(_), Err(payload)) => Failure::Panic(payload),
            (failure, _) => failure,
        };
        match failure {
            Failure::Error(error) => error,
            Failure::Panic(payload) => resume_unwind(payload),
        }
    }

    fn trace(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut this = self.project();
        let hub = current::with(Rc::clone);
        let branches = &this.threads.shared.branches;
        if let Some(body) = this.body.as_mut().as_pin_mut() {
            let mut polled = Poll::Pending;
            let is_settled = hub.note_branch(format_args!("the scope's body"), || {
                polled = hub.in_branch(this.own, || body.poll(cx));
            });
            if let Poll::Ready(result) = polled {
                // It waited for something of another executor, which was there.
                return Poll::Ready(result);
            }
            if !is_settled {
                this.threads.body.wake();
            }
        }
        branches.trace(&hub, cx);
        hub.note_branches(format_args!("for a scope, {} threads of which have not ended", branches.len()));
        Poll::Pending
    }
}

impl<E> Drop for OwnedThreads<'_, E> {
    fn drop(&mut self) {
        self.body.end();
        let closed = self.shared.branches.close();
        let panicked = self.shared.take_panic();
        raise_unless_panicking(match panicked {
            Some(Failure::Panic(payload)) => closed.and(Err(payload)),
            _ => closed,
        });
    }
}
