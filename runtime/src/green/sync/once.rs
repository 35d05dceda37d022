//! std's `Once`.

use std::fmt;
use std::sync::atomic::Ordering;

use super::access::{Access, Kind as Wanted};
use super::init::{Arrival, Gives};
use crate::green;
use crate::hub::lifecycle::is_panicking;
use crate::loom::{AtomicU32, const_unless_modelled};

/// Something that is done once: std's `Once`, whose calls may suspend.
///
/// What is to be done may make green calls. Others who come meanwhile, on whatever OS thread, wait
/// until it is done. If it panics, the `Once` is poisoned, as in std; if it is killed or timed out,
/// nothing has been done, and the next in line does it.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use eventlet::{green, sleep};
/// use eventlet::green::std::sync::Once;
/// use std::time::Duration;
///
/// static CONNECTED: Once = Once::new();
///
/// #[green]
/// fn connect() {
///     sleep(Duration::from_millis(1));
/// }
///
/// #[green]
/// fn main() {
///     CONNECTED.call_once(connect);
///     let mut times = 0;
///     CONNECTED.call_once(|| times += 1); // a plain closure will do as well
///     assert!(CONNECTED.is_completed());
///     assert_eq!(times, 0);
/// }
/// ```
pub struct Once {
    access: Access,
    phase: AtomicU32,
    arrival: Arrival,
}

const NOT_YET: u32 = 0;
const POISONED: u32 = 1;
const DONE: u32 = 2;

/// What [`Once::call_once_force`] finds: did an earlier call panic?
pub struct OnceState {
    is_poisoned: bool,
}

impl OnceState {
    /// Did an earlier call panic?
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState").field("poisoned", &self.is_poisoned).finish()
    }
}

impl Once {
    const_unless_modelled! {
        /// Nothing has been done.
        pub const fn new() -> Self {
            Once { access: Access::new(), phase: AtomicU32::new(NOT_YET), arrival: Arrival::new() }
        }
    }

    /// Calls `f`, unless it or another one was called here already, and waits until that is done.
    /// Suspends while `f` does, or while another thread is at it; not at all if it was done.
    ///
    /// # Panics
    ///
    /// If an earlier call panicked.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout drops the call of `f`, and the next in line makes its own.
    #[green(crate = crate)]
    pub fn call_once<F, G, K>(&self, f: F)
    where
        F: FnOnce() -> G,
        G: Gives<(), K>,
    {
        self.call(false, |_| f()).await;
    }

    /// As [`call_once`](Self::call_once), but if an earlier call panicked, `f` is called all the
    /// same, and mends it.
    ///
    /// # Cancel safety
    ///
    /// As [`call_once`](Self::call_once).
    #[green(crate = crate)]
    pub fn call_once_force<F, G, K>(&self, f: F)
    where
        F: FnOnce(&OnceState) -> G,
        G: Gives<(), K>,
    {
        self.call(true, f).await;
    }

    /// Was it done? Does not suspend.
    pub fn is_completed(&self) -> bool {
        self.phase.load(Ordering::Acquire) == DONE
    }

    /// Waits until somebody has done it. Suspends until then; not at all if it was done.
    ///
    /// # Panics
    ///
    /// If whoever is at it panics, or has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn wait(&self) {
        let phase = self.wait_until(|phase| phase != NOT_YET).await;
        if phase == POISONED {
            poisoned();
        }
    }

    /// As [`wait`](Self::wait), but waits on after a panic, until somebody has mended it.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn wait_force(&self) {
        self.wait_until(|phase| phase == DONE).await;
    }

    async fn wait_until(&self, is_over: fn(u32) -> bool) -> u32 {
        let phase = || Some(self.phase.load(Ordering::Acquire)).filter(|phase| is_over(*phase));
        self.arrival.wait(phase).await
    }

    async fn call<G, K>(&self, is_forced: bool, f: impl FnOnce(&OnceState) -> G)
    where
        G: Gives<(), K>,
    {
        if self.is_completed() {
            return;
        }
        let _held = self.access.enter(Wanted::Write).await;
        let phase = self.phase.load(Ordering::Acquire);
        match phase {
            DONE => return,
            POISONED if !is_forced => poisoned(),
            _ => {}
        }
        let undone = Undone { once: self };
        f(&OnceState { is_poisoned: phase == POISONED }).into_call().await;
        std::mem::forget(undone);
        self.settle(DONE);
    }

    fn settle(&self, phase: u32) {
        self.phase.store(phase, Ordering::Release);
        self.arrival.announce();
    }
}

/// What is left of a call that did not come to its end.
struct Undone<'a> {
    once: &'a Once,
}

impl Drop for Undone<'_> {
    fn drop(&mut self) {
        if is_panicking() {
            self.once.settle(POISONED);
        }
    }
}

#[cold]
fn poisoned() -> ! {
    panic!("Once instance has previously been poisoned")
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
