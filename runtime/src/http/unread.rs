//! What is left unread of requests whose streams go on after their answers.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body::Body as HttpBody;
use hyper::body::Incoming;

use crate::hubs::Alarm;

/// How much of a body is read that nobody wants: what its client may have sent before it hears
/// anything.
const MOST: u64 = 1 << 20;

/// For how long it is read.
const LINGER: Duration = Duration::from_secs(2);

/// Bodies of one connection of HTTP/2 that their handlers have let go of before the end.
///
/// To drop such a body is to reset its stream. That is allowed once the answer is out, but a client
/// that is still sending may lose its answer to it. So what comes is thrown away for a while, as
/// `linger` does for HTTP/1.
#[derive(Default)]
pub(crate) struct Unread {
    bodies: RefCell<Vec<Leftover>>,
    waker: RefCell<Option<Waker>>,
}

struct Leftover {
    body: Incoming,
    left: u64,
    end: Alarm,
}

impl Unread {
    /// Takes a body over, unless too much of it is to come.
    pub(crate) fn add(&self, body: Incoming) {
        if body.is_end_stream() || body.size_hint().lower() > MOST {
            return;
        }
        self.bodies.borrow_mut().push(Leftover { body, left: MOST, end: Alarm::after(LINGER) });
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Throws away what has come. To be polled with the connection.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        drop(waker);
        if self.bodies.borrow().is_empty() {
            return;
        }
        // Whatever is dropped or polled here may leave another one.
        let mut bodies = self.bodies.take();
        bodies.retain_mut(|leftover| !leftover.is_over(cx));
        self.bodies.borrow_mut().append(&mut bodies);
    }
}

impl Leftover {
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        while let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let Some(Ok(frame)) = frame else { return true };
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => return true,
            }
        }
        Pin::new(&mut self.end).poll(cx).is_ready()
    }
}
