//! What other OS threads may read of a hub while it works: how often it turned, who runs, whether
//! it sleeps.
//!
//! It lies apart from [`Remote`](super::remote::Remote) on purpose. Whoever holds a `Remote` may
//! still send mail, and with a watcher among them no deadlock would ever be reported.
//!
//! Everything is written by the hub's own OS thread, so that an addition is a load and a store and
//! no locked instruction; and nothing follows from it, so that no order is asked for.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use super::poller::fork;

/// What a hub shows of itself.
pub(crate) struct Pulse {
    /// Never used before in this process.
    pub(crate) number: u64,
    /// The name of its OS thread.
    pub(crate) os_thread: Option<Box<str>>,
    /// The process that it belongs to: a fork has copies of what does not run there.
    process: u32,
    phase: AtomicU8,
    /// The thread that was resumed last, while that goes on; 0 where none is.
    pub(crate) running: Count,
    pub(crate) turns: Count,
    pub(crate) resumptions: Count,
    pub(crate) sleeps: Count,
    pub(crate) events: Count,
    pub(crate) timers: Count,
    pub(crate) mail: Count,
}

/// A number that one OS thread writes and all others may read.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline(always)]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }
}

/// What a hub does.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Nobody runs it.
    Outside,
    /// It resumes threads, or looks outside.
    Runs,
    /// It waits for the operating system.
    Sleeps,
    /// Its OS thread is ending.
    Ended,
}

impl Pulse {
    /// That of a hub which nobody is told of.
    pub(crate) fn unlisted() -> Arc<Pulse> {
        Arc::new(Pulse {
            number: 0,
            os_thread: None,
            process: fork::generation(),
            phase: AtomicU8::new(Phase::Outside as u8),
            running: Count::default(),
            turns: Count::default(),
            resumptions: Count::default(),
            sleeps: Count::default(),
            events: Count::default(),
            timers: Count::default(),
            mail: Count::default(),
        })
    }

    /// That of this OS thread's hub, which [`all`] lists from now on.
    pub(crate) fn of_this_thread() -> Arc<Pulse> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed) + 1;
        let os_thread = std::thread::current().name().map(Box::from);
        let mut pulse = Pulse::unlisted();
        if let Some(pulse) = Arc::get_mut(&mut pulse) {
            (pulse.number, pulse.os_thread) = (number, os_thread);
        }
        if let Some(mut hubs) = hubs() {
            hubs.retain(|other| other.strong_count() > 0);
            hubs.push(Arc::downgrade(&pulse));
        }
        pulse
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Outside,
            1 => Phase::Runs,
            2 => Phase::Sleeps,
            _ => Phase::Ended,
        }
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// A thread is resumed.
    #[inline(always)]
    pub(crate) fn resume(&self, thread: u64) {
        self.running.set(thread);
        self.resumptions.add(1);
    }
}

/// The hubs of this process that have not ended, in the order in which they were made.
pub(crate) fn all() -> Vec<Arc<Pulse>> {
    let is_alive = |pulse: &Arc<Pulse>| pulse.process == fork::generation() && pulse.phase() != Phase::Ended;
    let hubs = hubs();
    let hubs = hubs.iter().flat_map(|hubs| hubs.iter());
    hubs.filter_map(Weak::upgrade).filter(is_alive).collect()
}

/// The list of all hubs, which is touched when a hub is made and when somebody asks.
///
/// `None` where it cannot be had: in a process that was forked while another OS thread held it,
/// and nobody gives it back.
fn hubs() -> Option<MutexGuard<'static, Vec<Weak<Pulse>>>> {
    static HUBS: Mutex<Vec<Weak<Pulse>>> = Mutex::new(Vec::new());
    /// Whoever holds it there is done sooner.
    const TRIES: u32 = 10_000;
    if fork::generation() == 0 {
        return Some(HUBS.lock().unwrap_or_else(PoisonError::into_inner));
    }
    for _ in 0..TRIES {
        match HUBS.try_lock() {
            Ok(hubs) => return Some(hubs),
            Err(TryLockError::Poisoned(hubs)) => return Some(hubs.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}
