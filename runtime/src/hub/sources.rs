//! Who waits for which descriptor, and what is known about each.
//!
//! A [`Source`] is a descriptor that the hub knows. It is registered when an operation on it first finds nothing to
//! do, once, for both directions, edge-triggered where the poller can. From then on the hub remembers what each
//! direction is ready for, and a system call that would find nothing is not made.
//!
//! A slot's key holds a generation, so that an event for a descriptor that has gone is dropped and never reaches the
//! next one in its slot.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::time::Duration;

use super::Hub;
use super::current;
use super::poller::{AsSource, Event, Interest, RawSource, raw_source};
use super::suspend::{Timer, Until, Wait, Waiting, until};
use super::task::TaskRef;

/// All sources of a hub.
#[derive(Default)]
pub(crate) struct Sources {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    raw: RawSource,
    in_use: bool,
    closed: bool,
    /// How many sources share it: those that wait for one lent descriptor.
    users: u32,
    sides: [Side; 2],
}

#[derive(Default)]
struct Side {
    /// A system call may find something to do.
    ready: bool,
    /// The peer is gone: every later call will find that out at once.
    hung_up: bool,
    waiter: Option<TaskRef>,
    /// Counts the waits of this side, so that each knows whether the waiter is its own.
    waits: u32,
}

/// Which half of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

/// Slot and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceKey(usize);

const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 20 };

impl SourceKey {
    fn new(index: u32, generation: u32) -> Self {
        SourceKey(index as usize | (generation as usize) << INDEX_BITS)
    }

    fn index(self) -> usize {
        self.0 & ((1 << INDEX_BITS) - 1)
    }

    fn generation(self) -> usize {
        self.0 >> INDEX_BITS
    }

    pub(crate) fn token(self) -> usize {
        self.0
    }
}

impl Sources {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Does any task wait for a descriptor? Asked before every sleep without a deadline, so it stops at the first.
    pub(crate) fn has_waiter(&self) -> bool {
        self.slots.iter().flat_map(|slot| &slot.sides).any(|side| side.waiter.is_some())
    }

    fn insert(&mut self, raw: RawSource) -> SourceKey {
        let sides = [Side::default(), Side { ready: true, ..Side::default() }];
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                // The highest generation and slot together would be the token that `polling` keeps for itself.
                let generation = slot.generation.wrapping_add(1) & (u32::MAX >> 1);
                *slot = Slot { generation, raw, in_use: true, closed: false, users: 1, sides };
                SourceKey::new(index, generation)
            }
            None => {
                let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 descriptors");
                self.slots.push(Slot { generation: 0, raw, in_use: true, closed: false, users: 1, sides });
                SourceKey::new(index, 0)
            }
        }
    }

    /// One source fewer uses this slot. `true` says that it was the last, and the slot is free.
    fn release(&mut self, key: SourceKey) -> bool {
        let Some(slot) = self.slot(key) else { return false };
        slot.users -= 1;
        let is_last = slot.users == 0;
        if is_last {
            slot.in_use = false;
            slot.sides = Default::default();
            self.free.push(key.index() as u32);
        }
        is_last
    }

    /// One source more uses the slot of this descriptor, if it has one. Looks at all of them.
    fn share(&mut self, raw: RawSource) -> Option<SourceKey> {
        let index = self.slots.iter().position(|slot| slot.in_use && slot.raw == raw)?;
        let slot = &mut self.slots[index];
        slot.users += 1;
        Some(SourceKey::new(index as u32, slot.generation))
    }

    fn slot(&mut self, key: SourceKey) -> Option<&mut Slot> {
        let mask = usize::MAX >> INDEX_BITS;
        let slot = self.slots.get_mut(key.index())?;
        (slot.in_use && slot.generation as usize & mask == key.generation()).then_some(slot)
    }

    /// Takes note of an event; whoever waited for it is appended to `woken`.
    pub(crate) fn deliver(&mut self, event: &Event, is_edge: bool, woken: &mut Vec<TaskRef>) {
        // A stale event is dropped here.
        let Some(slot) = self.slot(SourceKey(event.token)) else { return };
        for (side, is_ready) in slot.sides.iter_mut().zip([event.readable, event.writable]) {
            if is_ready || !is_edge {
                // Without edges an event disarms both directions: the other side looks for itself and arms again.
                side.ready = true;
                side.hung_up |= event.hung_up && is_ready;
                woken.extend(side.waiter.take());
            }
        }
    }

    /// Marks every source on this descriptor as closed; whoever waited is appended to `woken`.
    pub(crate) fn close_raw(&mut self, raw: RawSource, woken: &mut Vec<TaskRef>) -> bool {
        let mut found = false;
        for slot in self.slots.iter_mut().filter(|slot| slot.in_use && slot.raw == raw) {
            found = true;
            slot.closed = true;
            for side in &mut slot.sides {
                woken.extend(side.waiter.take());
            }
        }
        found
    }
}

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
        until(Io { source: self, direction, patience: patience.into(), operation, state: State::Fresh })
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

    /// The key in the hub's table; registers the descriptor if this is the first time.
    fn registered(&self, hub: &Hub) -> io::Result<SourceKey> {
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

/// How long an operation waits for its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all: it gives `WouldBlock`, and never suspends.
    None,
    Forever,
    For(Duration),
}

impl From<Option<Duration>> for Patience {
    fn from(limit: Option<Duration>) -> Self {
        limit.map_or(Patience::Forever, Patience::For)
    }
}

/// An operation that waits for its descriptor.
pub(crate) struct Io<'a, S: AsSource, F> {
    source: &'a Source<S>,
    direction: Direction,
    patience: Patience,
    operation: F,
    state: State,
}

enum State {
    Fresh,
    /// The waiter of this count is ours.
    Waits {
        wait: u32,
        timer: Option<Timer>,
    },
    /// Another thread waits in this direction: its place, to be told together with our own.
    Conflict {
        first: String,
    },
}

/// Does somebody else wait there already?
enum Parked {
    Waits(u32),
    Taken(TaskRef),
    Gone,
}

impl<S, F, T> Wait for Io<'_, S, F>
where
    S: AsSource,
    F: FnMut(&S) -> io::Result<Done<T>>,
{
    type Output = io::Result<T>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<io::Result<T>> {
        let hub = waiting.hub;
        if self.patience == Patience::None {
            // Whatever is known about the descriptor may be old, since the hub need not have looked.
            return Some(if self.source.closed.get() { Err(closed_error()) } else { self.operate(hub) });
        }
        if let State::Conflict { first } = &self.state {
            return Some(Err(conflict_error(self.direction, first, hub.take_own_place())));
        }
        if !hub.spend() {
            waiting.schedule();
            return None;
        }
        if self.is_ready(hub) {
            match self.operate(hub) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Some(result),
            }
        }
        if self.source.closed.get() {
            return Some(Err(closed_error()));
        }
        match &self.state {
            State::Waits { timer: Some(timer), .. } if timer.has_fired(hub) => {
                return Some(Err(timed_out_error()));
            }
            _ => {}
        }
        match self.park(waiting) {
            Ok(true) => None,
            Ok(false) => Some(Err(closed_error())),
            Err(error) => Some(Err(error)),
        }
    }

    fn is_settled(&self) -> bool {
        !matches!(self.state, State::Fresh)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.direction {
            Direction::Read => "read from",
            Direction::Write => "write to",
        };
        write!(f, "to {what} descriptor {}", raw_source(self.source.io()))
    }
}

impl<S, F, T> Io<'_, S, F>
where
    S: AsSource,
    F: FnMut(&S) -> io::Result<Done<T>>,
{
    fn is_ready(&self, hub: &Hub) -> bool {
        if self.source.closed.get() {
            return false;
        }
        let Some(key) = self.source.key.get() else { return true };
        let mut sources = hub.sources.borrow_mut();
        sources.slot(key).is_none_or(|slot| slot.sides[self.direction as usize].ready && !slot.closed)
    }

    fn operate(&mut self, hub: &Hub) -> io::Result<T> {
        let result = loop {
            match (self.operation)(self.source.io()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let is_drained = match &result {
            Ok(done) => done.drained && hub.trusts_short_counts.get(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if is_drained
            && let Some(key) = self.source.key.get()
            && let Some(slot) = hub.sources.borrow_mut().slot(key)
        {
            let side = &mut slot.sides[self.direction as usize];
            // What has been hung up has an end, or an error, that no later event announces.
            side.ready = side.hung_up && result.is_ok();
        }
        result.map(|done| done.value)
    }

    /// Leaves word that this task waits. `false` says that the descriptor was closed.
    fn park(&mut self, waiting: &Waiting<'_>) -> io::Result<bool> {
        let hub = waiting.hub;
        hub.expect_to_run(&waiting.task());
        let key = self.source.registered(hub)?;
        let own = match self.state {
            State::Waits { wait, .. } => Some(wait),
            _ => None,
        };
        let parked = park_in(hub, key, self.direction, own, waiting);
        match parked {
            Parked::Gone => return Ok(false),
            Parked::Taken(other) => {
                self.state = State::Conflict { first: hub.place_of(&other) };
                hub.ask_own_place(&waiting.task());
                return Ok(true);
            }
            Parked::Waits(wait) => {
                let timer = match std::mem::replace(&mut self.state, State::Fresh) {
                    State::Waits { timer: Some(timer), .. } => {
                        timer.renew(hub, waiting.task());
                        Some(timer)
                    }
                    _ => match self.patience {
                        Patience::For(limit) => Some(Timer::set(hub, hub.deadline_in(limit), waiting.task())),
                        Patience::None | Patience::Forever => None,
                    },
                };
                self.state = State::Waits { wait, timer };
            }
        }
        if !hub.is_edge.get() {
            let interest = hub.sources.borrow_mut().slot(key).map_or(Interest::NONE, |slot| Interest {
                readable: slot.sides[0].waiter.is_some(),
                writable: slot.sides[1].waiter.is_some(),
            });
            hub.poller.borrow_mut().modify(self.source.io().as_source(), key.token(), interest)?;
        }
        Ok(true)
    }
}

fn park_in(
    hub: &Hub,
    key: SourceKey,
    direction: Direction,
    own: Option<u32>,
    waiting: &Waiting<'_>,
) -> Parked {
    let mut sources = hub.sources.borrow_mut();
    let Some(slot) = sources.slot(key).filter(|slot| !slot.closed) else { return Parked::Gone };
    let side = &mut slot.sides[direction as usize];
    match &side.waiter {
        Some(other) if own != Some(side.waits) => return Parked::Taken(other.clone()),
        Some(_) => {}
        None => side.waits = side.waits.wrapping_add(1),
    }
    side.waiter = Some(waiting.task());
    Parked::Waits(side.waits)
}

impl<S: AsSource, F> Drop for Io<'_, S, F> {
    fn drop(&mut self) {
        let wait = match &self.state {
            State::Fresh => return,
            State::Waits { wait, .. } => *wait,
            // Nobody will ask for the answer any more.
            State::Conflict { .. } => return drop(current::try_with(|hub| hub.take_own_place())),
        };
        let Some(key) = self.source.key.get() else { return };
        current::try_with(|hub| {
            let mut sources = hub.sources.borrow_mut();
            let Some(slot) = sources.slot(key) else { return };
            let side = &mut slot.sides[self.direction as usize];
            if side.waits == wait {
                side.waiter = None;
            }
        });
    }
}

fn closed_error() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the socket was closed by another green thread")
}

fn timed_out_error() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "timed out")
}

#[cold]
fn conflict_error(direction: Direction, first: &str, second: Option<String>) -> io::Error {
    let what = match direction {
        Direction::Read => "read",
        Direction::Write => "write",
    };
    let second = second.unwrap_or_else(|| "outside any green thread".to_owned());
    let message = format!(
        "second simultaneous {what} on one descriptor\n\
         note: the first waits {first}\n\
         note: the second came {second}\n\
         help: let one green thread {what}, and share what it gets through a queue"
    );
    io::Error::new(io::ErrorKind::ResourceBusy, message)
}
