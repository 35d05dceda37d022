//! std's `LazyLock`.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{self, PoisonError};

use super::access::{Access, Held, Kind};
use crate::green;
use crate::loom::const_unless_modelled;

/// A value that is made when it is first used: std's `LazyLock`, which holds nobody's hub while
/// another OS thread makes it.
///
/// What makes the value is an ordinary function, as in std, and cannot suspend; with
/// `#[green(in_place)]` its green calls are waited for where they stand. A value that takes time to
/// make is better off in a [`OnceLock`](super::OnceLock). Nor can a dereference suspend: while
/// another OS thread makes the value it waits in place, and [`force`](Self::force) suspends.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::sync::LazyLock;
///
/// static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| "one two".split(' ').collect());
///
/// #[green]
/// fn main() {
///     assert_eq!(NAMES.len(), 2);
///     assert_eq!(LazyLock::force(&NAMES)[1], "two");
/// }
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    access: Access,
    value: sync::OnceLock<T>,
    /// Gone when it was called. If there is no value then, it has panicked.
    init: sync::Mutex<Option<F>>,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    const_unless_modelled! {
        /// Without a value, which `f` will make.
        pub const fn new(f: F) -> Self {
            LazyLock { access: Access::new(), value: sync::OnceLock::new(), init: sync::Mutex::new(Some(f)) }
        }
    }

    /// The value, which is made if it is not there. Suspends while another OS thread is at it; not
    /// at all if the value is there.
    ///
    /// # Panics
    ///
    /// If making it panics, or has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn force(this: &Self) -> &T {
        if let Some(value) = this.value.get() {
            return value;
        }
        let held = this.access.enter(Kind::Write).await;
        this.make(held)
    }

    /// The value, which is made if it is not there; nobody else can be using it. Does not suspend.
    ///
    /// # Panics
    ///
    /// If making it panics, or has.
    pub fn force_mut(this: &mut Self) -> &mut T {
        this.ready();
        this.value.get_mut().expect("it was made just now")
    }

    /// The value, if it was made. Does not suspend.
    pub fn get(this: &Self) -> Option<&T> {
        this.value.get()
    }

    /// The value, if it was made; nobody else can be using it. Does not suspend.
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.value.get_mut()
    }

    /// The value, which is made if it is not there. Waits in place while another OS thread is at
    /// it.
    #[track_caller]
    fn ready(&self) -> &T {
        if let Some(value) = self.value.get() {
            return value;
        }
        match self.access.try_enter(Kind::Write) {
            Some(held) => self.make(held),
            None => Self::force(self).wait_in_place(),
        }
    }

    fn make(&self, _held: Held<'_>) -> &T {
        self.value.get_or_init(|| {
            let init = self.init.lock().unwrap_or_else(PoisonError::into_inner).take();
            match init {
                Some(init) => init(),
                None => panic!("LazyLock instance has previously been poisoned"),
            }
        })
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        self.ready()
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        Self::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_tuple("LazyLock");
        match self.value.get() {
            Some(value) => text.field(value),
            None => text.field(&format_args!("<uninit>")),
        };
        text.finish()
    }
}
