//! std's `OnceLock`.

use std::fmt;
use std::sync;

use super::access::{Access, Kind as Wanted};
use super::init::{Arrival, Gives};
use crate::green;
use crate::loom::const_unless_modelled;

/// A value that is made once: std's `OnceLock`, whose calls may suspend.
///
/// What makes the value may make green calls. Others who want it meanwhile, on whatever OS thread,
/// wait until it is there. If making it panics, or is killed or timed out, the next in line makes
/// it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::green::std::sync::OnceLock;
/// use eventlet::{green, sleep};
///
/// static ADDRESS: OnceLock<String> = OnceLock::new();
///
/// #[green]
/// fn look_up(name: &str) -> String {
///     sleep(Duration::from_millis(1));
///     format!("{name}:80")
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(ADDRESS.get_or_init(|| look_up("example.org")), "example.org:80");
///     assert_eq!(ADDRESS.get_or_init(|| String::from("another")), "example.org:80");
/// }
/// ```
pub struct OnceLock<T> {
    access: Access,
    arrival: Arrival,
    value: sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    const_unless_modelled! {
        /// Without a value.
        pub const fn new() -> Self {
            OnceLock { access: Access::new(), arrival: Arrival::new(), value: sync::OnceLock::new() }
        }
    }

    /// The value, if it is there. Does not suspend.
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, if it is there; nobody else can be using it.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// The value, which `f` makes if it is not there. Suspends while `f` does, or while another
    /// thread is at it; not at all if the value is there.
    ///
    /// # Panics
    ///
    /// If `f` does: then there is no value yet.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout drops the call of `f`, and the next in line makes its own.
    #[green(crate = crate)]
    pub fn get_or_init<F, G, K>(&self, f: F) -> &T
    where
        F: FnOnce() -> G,
        G: Gives<T, K>,
    {
        if let Some(value) = self.value.get() {
            return value;
        }
        let _held = self.access.enter(Wanted::Write).await;
        if let Some(value) = self.value.get() {
            return value;
        }
        let made = f().into_call().await;
        let value = self.value.get_or_init(move || made);
        self.arrival.announce();
        value
    }

    /// Sets the value, unless there is one. Suspends while another thread makes it.
    ///
    /// # Errors
    ///
    /// The new value, if there was one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here has set nothing.
    #[green(crate = crate)]
    pub fn set(&self, value: T) -> Result<(), T> {
        let _held = self.access.enter(Wanted::Write).await;
        self.value.set(value)?;
        self.arrival.announce();
        Ok(())
    }

    /// The value, when another thread has made it. Suspends until then; not at all if it is there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn wait(&self) -> &T {
        self.arrival.wait(|| self.value.get()).await
    }

    /// The value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out: there is none then.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> Self {
        OnceLock { value: self.value.clone(), ..Self::default() }
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        OnceLock { value: value.into(), ..Self::default() }
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
