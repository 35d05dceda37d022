//! One descriptor that the hub knows.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use super::Direction;
use super::limit::Limit;
use super::slot::Drained;
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::failed::cannot;
use crate::hub::poller::{AsSource, BorrowedSource, Interest, Poller, RawSource, raw_source};
use crate::hub::task::Waiter;

/// A descriptor that green threads wait for.
pub(crate) struct Source<S: AsSource> {
    limits: [Cell<Limit>; 2],
    /// Its slot in the hub's table, or `UNREGISTERED`.
    slot: Cell<u32>,
    /// Before it is registered: the last operation in this direction found that there is nothing
    /// left. Registering brings an event if that has changed.
    drained: [Cell<bool>; 2],
    closed: Cell<bool>,
    nonblocking: Cell<bool>,
    /// A short count says that nothing is left.
    sure_counts: Cell<bool>,
    /// It did block, and does so again when it goes.
    puts_back: Cell<bool>,
    /// The descriptor is somebody else's and stays open.
    lent: bool,
    /// `None` only on the way out, in `into_inner`.
    io: Option<S>,
}

const UNREGISTERED: u32 = u32::MAX;
/// What a poller without edges can refuse.
const WAIT: &str = "have the hub wait for the descriptor";

impl<S: AsSource> Source<S> {
    /// Takes a descriptor that does not block.
    pub(crate) fn new(io: S) -> Self {
        Source {
            limits: [const { Cell::new(Limit::NONE) }; 2],
            slot: Cell::new(UNREGISTERED),
            drained: [const { Cell::new(false) }; 2],
            closed: Cell::new(false),
            nonblocking: Cell::new(false),
            sure_counts: Cell::new(false),
            puts_back: Cell::new(false),
            lent: false,
            io: Some(io),
        }
    }

    /// Takes a descriptor that stays open when the source is dropped.
    #[cfg(unix)]
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
        self.forget();
        self.put_back();
        self.io.take().expect("the descriptor is taken only when the source is consumed")
    }

    /// Ends the registration. Closing the descriptor would not be enough: where a duplicate of it
    /// lives, the operating system would go on telling of it.
    fn forget(&mut self) {
        let (Some(slot), Some(io)) = (self.slot(), &self.io) else { return };
        self.slot.set(UNREGISTERED);
        // With the hub gone its poller is gone as well (`Hub::retire_poller`).
        current::try_with(|hub| {
            #[cfg(unix)]
            if self.lent {
                return super::lent::forget(hub, raw_source(io), slot);
            }
            // Before anything else: what is dropped below may be somebody else's and panic, and
            // then the descriptor is closed all the same. An error says that the poller has
            // forgotten the descriptor already.
            let _ = hub.reactor.poller.borrow_mut().delete(io.as_source());
            let waiters = hub.reactor.sources.borrow_mut().release(slot);
            drop(waiters);
        });
    }

    /// It was [taken](super::taken::take), and is to be put back.
    #[cfg(unix)]
    pub(crate) fn puts_back(&self) {
        self.puts_back.set(true);
    }

    fn put_back(&self) {
        #[cfg(unix)]
        if self.puts_back.take()
            && let Some(io) = &self.io
        {
            super::taken::put_back(io.as_source());
        }
    }

    /// From now on a short count says that nothing is left, as it does for TCP and for nothing
    /// else: a Unix stream ends a read where a descriptor was passed or where another one's bytes
    /// begin, and what gives whole messages at each.
    pub(crate) fn trust_counts(&self) {
        self.sure_counts.set(true);
    }

    /// Does a short count say that nothing is left?
    #[inline]
    pub(crate) fn trusts_counts(&self) -> bool {
        self.sure_counts.get()
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

    /// Makes everybody who waits for the descriptor give up with an error, now and later.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let Some(slot) = self.slot() else { return };
        current::try_with(|hub| {
            let woken = hub.reactor.sources.borrow_mut().slot(slot).close();
            woken.into_iter().flatten().for_each(|waiter| hub.wake(waiter));
        });
    }

    /// May an operation in this direction find something to do?
    #[inline]
    pub(super) fn is_ready(&self, direction: Direction, hub: &Hub) -> bool {
        match self.slot() {
            Some(slot) => hub.reactor.sources.borrow_mut().slot(slot).is_ready(direction),
            None => !self.drained[direction as usize].get() && !self.is_closed(),
        }
    }

    /// There is nothing left to do in this direction; `has_failed` says that a call found that out,
    /// and not a short count. `wait` is the count of the wait that is over: its task comes back, if
    /// nobody has woken it.
    #[inline]
    pub(super) fn note(
        &self,
        direction: Direction,
        drained: Option<Drained>,
        wait: Option<u32>,
        hub: &Hub,
    ) -> Option<Waiter> {
        let Some(slot) = self.slot() else {
            self.drained[direction as usize].set(drained.is_some());
            return None;
        };
        if drained.is_none() && wait.is_none() {
            return None;
        }
        let mut sources = hub.reactor.sources.borrow_mut();
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

    #[cold]
    fn register(&self, hub: &Hub) -> io::Result<u32> {
        let registered = self.begin(hub);
        match &registered {
            Ok(slot) => self.slot.set(*slot),
            // No event will tell of a change: the next operation looks for itself.
            Err(_) => self.drained.iter().for_each(|drained| drained.set(false)),
        }
        registered.map_err(cannot(|| "register the descriptor with the hub"))
    }

    fn begin(&self, hub: &Hub) -> io::Result<u32> {
        #[cfg(unix)]
        if self.lent {
            return super::lent::register(hub, self.io().as_source());
        }
        let is_writable = !self.drained[Direction::Write as usize].get();
        add(hub, self.io().as_source(), raw_source(self.io()), is_writable)
    }

    /// Tells a poller without edges what is waited for now.
    #[cold]
    pub(super) fn arm(&self, hub: &Hub, index: u32) -> io::Result<()> {
        let mut sources = hub.reactor.sources.borrow_mut();
        let slot = sources.slot(index);
        let (interest, generation) = (slot.interest(), slot.generation());
        drop(sources);
        let token = super::Key { index, generation }.token();
        #[cfg(unix)]
        if self.lent {
            let sources = hub.reactor.sources.borrow();
            let watched = sources.watched(raw_source(self.io())).ok_or(io::ErrorKind::NotFound)?;
            return hub.reactor.poller.borrow_mut().modify(watched, token, interest).map_err(cannot(|| WAIT));
        }
        hub.reactor
            .poller
            .borrow_mut()
            .modify(self.io().as_source(), token, interest)
            .map_err(cannot(|| WAIT))
    }
}

impl<S: AsSource> Drop for Source<S> {
    fn drop(&mut self) {
        self.forget();
        self.put_back();
    }
}

/// Has the poller watch a descriptor, under the number `raw`, and gives its slot.
pub(super) fn add(
    hub: &Hub,
    source: BorrowedSource<'_>,
    raw: RawSource,
    is_writable: bool,
) -> io::Result<u32> {
    let key = hub.reactor.sources.borrow_mut().insert(raw, is_writable);
    let added = watch(&mut **hub.reactor.poller.borrow_mut(), source, key.token());
    if let Err(error) = added {
        let waiters = hub.reactor.sources.borrow_mut().release(key.index);
        drop(waiters);
        return Err(error);
    }
    Ok(key.index)
}

fn watch(poller: &mut dyn Poller, source: BorrowedSource<'_>, token: usize) -> io::Result<()> {
    match poller.add(source, token, Interest::BOTH) {
        // Somebody closed the number behind its owner's back, and a duplicate has kept the
        // registration: it is nobody's.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            poller.delete(source)?;
            poller.add(source, token, Interest::BOTH)
        }
        result => result,
    }
}
