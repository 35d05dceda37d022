//! What time it is: really, or as a test says.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A hub's clock. Times are durations since an origin of the clock's own choice, and never run
/// backwards.
///
/// The one a hub starts with reads the operating system's monotonic clock. Install another one with
/// [`Hub::set_clock`](crate::hubs::Hub::set_clock);
/// [`testing::VirtualClock`](crate::testing::VirtualClock) is one that jumps from deadline to
/// deadline.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Duration;

    /// Can the hub move this clock instead of sleeping? For one that measures real time: no.
    fn is_virtual(&self) -> bool {
        false
    }

    /// Nothing can run before `deadline`, and no I/O is ready: a virtual clock moves there.
    fn advance_to(&self, deadline: Duration) {
        let _ = deadline;
    }
}

/// The clock that a hub goes by. The usual one is asked without a detour: every timeout does.
pub(crate) enum HubClock {
    /// The operating system's monotonic clock, since this instant.
    Real(Instant),
    Other(Rc<dyn Clock>),
}

impl HubClock {
    pub(crate) fn real() -> Self {
        HubClock::Real(Instant::now())
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        match self {
            HubClock::Real(origin) => origin.elapsed(),
            HubClock::Other(clock) => clock.now(),
        }
    }

    pub(crate) fn is_real(&self) -> bool {
        matches!(self, HubClock::Real(_))
    }

    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, HubClock::Other(clock) if clock.is_virtual())
    }

    pub(crate) fn advance_to(&self, deadline: Duration) {
        if let HubClock::Other(clock) = self {
            clock.advance_to(deadline);
        }
    }
}

/// A clock for tests: it stands still while anything can run, and jumps to the next deadline when
/// nothing can.
///
/// A test of an hour's sleep takes no time, and gives the same times in every run. Clones are
/// handles on one clock. trio calls this an autojump clock.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    now: Rc<Cell<Duration>>,
}

impl VirtualClock {
    /// A clock that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much time has passed on this clock.
    pub fn elapsed(&self) -> Duration {
        self.now.get()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn advance_to(&self, deadline: Duration) {
        self.now.set(self.now.get().max(deadline));
    }
}
