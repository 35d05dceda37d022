//! An operation on a descriptor: it is done at once if it can be, and waits for the descriptor if not.

use std::fmt;
use std::io;
use std::time::Duration;

use super::source::{Done, Source};
use super::{Direction, SourceKey};
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::poller::{AsSource, Interest, raw_source};
use crate::hub::suspend::{Timer, Wait, Waiting};
use crate::hub::task::TaskRef;

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

impl<'a, S: AsSource, F> Io<'a, S, F> {
    pub(super) fn new(source: &'a Source<S>, direction: Direction, patience: Patience, operation: F) -> Self {
        Io { source, direction, patience, operation, state: State::Fresh }
    }
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
            return Some(if self.source.is_closed() { Err(closed_error()) } else { self.operate(hub) });
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
        if self.source.is_closed() {
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
        if self.source.is_closed() {
            return false;
        }
        let Some(key) = self.source.key() else { return true };
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
            && let Some(key) = self.source.key()
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
        let Some(key) = self.source.key() else { return };
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
