//! Help for tests: time that does not pass by itself, and the certainty that nothing is left.

use std::fmt;
use std::time::Duration;

use crate::callable::{GreenCall, MakesGreenCall};
use crate::hub::current;
use crate::run;

pub use crate::hub::clock::VirtualClock;

/// Runs the green call that `f` makes under a [`VirtualClock`], and sees to it that it leaves nothing behind.
///
/// Sleeps and timeouts take no time, and happen at exactly the time they name: when no thread can run and no I/O is
/// ready, the clock jumps to the next deadline. While a job on another OS thread is under way the clock stands still.
/// The clock of the hub is put back afterwards.
///
/// # Panics
///
/// As [`run`], and with the list of what is left if the call leaves a thread, a timer or a descriptor behind.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// use eventlet::{sleep, testing};
///
/// let started = Instant::now();
/// testing::run_virtual(|| sleep(Duration::from_secs(3600)));
/// assert!(started.elapsed() < Duration::from_secs(60));
/// ```
#[track_caller]
pub fn run_virtual<F, G>(f: F) -> G::Value
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    let _clock = ClockGuard::install();
    let before = Left::now();
    let value = run(f);
    Left::now().assert_no_more_than(&before);
    value
}

/// Runs the green call that `f` makes in real time, and sees to it that it leaves nothing behind.
///
/// # Panics
///
/// As [`run_virtual`].
#[track_caller]
pub fn run_clean<F, G>(f: F) -> G::Value
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    let before = Left::now();
    let value = run(f);
    Left::now().assert_no_more_than(&before);
    value
}

/// What is alive on this OS thread's hub, and how many descriptors the process has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Green threads that have not ended.
    pub threads: usize,
    /// Timers that are set.
    pub timers: usize,
    /// Descriptors that are registered.
    pub sources: usize,
}

impl Left {
    /// Counts.
    pub fn now() -> Left {
        current::with(|hub| Left {
            threads: hub.thread_count(),
            timers: hub.timers.borrow().len(),
            sources: hub.sources.borrow().len(),
        })
    }

    #[track_caller]
    fn assert_no_more_than(&self, before: &Left) {
        let is_clean =
            self.threads <= before.threads && self.timers <= before.timers && self.sources <= before.sources;
        if !is_clean {
            let threads = crate::hubs::get_hub().describe_threads();
            panic!("something is left behind\nnote: there was {before}\nnote: there is {self}\n{threads}");
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} threads, {} timers, {} descriptors", self.threads, self.timers, self.sources)
    }
}

/// How much time has passed on this hub's clock since it began.
pub fn now() -> Duration {
    current::with(|hub| hub.now())
}

struct ClockGuard(std::rc::Rc<dyn crate::hubs::Clock>);

impl ClockGuard {
    fn install() -> Self {
        current::with(|hub| ClockGuard(hub.replace_clock(std::rc::Rc::new(VirtualClock::new()))))
    }
}

impl Drop for ClockGuard {
    fn drop(&mut self) {
        current::try_with(|hub| hub.replace_clock(self.0.clone()));
    }
}
