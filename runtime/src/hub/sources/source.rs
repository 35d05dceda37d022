//! One descriptor that the hub knows.

use std::cell::Cell;
use std::io;

use super::io_wait::{Io, Patience};
use super::{Direction, SourceKey};
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::poller::{AsSource, Interest, raw_source};
use crate::hub::suspend::{Until, until};

/// A descriptor that green threads wait for.
pub(crate) struct Source<S: AsSource> {
    key: Cell<Option<SourceKey>>,
    closed: Cell<bool>,
    /// The descriptor is somebody else's and stays open.
    lent: bool,
    /// `None` only on the way out, in `into_inner`.
    io: Option<S>,
}

/// What an operation on a descriptor came to.
pub(crate) struct Done<T> {
    pub(crate) value: T,
    /// It took all there was, so the next call would find nothing: a short read or write of a stream.
    pub(crate) drained: bool,
}

impl<T> Done<T> {
    pub(crate) fn new(value: T) -> Self {
        Done { value, drained: false }
    }
}

impl Done<usize> {
    /// The count of a stream operation that was offered `room` bytes.
    pub(crate) fn count(count: usize, room: usize) -> Self {
        Done { value: count, drained: 0 < count && count < room }
    }
}

impl<S: AsSource> Source<S> {
    /// Takes a descriptor that does not block.
    pub(crate) fn new(io: S) -> Self {
        Source { key: Cell::new(None), closed: Cell::new(false), lent: false, io: Some(io) }
    }

    /// Takes a descriptor that stays open when the source is dropped.
    pub(crate) fn lent(io: S) -> Self {
        let mut source = Source::new(io);
        source.lent = true;
        source
    }

    pub(crate) fn io(&self) -> &S {
        self.io.as_ref().expect("the descriptor is taken only when the source is consumed")
    }

    /// Gives the descriptor back; the hub forgets it.
    pub(crate) fn into_inner(mut self) -> S {
        self.forget(Forget::Thoroughly);
        self.io.take().expect("the descriptor is taken only when the source is consumed")
    }

    fn forget(&mut self, how: Forget) {
        let (Some(key), Some(io)) = (self.key.take(), &self.io) else { return };
        // With the hub gone its table and its poller are gone as well.
        current::try_with(|hub| {
            if !hub.sources.borrow_mut().release(key) {
                return;
            }
            let mut poller = hub.poller.borrow_mut();
            if how == Forget::Thoroughly || !poller.forgets_closed() {
                // An error here says that the poller has forgotten the descriptor already.
                let _ = poller.delete(io.as_source());
            }
        });
    }

    /// Does `operation` when the descriptor is ready for it, and suspends until then, as long as `patience` lasts.
    pub(crate) fn when_ready<T, F>(
        &self,
        direction: Direction,
        patience: impl Into<Patience>,
        operation: F,
    ) -> Until<Io<'_, S, F>>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        until(Io::new(self, direction, patience.into(), operation))
    }

    /// Makes everybody who waits for the descriptor give up with an error, now and later.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let Some(key) = self.key.get() else { return };
        let mut woken = Vec::new();
        current::try_with(|hub| {
            if let Some(slot) = hub.sources.borrow_mut().slot(key) {
                slot.closed = true;
                woken.extend(slot.sides.iter_mut().filter_map(|side| side.waiter.take()));
            }
            woken.iter().for_each(|task| hub.schedule(task));
        });
    }

    /// Has it been closed, so that nobody may wait for it any more?
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// The key in the hub's table, if the descriptor is registered.
    pub(super) fn key(&self) -> Option<SourceKey> {
        self.key.get()
    }

    /// The key in the hub's table; registers the descriptor if this is the first time.
    pub(super) fn registered(&self, hub: &Hub) -> io::Result<SourceKey> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = hub.sources.borrow_mut().insert(raw_source(self.io()));
        let added = hub.poller.borrow_mut().add(self.io().as_source(), key.token(), Interest::BOTH);
        let key = match added {
            Ok(()) => key,
            Err(error) => {
                let mut sources = hub.sources.borrow_mut();
                sources.release(key);
                let is_known = self.lent && error.kind() == io::ErrorKind::AlreadyExists;
                // Another green thread waits for the other direction of it.
                is_known.then(|| sources.share(raw_source(self.io()))).flatten().ok_or(error)?
            }
        };
        self.key.set(Some(key));
        Ok(key)
    }
}

impl<S: AsSource> Drop for Source<S> {
    fn drop(&mut self) {
        self.forget(if self.lent { Forget::Thoroughly } else { Forget::ToBeClosed });
    }
}

/// What happens to a descriptor after the hub has forgotten it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forget {
    ToBeClosed,
    Thoroughly,
}
