//! The call inside a limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Timeout;
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::replaced::Replaced;
use crate::hub::suspend::Timer;
use crate::hub::task::{Waiter, is_trace_poll};

pin_project_lite::pin_project! {
    /// A call that is dropped when its time is over.
    pub(super) struct Limited<G> {
        #[pin]
        call: Option<G>,
        limit: Duration,
        // Unless it is given, read when first polled, before the call is: time that it computes
        // counts.
        deadline: Option<Duration>,
        // Set when the call first waits.
        timer: Option<Timer>,
    }
}

impl<G> Limited<G> {
    /// A call whose time begins when it is driven.
    pub(super) fn from_now(call: G, limit: Duration) -> Self {
        Limited { call: Some(call), limit, deadline: None, timer: None }
    }

    /// A call whose time is over at `deadline`, by the hub's clock; the limit is what the error
    /// tells.
    pub(super) fn until(call: G, limit: Duration, deadline: Duration) -> Self {
        Limited { call: Some(call), limit, deadline: Some(deadline), timer: None }
    }
}

impl<G: Future> Future for Limited<G> {
    type Output = Result<G::Output, Timeout>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if is_trace_poll(cx) {
            return self.project().call.as_pin_mut().expect(DRIVEN_ONCE).poll(cx).map(Ok);
        }
        current::with_running(|hub| self.drive(hub, cx))
    }
}

const DRIVEN_ONCE: &str = "a call that is over is not driven again";

impl<G: Future> Limited<G> {
    #[inline]
    fn drive(self: Pin<&mut Self>, hub: &Hub, cx: &mut Context<'_>) -> Poll<Result<G::Output, Timeout>> {
        let mut this = self.project();
        let call = this.call.as_mut().as_pin_mut().expect(DRIVEN_ONCE);
        let deadline = *this.deadline.get_or_insert_with(|| hub.deadline_in(*this.limit));
        let is_over = this.timer.as_ref().is_some_and(|timer| timer.has_fired(hub));
        let enclosing = hub.time.expired.get();
        // Both over, and the one around us at least as early: that one is to come out, so ours
        // keeps quiet.
        let is_ours = is_over && enclosing.is_none_or(|enclosing| deadline < enclosing);
        if is_ours && this.limit.is_zero() {
            // No time at all: whatever came in the same round has come too late, as in eventlet.
            this.call.set(None);
            return Poll::Ready(Err(Timeout { limit: *this.limit }));
        }
        let progress = if is_ours {
            let _restored = Replaced::new(&hub.time.expired, Some(deadline));
            call.poll(cx)
        } else {
            call.poll(cx)
        };
        match progress {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending if is_ours => {
                this.call.set(None);
                Poll::Ready(Err(Timeout { limit: *this.limit }))
            }
            Poll::Pending => {
                let task = Waiter::of_waker(cx.waker(), &hub.remote);
                match this.timer {
                    Some(timer) => timer.renew(hub, task),
                    None if this.limit.is_zero() => *this.timer = Some(Timer::at_once(hub, task)),
                    None => *this.timer = Some(Timer::set(hub, deadline, task)),
                }
                Poll::Pending
            }
        }
    }
}
