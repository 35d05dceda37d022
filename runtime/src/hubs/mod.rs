//! The hub of this OS thread: choosing how it waits, reaching it from other OS threads, and waiting
//! for descriptors that no green library knows. eventlet's `hubs`.
//!
//! # After a fork
//!
//! A process that was forked (by the C library's `fork`) has a copy of its OS thread's hub, and
//! shares with its parent what that hub waits in. So the copy is taken out of use there, and the
//! parent never notices: [`run`](crate::run) panics with a message that says so, at the latest when
//! the green thread that called `fork` would suspend; a descriptor that is not registered yet
//! cannot be (`Unsupported`), one that is can be closed or taken back; a [`Handle`] on a hub of the
//! parent says that it has [ended](HubEnded). The parent's green threads do not run in the child,
//! and neither do their destructors at its end. It may `exec`, `_exit`, or run green threads on a
//! new OS thread. [`green::process`](crate::green::process) starts programs without any of this.

mod alarm;
mod here;
pub(crate) mod inside;
#[cfg(feature = "hyper")]
mod hyper;
mod local;
mod run;
mod scheduled_call;
#[cfg(unix)]
mod trampoline;

use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::call::{GreenCall, MakesGreenCall};
use crate::greenthread::spawn_n;
use crate::hub::clock::HubClock;
use crate::hub::current;
use crate::hub::failed::cannot;
use crate::hub::poller;
use crate::hub::poller::none::FORKED;
use crate::hub::remote::{Mail, Remote};
use crate::hub::turn::RunEnd;
use crate::loom::Arc;

pub use crate::hub::clock::Clock;
#[cfg(feature = "websocket")]
pub(crate) use crate::hub::current::spend;
pub use crate::hub::poller::{BorrowedSource, Interest, Notify, Poller, RawSource, Readiness};
pub use alarm::Alarm;
pub use here::Here;
#[cfg(feature = "hyper")]
pub use hyper::HubTimer;
pub use local::Local;
pub use run::{run, try_run};
pub use scheduled_call::{ScheduledCall, schedule_call_global, schedule_call_local};
#[cfg(unix)]
pub use trampoline::trampoline;

/// Chooses how this OS thread's hub waits for I/O: by name, or a [`Poller`] of your own.
///
/// The names are `default` (which is what a hub starts with: epoll on Linux, what the `polling`
/// crate has elsewhere), `epoll` on Linux, `polling`, and `poll` and `select` on Unix; eventlet's
/// `epolls` and `selects` are understood too. The environment variable `EVENTLET_HUB` chooses for
/// every hub that does not choose for itself; with a name in it that this platform does not have,
/// the first use of a hub panics.
///
/// ```
/// use eventlet::hubs;
///
/// hubs::use_hub("select").unwrap();
/// assert_eq!(hubs::get_hub().name(), "select");
/// ```
///
/// # Errors
///
/// `NotFound` for a name that this platform does not have, with those that it has; `ResourceBusy`
/// if descriptors are registered with the present hub, which loses nothing (eventlet drops them
/// silently); else what the operating system said when the poller was made.
pub fn use_hub(hub: impl IntoPoller) -> io::Result<()> {
    let poller = hub.into_poller(private::Token)?;
    current::with(|hub| hub.set_poller(poller))
}

/// What [`use_hub`] takes: a name or a poller.
///
/// Only a hub has the pollers that come with this crate, since it alone keeps open what they watch:
///
/// ```compile_fail
/// use eventlet::hubs::IntoPoller;
///
/// let poller = "poll".into_poller();
/// ```
pub trait IntoPoller: private::IntoPoller {}

impl<P: private::IntoPoller> IntoPoller for P {}

mod private {
    use super::{Poller, io};

    /// Nobody outside can have one.
    pub struct Token;

    pub trait IntoPoller {
        /// Makes the poller.
        fn into_poller(self, token: Token) -> io::Result<Box<dyn Poller>>;
    }
}

impl private::IntoPoller for &str {
    fn into_poller(self, _: private::Token) -> io::Result<Box<dyn Poller>> {
        let unknown = || format!("there is no hub `{self}` here; the hubs are {}", poller::NAMES);
        let poller =
            poller::by_name(self).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, unknown()))?;
        poller.map_err(cannot(|| format!("make the hub `{self}`")))
    }
}

impl<P: Poller + 'static> private::IntoPoller for P {
    fn into_poller(self, _: private::Token) -> io::Result<Box<dyn Poller>> {
        Ok(Box::new(self))
    }
}

/// What a library keeps with this OS thread's hub: one value of each type, dropped with the hub.
#[cfg(all(feature = "http-client", feature = "tls"))]
pub(crate) fn kept<T: Default + 'static>() -> Rc<T> {
    current::with(|hub| hub.extensions.get())
}

/// This OS thread's hub, made now if there was none. eventlet's `get_hub`.
pub fn get_hub() -> Hub {
    Hub(current::with(|hub| hub.clone()))
}

/// A hub, from its own OS thread.
pub struct Hub(pub(crate) Rc<crate::hub::Hub>);

impl Hub {
    /// The name of its poller.
    pub fn name(&self) -> String {
        self.0.reactor.poller.borrow().name().to_owned()
    }

    /// How many green threads have not ended, the running one included.
    pub fn threads(&self) -> usize {
        self.0.thread_count()
    }

    /// How many green threads are ready to run. They are counted one by one.
    pub fn ready(&self) -> usize {
        self.0.ready_count()
    }

    /// How many timers are set.
    pub fn timers(&self) -> usize {
        self.0.time.timers.borrow().len()
    }

    /// How many descriptors are registered.
    pub fn sources(&self) -> usize {
        self.0.reactor.sources.borrow().len()
    }

    /// A handle for other OS threads.
    pub fn handle(&self) -> Handle {
        Handle(self.0.remote.clone())
    }

    /// What the hub's clock says.
    pub fn now(&self) -> Duration {
        self.0.now()
    }

    /// Gives the hub another clock. Timers that are set keep their deadlines, so do this first.
    ///
    /// How long ready threads may run before the hub looks at timers and descriptors goes by it as
    /// well, 2 ms; under a clock that stands still meanwhile it goes by their number alone, 1024.
    pub fn set_clock(&self, clock: impl Clock + 'static) {
        self.0.replace_clock(HubClock::Other(Rc::new(clock)));
    }

    /// Reports whoever keeps this hub for longer than `limit`; `None` ends that. Does not suspend.
    /// [`debug::hub_blocking_detection`](crate::debug::hub_blocking_detection) has it for the
    /// present hub, and says what is reported.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let hub = eventlet::hubs::get_hub();
    /// hub.detect_blocking(Some(Duration::from_millis(100)));
    /// hub.detect_blocking(None);
    /// ```
    pub fn detect_blocking(&self, limit: Option<Duration>) {
        self.0.detect_blocking(limit);
    }

    /// Every green thread that has not ended, with what it waits for and the lines where its green
    /// calls stand.
    pub fn describe_threads(&self) -> String {
        self.0.describe_threads()
    }

    /// Takes turns until the hub is [stopped](Handle::stop): for an OS thread that does nothing but
    /// serve others. Blocks the OS thread.
    ///
    /// # Panics
    ///
    /// Inside a green thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use eventlet::hubs;
    ///
    /// let (give, take) = mpsc::channel();
    /// let worker = std::thread::spawn(move || {
    ///     let hub = hubs::get_hub();
    ///     give.send(hub.handle()).unwrap();
    ///     hub.run_until_stopped();
    /// });
    /// let handle = take.recv().unwrap();
    /// let (say, hear) = mpsc::channel();
    /// handle.spawn(move || async move { say.send("hello from over there").unwrap() }).unwrap();
    /// assert_eq!(hear.recv().unwrap(), "hello from over there");
    /// handle.stop();
    /// worker.join().unwrap();
    /// ```
    #[track_caller]
    pub fn run_until_stopped(&self) {
        let _running = self.0.begin_run();
        if let RunEnd::Forked = self.0.run_until(None) {
            panic!("{FORKED}");
        }
    }
}

/// A hub, from any OS thread. Cheap to clone; keeps a hub that has nothing to do from reporting a
/// deadlock.
#[derive(Clone)]
pub struct Handle(Arc<Remote>);

/// The error of a [`Handle`] whose hub has ended with its OS thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubEnded;

impl fmt::Display for HubEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the hub has ended with its OS thread")
    }
}

impl std::error::Error for HubEnded {}

impl Handle {
    /// Starts a green thread over there, as [`spawn_n`] does here. Does not wait.
    ///
    /// Threads that are spawned like this from one OS thread begin in that order. There is no limit
    /// to how many may be on their way: whoever spawns faster than the hub works fills the memory.
    ///
    /// # Errors
    ///
    /// [`HubEnded`]; `f` is dropped.
    pub fn spawn<F, G>(&self, f: F) -> Result<(), HubEnded>
    where
        F: MakesGreenCall<G> + Send + 'static,
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        self.post(Mail::Call(Box::new(move || spawn_n(f))))
    }

    /// Makes the hub look outside: it comes back from its wait, if it waits.
    ///
    /// # Errors
    ///
    /// [`HubEnded`].
    pub fn wake(&self) -> Result<(), HubEnded> {
        self.post(Mail::Call(Box::new(|| {})))
    }

    /// Stops the hub: [`run_until_stopped`](Hub::run_until_stopped) returns, [`run`](crate::run)
    /// panics, and [`try_run`] gives [`Exit::Killed`](crate::Exit::Killed), after the thread that
    /// runs now has suspended; if that is the main one and it returns instead, that was the run's
    /// end. Other green threads stay suspended. If the hub does not run, its next run ends at once.
    ///
    /// # Errors
    ///
    /// [`HubEnded`]: it has stopped for good.
    pub fn stop(&self) -> Result<(), HubEnded> {
        // On the hub's own OS thread a message in the inbox would wait for the next look outside,
        // and others would run by then.
        let own = current::find().filter(|hub| std::ptr::eq::<Remote>(&*hub.remote, &*self.0));
        match own.filter(|_| !self.is_ended()) {
            Some(hub) => {
                hub.stop();
                Ok(())
            }
            None => self.post(Mail::Stop),
        }
    }

    /// Has the hub ended with its OS thread?
    pub fn is_ended(&self) -> bool {
        self.0.is_closed()
    }

    fn post(&self, mail: Mail) -> Result<(), HubEnded> {
        if self.0.post(mail) { Ok(()) } else { Err(HubEnded) }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("ended", &self.is_ended()).finish()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("name", &self.name()).field("threads", &self.threads()).finish()
    }
}

/// Tells the hub that a descriptor was closed, or is about to be: every green thread that waits for
/// it is woken with an error (`NotConnected`). Gives `false` if the hub does not know the
/// descriptor. Does not suspend.
///
/// The green sockets do this by themselves; it is for descriptors that something else closes.
/// eventlet's `notify_close` does nothing, so that such a thread sleeps for ever.
pub fn notify_close(source: RawSource) -> bool {
    current::with(|hub| {
        let mut woken = Vec::new();
        let found = hub.reactor.sources.borrow_mut().close_raw(source, &mut woken);
        woken.into_iter().for_each(|waiter| hub.wake(waiter));
        found
    })
}
