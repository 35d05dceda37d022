//! Who receives of a connection: one at a time.

use std::io;
use std::task::{Context, Poll};

use super::error::{Error, Result};
use super::socket::Shared;

/// Who receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    Nobody,
    /// A thread that closes, for want of anybody else: it gives way to whoever wants messages.
    Closer,
    Thread,
}

/// The right to receive, and what a call leaves behind when it ends.
pub(super) struct Receiving<'a> {
    pub(super) shared: &'a Shared,
    turn: u64,
}

impl<'a> Receiving<'a> {
    pub(super) fn begin(shared: &'a Shared, receiver: Receiver) -> Result<Receiving<'a>> {
        let gives_way = match (shared.receiver.get(), receiver) {
            (Receiver::Nobody, _) => None,
            (Receiver::Closer, Receiver::Thread) => shared.state.borrow_mut().reader.take(),
            _ => {
                let message = "second simultaneous recv on one WebSocket\n\
                    help: let one green thread wait, and share what it gets through a queue";
                return Err(Error::io(io::ErrorKind::ResourceBusy, message));
            }
        };
        shared.receiver.set(receiver);
        shared.free.clear();
        let turn = shared.turns.get() + 1;
        shared.turns.set(turn);
        if let Some(closer) = gives_way {
            closer.wake();
        }
        Ok(Receiving { shared, turn })
    }

    /// Has nobody else come to receive?
    fn is_ours(&self) -> bool {
        self.shared.turns.get() == self.turn
    }

    /// Receives what nobody wants. `false`: it is over, or somebody wants it.
    pub(super) fn poll_waste(&self, cx: &mut Context<'_>) -> Poll<bool> {
        if !self.is_ours() {
            return Poll::Ready(false);
        }
        self.shared.poll_recv(cx).map(|received| matches!(received, Ok(Some(_))))
    }
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        let shared = self.shared;
        shared.stream.cancel_read();
        // Whoever sends goes on waiting for room; what was to be written for this call is written
        // with the next one.
        if let Some(_permit) = shared.sending.try_acquire() {
            shared.stream.cancel_write();
        }
        shared.state.borrow_mut().reader = None;
        shared.receiver.set(Receiver::Nobody);
        shared.free.set();
    }
}
