//! An operation on a descriptor: it is done at once if it can be, and waits for the descriptor if
//! not.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use super::Direction;
use super::slot::{Drained, Parked};
use super::source::Source;
use crate::hub::Hub;
use crate::hub::current;
use crate::hub::failed::cannot;
use crate::hub::poller::{AsSource, raw_source};
use crate::hub::suspend::{Timer, Until, Wait, Waiting, note_wait, until};
use crate::hub::task::is_trace_poll;

/// What an operation on a descriptor came to.
pub(crate) struct Done<T> {
    /// `None` says that there is more to do: it is asked again, and has a new limit.
    value: Option<T>,
    /// It did less than it could have: of a stream [whose counts are sure](Source::trusts_counts)
    /// it took all there was, and the next call would find nothing.
    drained: bool,
}

impl<T> Done<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        Done { value: Some(value), drained: false }
    }

    /// A write of `count` bytes that was offered `room` of them, with more to write.
    pub(crate) fn partly(count: usize, room: usize) -> Self {
        Done { value: None, drained: count < room.min(MOST_BYTES) }
    }
}

impl Done<usize> {
    /// The count of a stream operation that was offered `room` bytes.
    #[inline]
    pub(crate) fn count(count: usize, room: usize) -> Self {
        Done { value: Some(count), drained: 0 < count && count < room.min(MOST_BYTES) }
    }
}

/// No system call reads or writes more at once, whatever it is offered.
const MOST_BYTES: usize = 0x7fff_f000;

/// What is done with a descriptor, as a type: it costs no room in a wait.
pub(crate) trait Way: Copy {
    const DIRECTION: Direction;
    /// What could not be done if the operating system refuses, as it follows "cannot". `None` if
    /// whoever asks knows more.
    const OPERATION: Option<&'static str>;
}

macro_rules! ways {
    ($($way:ident: $direction:ident, $operation:expr;)*) => {$(
        #[derive(Clone, Copy)]
        pub(crate) struct $way;

        impl Way for $way {
            const DIRECTION: Direction = Direction::$direction;
            const OPERATION: Option<&'static str> = $operation;
        }
    )*};
}

ways! {
    Reads: Read, Some("read");
    Peeks: Read, Some("peek");
    Receives: Read, Some("receive a datagram");
    Accepts: Read, Some("accept a connection");
    Writes: Write, Some("write");
    Sends: Write, Some("send a datagram");
    Connects: Write, None;
}

/// An operation that waits for its descriptor.
///
/// Each suspended thread that waits for a descriptor has one of these in its state machine, and
/// most of a server's threads do; hence nothing is in it that the source has.
pub(crate) struct Operation<'a, W: Way, S: AsSource, F> {
    source: &'a Source<S>,
    operation: F,
    state: State,
    _way: PhantomData<W>,
}

enum State {
    Fresh,
    /// It asks nothing of the descriptor.
    AtOnce,
    /// The waiter of this count is ours.
    Waits {
        wait: u32,
        timer: Option<Timer>,
    },
    /// Another thread waits in this direction: its place, to be told together with our own.
    Conflict {
        // In a box of its own, because it is rare and a `String` is large.
        #[expect(clippy::box_collection)]
        first: Box<String>,
    },
}

impl<'a, W: Way, S: AsSource, F> Operation<'a, W, S, F> {
    #[inline]
    fn new(source: &'a Source<S>, _way: W, operation: F) -> Self {
        Operation { source, operation, state: State::Fresh, _way: PhantomData }
    }

    #[inline]
    fn at_once(mut self) -> Self {
        self.state = State::AtOnce;
        self
    }
}

impl<S: AsSource> Source<S> {
    /// Does `operation` when the descriptor is ready for it, and suspends until then, for as long
    /// as the limit of that direction says, or not at all in the non-blocking mode.
    #[inline]
    pub(crate) fn when_ready<W, T, F>(&self, way: W, operation: F) -> Until<Operation<'_, W, S, F>>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        until(Operation::new(self, way, operation))
    }

    /// Like [`when_ready`](Self::when_ready). `is_nothing` says that nothing is asked of the
    /// descriptor: it is done at once.
    #[inline]
    pub(crate) fn when_ready_unless<W, T, F>(
        &self,
        is_nothing: bool,
        way: W,
        operation: F,
    ) -> Until<Operation<'_, W, S, F>>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        let io = Operation::new(self, way, operation);
        until(if is_nothing { io.at_once() } else { io })
    }

    /// Does `operation` now or not at all, in either mode.
    pub(crate) fn at_once<W, T, F>(&self, way: W, operation: F) -> io::Result<T>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        current::with(|hub| Operation::new(self, way, operation).answer_now(hub))
    }
}

impl<W, S, F, T> Wait for Operation<'_, W, S, F>
where
    W: Way,
    S: AsSource,
    F: FnMut(&S) -> io::Result<Done<T>>,
{
    type Output = io::Result<T>;

    /// Each operation is counted where it is done.
    const IS_COUNTED: bool = false;

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<io::Result<T>> {
        let hub = waiting.hub;
        if self.source.is_nonblocking() || matches!(self.state, State::AtOnce | State::Conflict { .. }) {
            return Some(self.answer_now(hub));
        }
        while self.source.is_ready(W::DIRECTION, hub) {
            if current::is_spent() {
                waiting.give_way();
                return None;
            }
            current::spend(current::IO_COST);
            match self.operate(hub) {
                Ok(Some(value)) => return Some(Ok(value)),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Some(Err(named::<W>(error))),
            }
        }
        self.wait_on(waiting)
    }

    fn is_settled(&self) -> bool {
        !matches!(self.state, State::Fresh | State::AtOnce)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match W::DIRECTION {
            Direction::Read => "read from",
            Direction::Write => "write to",
        };
        write!(f, "to {what} descriptor {}", raw_source(self.source.io()))
    }
}

impl<W, S, F, T> Operation<'_, W, S, F>
where
    W: Way,
    S: AsSource,
    F: FnMut(&S) -> io::Result<Done<T>>,
{
    /// Calls the operation, and takes note of what that tells about the descriptor. `None` says
    /// that it has more to do.
    #[inline]
    fn operate(&mut self, hub: &Hub) -> io::Result<Option<T>> {
        let result = loop {
            match (self.operation)(self.source.io()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let drained = match &result {
            Ok(done) => {
                (done.drained && hub.reactor.trusts_short_counts.get() && self.source.trusts_counts())
                    .then_some(Drained::Short)
            }
            Err(error) => (error.kind() == io::ErrorKind::WouldBlock).then_some(Drained::Failed),
        };
        // The wait is over, and if there is more to do, another one has the whole limit.
        let over =
            if result.is_ok() { std::mem::replace(&mut self.state, State::Fresh) } else { State::Fresh };
        let wait = match &over {
            State::Waits { wait, .. } => Some(*wait),
            _ => None,
        };
        drop(self.source.note(W::DIRECTION, drained, wait, hub));
        if let State::Waits { timer: Some(timer), .. } = over {
            timer.cancel(hub);
        }
        Ok(result?.value)
    }

    /// What does not wait for the descriptor.
    #[cold]
    pub(super) fn answer_now(&mut self, hub: &Hub) -> io::Result<T> {
        if let State::Conflict { first } = &self.state {
            return Err(conflict_error(W::DIRECTION, first, hub.take_own_place()));
        }
        loop {
            // Whatever is known about the descriptor may be old, since the hub need not have
            // looked.
            if self.source.is_closed() && !matches!(self.state, State::AtOnce) {
                return Err(closed_error());
            }
            if let Some(value) = self.operate(hub).map_err(named::<W>)? {
                return Ok(value);
            }
        }
    }

    /// There is nothing to do: waits, or goes on waiting, unless it has waited long enough or must
    /// not.
    #[inline]
    fn wait_on(&mut self, waiting: &Waiting<'_>) -> Option<io::Result<T>> {
        if self.source.is_closed() {
            return Some(Err(closed_error()));
        }
        if let State::Waits { timer: Some(timer), .. } = &self.state
            && timer.has_fired(waiting.hub)
        {
            return Some(Err(timed_out_error()));
        }
        match self.park(waiting) {
            Ok(true) => None,
            Ok(false) => Some(Err(closed_error())),
            Err(error) => Some(Err(error)),
        }
    }

    /// Registers this task as a waiter. `false` says that the descriptor was closed.
    #[inline]
    fn park(&mut self, waiting: &Waiting<'_>) -> io::Result<bool> {
        let hub = waiting.hub;
        let task = waiting.waiter();
        hub.expect_to_run(&task);
        let mut task = Some(task);
        let slot = self.source.registered(hub)?;
        let own = match self.state {
            State::Waits { wait, .. } => Some(wait),
            _ => None,
        };
        let parked = hub.reactor.sources.borrow_mut().slot(slot).park(W::DIRECTION, own, &mut task);
        // The task that waited before, or our own that may not: dropped when nothing is borrowed.
        drop(task);
        match parked {
            Parked::Waits(wait) => self.set_timer(wait, waiting),
            Parked::Closed => return Ok(false),
            Parked::Taken(other) => {
                self.state = State::Conflict { first: Box::new(hub.place_of(other.as_task())) };
                hub.ask_own_place(&waiting.waiter());
                return Ok(true);
            }
        }
        if !hub.reactor.is_edge.get() {
            self.source.arm(hub, slot)?;
        }
        Ok(true)
    }

    #[inline]
    fn set_timer(&mut self, wait: u32, waiting: &Waiting<'_>) {
        let hub = waiting.hub;
        match &mut self.state {
            State::Waits { wait: own, timer } => {
                *own = wait;
                if let Some(timer) = timer {
                    timer.renew(hub, waiting.waiter());
                }
            }
            state => {
                let limit = self.source.limit_in_nanoseconds(W::DIRECTION);
                let timer = limit.map(|limit| Timer::roughly(hub, limit, waiting.waiter()));
                *state = State::Waits { wait, timer };
            }
        }
    }
}

impl<W: Way, S: AsSource, F> Drop for Operation<'_, W, S, F> {
    #[inline]
    fn drop(&mut self) {
        match &self.state {
            State::Fresh | State::AtOnce => {}
            // With the hub gone its table is gone as well.
            State::Waits { wait, .. } => {
                let Some(slot) = self.source.slot() else { return };
                drop(current::try_with(|hub| {
                    hub.reactor.sources.borrow_mut().slot(slot).leave(W::DIRECTION, *wait)
                }));
            }
            // Nobody will ask for the answer any more.
            State::Conflict { .. } => drop(current::try_with(|hub| hub.take_own_place())),
        }
    }
}

/// The operating system's error, with the name of what it refused.
#[cold]
fn named<W: Way>(error: io::Error) -> io::Error {
    match W::OPERATION {
        Some(operation) => cannot(|| operation)(error),
        None => error,
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

/// What an operation in the shape of a poll keeps between two polls: its registration, and its
/// limit.
///
/// Whoever keeps it gives it back to the same source: [`Source::forget_poll`] before either goes.
pub(crate) struct Kept(State);

impl Default for Kept {
    fn default() -> Self {
        Kept(State::Fresh)
    }
}

impl<S: AsSource> Source<S> {
    /// [`when_ready`](Self::when_ready) in the shape of a poll: nothing borrows the source between
    /// two of them.
    #[inline]
    pub(crate) fn poll_when_ready<W, T, F>(
        &self,
        kept: &mut Kept,
        way: W,
        cx: &mut Context<'_>,
        operation: F,
    ) -> Poll<io::Result<T>>
    where
        W: Way,
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        let mut io = Operation::new(self, way, operation);
        std::mem::swap(&mut io.state, &mut kept.0);
        let answer = if is_trace_poll(cx) {
            note_wait(&io);
            None
        } else {
            current::with(|hub| io.attempt(&Waiting::new(hub, cx.waker())))
        };
        match answer {
            // What is left of its state is given up with it.
            Some(output) => Poll::Ready(output),
            None => {
                std::mem::swap(&mut io.state, &mut kept.0);
                Poll::Pending
            }
        }
    }

    /// Gives up the wait that a poll has begun, if one has.
    pub(crate) fn forget_poll<W: Way>(&self, kept: &mut Kept, way: W) {
        let mut io = Operation::new(self, way, ());
        std::mem::swap(&mut io.state, &mut kept.0);
    }

    /// The limit of this direction has changed: a wait that a poll has begun has the new one, from
    /// now on.
    pub(crate) fn renew_limit<W: Way>(&self, kept: &mut Kept, _way: W) {
        let State::Waits { wait, timer } = &mut kept.0 else { return };
        let Some(slot) = self.slot() else { return };
        current::with(|hub| {
            let task = hub.reactor.sources.borrow_mut().slot(slot).waiter(W::DIRECTION, *wait);
            // Whoever was woken looks at the descriptor before it waits again, with the new limit.
            let limit = self.limit_in_nanoseconds(W::DIRECTION).zip(task);
            let new = limit.map(|(limit, task)| Timer::roughly(hub, limit, task));
            drop(std::mem::replace(timer, new));
        });
    }
}
