//! Help for tests: time that does not pass by itself, and the certainty that nothing is left.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::call::{GreenCall, MakesGreenCall};
use crate::hub::clock::HubClock;
use crate::hub::current;
use crate::hubs::run;

pub use crate::hub::clock::VirtualClock;

/// Runs the green call that `f` makes under a [`VirtualClock`], and sees to it that it leaves
/// nothing behind.
///
/// Sleeps and timeouts take no time, and happen at exactly the time they name: when no thread can
/// run and no I/O is ready, the clock jumps to the next deadline. While a job on another OS thread
/// is under way the clock stands still. The clock of the hub is put back afterwards.
///
/// # Panics
///
/// As [`run`], and with the list of what is left if the call leaves a thread, a timer or a
/// descriptor behind.
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
    let (value, behind) = look_behind_virtual(f);
    behind.assert_nothing();
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
    let (value, behind) = look_behind(f);
    behind.assert_nothing();
    value
}

/// As [`run_virtual`], and leaves it to the caller to say what is left behind.
#[track_caller]
pub(crate) fn look_behind_virtual<F, G>(f: F) -> (G::Value, Behind)
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    let _clock = ClockGuard::install();
    look_behind(f)
}

/// As [`run_clean`], and leaves it to the caller to say what is left behind.
#[track_caller]
pub(crate) fn look_behind<F, G>(f: F) -> (G::Value, Behind)
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    let before = Left::now();
    let value = run(f);
    (value, Behind { before, after: Left::now() })
}

/// What was there before a call, and after it.
pub(crate) struct Behind {
    before: Left,
    after: Left,
}

impl Behind {
    /// # Panics
    ///
    /// With the list of what is left, if there is more than before.
    #[track_caller]
    pub(crate) fn assert_nothing(&self) {
        self.after.assert_no_more_than(&self.before);
    }
}

/// What is alive on this OS thread's hub. (Descriptors that are open and not registered are not its
/// business.)
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
            timers: hub.time.timers.borrow().len(),
            sources: hub.reactor.sources.borrow().len(),
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

/// Runs the green call that `f` makes, and tells at which places it suspended, each once, in the
/// order in which they were first met.
///
/// Other green threads that take their turns meanwhile count as well. What this tells is what
/// happened: a call that had its answer at once (a lock that was free, data that had arrived) is
/// not in the list, nor is a branch that was not taken. A place in a library's own code is told as
/// the line of the green function that called the library, and an `.await` of something outside
/// eventlet as the function that it stands in.
///
/// The value of the call is dropped.
///
/// # Panics
///
/// As [`run`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, testing};
///
/// #[green]
/// fn pause(times: u32) {
///     for _ in 0..times {
///         sleep(Duration::ZERO);
///     }
/// }
///
/// let points = testing::suspension_points(|| pause(3));
/// assert_eq!(points.len(), 1);
/// assert_eq!(points[0].times, 3);
/// assert!(points[0].function.ends_with("pause"), "{points:?}");
/// ```
#[track_caller]
pub fn suspension_points<F, G>(f: F) -> Vec<SuspensionPoint>
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    let watching = Watching::begin();
    drop(run(f));
    watching.points()
}

/// A place at which a green thread has suspended; see [`suspension_points`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuspensionPoint {
    /// The green function, by its path.
    pub function: String,
    /// The file; empty for an `.await` of something outside eventlet, of which only the function is
    /// known.
    pub file: &'static str,
    /// The line of the call in it.
    pub line: u32,
    /// What it waited for, the first time.
    pub wait: String,
    /// How often.
    pub times: usize,
}

impl fmt::Display for SuspensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SuspensionPoint { function, file, line, wait, times } = self;
        write!(f, "{function} ")?;
        if !file.is_empty() {
            write!(f, "at {file}:{line} ")?;
        }
        write!(f, "waits {wait} ({times}×)")
    }
}

/// Keeps every suspension, until it is dropped.
struct Watching;

impl Watching {
    fn begin() -> Self {
        current::with(|hub| hub.keep_points());
        Watching
    }

    fn points(self) -> Vec<SuspensionPoint> {
        let mut points: Vec<SuspensionPoint> = Vec::new();
        for seen in current::with(|hub| hub.take_points()) {
            let (file, line) = seen.line.map_or(("", 0), |line| (line.file(), line.line()));
            let known = points
                .iter_mut()
                .find(|point| (point.file, point.line) == (file, line) && point.function == seen.function);
            match known {
                Some(point) => point.times += 1,
                None => points.push(SuspensionPoint {
                    function: seen.function,
                    file,
                    line,
                    wait: seen.wait,
                    times: 1,
                }),
            }
        }
        points
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        current::try_with(|hub| hub.take_points());
    }
}

/// How much time has passed on this hub's clock since it began.
pub fn now() -> Duration {
    current::with(|hub| hub.now())
}

/// Puts the hub's own clock back.
struct ClockGuard(Option<HubClock>);

impl ClockGuard {
    fn install() -> Self {
        let clock = HubClock::Other(Rc::new(VirtualClock::new()));
        ClockGuard(Some(current::with(|hub| hub.replace_clock(clock))))
    }
}

impl Drop for ClockGuard {
    fn drop(&mut self) {
        if let Some(clock) = self.0.take() {
            current::try_with(|hub| hub.replace_clock(clock));
        }
    }
}
