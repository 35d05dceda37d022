//! One descriptor that the hub knows.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use super::Direction;
use super::io_wait::{Done, Io, Way};
use super::limit::Limit;
use super::slot::Drained;
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::poller::{AsSource, Interest, raw_source};
use crate::hub::suspend::{Until, until};
use crate::hub::task::TaskRef;

/// A descriptor that green threads wait for.
pub(crate) struct Source<S: AsSource> {
    limits: [Cell<Limit>; 2],
    /// Its slot in the hub's table, or `UNREGISTERED`.
    slot: Cell<u32>,
    /// Before it is registered: the last operation in this direction found that there is nothing left. Registering
    /// brings an event if that has changed.
    drained: [Cell<bool>; 2],
    closed: Cell<bool>,
    nonblocking: Cell<bool>,
    /// The descriptor is somebody else's and stays open.
    lent: bool,
    /// `None` only on the way out, in `into_inner`.
    io: Option<S>,
}

const UNREGISTERED: u32 = u32::MAX;

impl<S: AsSource> Source<S> {
    /// Takes a descriptor that does not block.
    pub(crate) fn new(io: S) -> Self {
        Source {
            limits: [const { Cell::new(Limit::NONE) }; 2],
            slot: Cell::new(UNREGISTERED),
            drained: [const { Cell::new(false) }; 2],
            closed: Cell::new(false),
            nonblocking: Cell::new(false),
            lent: false,
            io: Some(io),
        }
    }

    /// Takes a descriptor that stays open when the source is dropped.
    pub(crate) fn lent(io: S) -> Self {
        let mut source = Source::new(io);
        source.lent = true;
        source
    }

    #[inline]
    pub(crate) fn io(&self) -> &S {
        self.io.as_ref().expect("the descriptor is taken only when the source is consumed")
    }

    /// Gives the descriptor back; the hub forgets it.
    pub(crate) fn into_inner(mut self) -> S {
        self.forget(Forget::Thoroughly);
        self.io.take().expect("the descriptor is taken only when the source is consumed")
    }

    fn forget(&mut self, how: Forget) {
        let (Some(slot), Some(io)) = (self.slot(), &self.io) else { return };
        self.slot.set(UNREGISTERED);
        // With the hub gone its table and its poller are gone as well.
        current::try_with(|hub| {
            if !hub.sources.borrow_mut().release(slot) {
                return;
            }
            let mut poller = hub.poller.borrow_mut();
            if how == Forget::Thoroughly || !poller.forgets_closed() {
                // An error here says that the poller has forgotten the descriptor already.
                let _ = poller.delete(io.as_source());
            }
        });
    }

    /// How long a wait in this direction may last.
    pub(crate) fn limit(&self, direction: Direction) -> Option<Duration> {
        self.limits[direction as usize].get().get()
    }

    /// The same in nanoseconds.
    #[inline]
    pub(super) fn limit_in_nanoseconds(&self, direction: Direction) -> Option<u64> {
        self.limits[direction as usize].get().nanoseconds()
    }

    /// Limits every later wait in this direction.
    pub(crate) fn set_limit(&self, direction: Direction, limit: Option<Duration>) {
        self.limits[direction as usize].set(Limit::new(limit));
    }

    /// Does an operation that finds nothing to do give `WouldBlock` instead of waiting?
    #[inline]
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.nonblocking.get()
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) {
        self.nonblocking.set(nonblocking);
    }

    /// Does `operation` when the descriptor is ready for it, and suspends until then, for as long as the limit of that
    /// direction says, or not at all in the non-blocking mode.
    #[inline]
    pub(crate) fn when_ready<W, T, F>(&self, way: W, operation: F) -> Until<Io<'_, W, S, F>>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        until(Io::new(self, way, operation))
    }

    /// Like [`when_ready`](Self::when_ready). `is_nothing` says that nothing is asked of the descriptor: it is done
    /// at once.
    #[inline]
    pub(crate) fn when_ready_unless<W, T, F>(
        &self,
        is_nothing: bool,
        way: W,
        operation: F,
    ) -> Until<Io<'_, W, S, F>>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        let io = Io::new(self, way, operation);
        until(if is_nothing { io.at_once() } else { io })
    }

    /// Does `operation` now or not at all, in either mode.
    pub(crate) fn at_once<W, T, F>(&self, way: W, operation: F) -> io::Result<T>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        current::with(|hub| Io::new(self, way, operation).answer_now(hub))
    }

    /// Makes everybody who waits for the descriptor give up with an error, now and later.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let Some(slot) = self.slot() else { return };
        current::try_with(|hub| {
            let woken = hub.sources.borrow_mut().slot(slot).close();
            woken.iter().flatten().for_each(|task| hub.schedule(task));
        });
    }

    /// May an operation in this direction find something to do?
    #[inline]
    pub(super) fn is_ready(&self, direction: Direction, hub: &Hub) -> bool {
        match self.slot() {
            Some(slot) => hub.sources.borrow_mut().slot(slot).is_ready(direction),
            None => !self.drained[direction as usize].get() && !self.is_closed(),
        }
    }

    /// There is nothing left to do in this direction; `has_failed` says that a call found that out, and not a short
    /// count. `wait` is the count of the wait that is over: its task comes back, if nobody has woken it.
    #[inline]
    pub(super) fn note(
        &self,
        direction: Direction,
        drained: Option<Drained>,
        wait: Option<u32>,
        hub: &Hub,
    ) -> Option<TaskRef> {
        let Some(slot) = self.slot() else {
            self.drained[direction as usize].set(drained.is_some());
            return None;
        };
        if drained.is_none() && wait.is_none() {
            return None;
        }
        let mut sources = hub.sources.borrow_mut();
        let slot = sources.slot(slot);
        if let Some(drained) = drained {
            slot.become_drained(direction, drained);
        }
        wait.and_then(|wait| slot.leave(direction, wait))
    }

    /// Has it been closed, so that nobody may wait for it any more?
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// The slot in the hub's table, if the descriptor is registered.
    #[inline]
    pub(super) fn slot(&self) -> Option<u32> {
        let slot = self.slot.get();
        (slot != UNREGISTERED).then_some(slot)
    }

    /// The slot in the hub's table; registers the descriptor if this is the first time.
    #[inline]
    pub(super) fn registered(&self, hub: &Hub) -> io::Result<u32> {
        match self.slot() {
            Some(slot) => Ok(slot),
            None => self.register(hub),
        }
    }

    fn register(&self, hub: &Hub) -> io::Result<u32> {
        let raw = raw_source(self.io());
        let is_writable = !self.drained[Direction::Write as usize].get();
        let key = hub.sources.borrow_mut().insert(raw, is_writable);
        let added = hub.poller.borrow_mut().add(self.io().as_source(), key.token(), Interest::BOTH);
        let slot = match added {
            Ok(()) => key.index,
            Err(error) => {
                let mut sources = hub.sources.borrow_mut();
                sources.release(key.index);
                let is_known = self.lent && error.kind() == io::ErrorKind::AlreadyExists;
                // Another green thread waits for the other direction of it.
                is_known.then(|| sources.share(raw)).flatten().ok_or(error)?
            }
        };
        self.slot.set(slot);
        Ok(slot)
    }

    /// Tells a poller without edges what is waited for now.
    #[cold]
    pub(super) fn arm(&self, hub: &Hub, index: u32) -> io::Result<()> {
        let mut sources = hub.sources.borrow_mut();
        let slot = sources.slot(index);
        let (interest, generation) = (slot.interest(), slot.generation());
        drop(sources);
        let token = super::Key { index, generation }.token();
        hub.poller.borrow_mut().modify(self.io().as_source(), token, interest)
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
