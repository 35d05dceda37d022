//! A value that stays on its hub, and says to the type system that it need not.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, Thread};

use crate::hub::current;
use crate::hub::payload::drop_payload;
use crate::hub::remote::{Mail, Remote};
use crate::loom::Arc;

/// A value that stays on the OS thread of its hub, and is `Send` and `Sync` as a type.
///
/// Some libraries ask for `Send` although they use what they are given on the OS thread on which
/// they got it: axum of its handlers and their state, hickory of its sockets. `Here` satisfies
/// them, and checks at run time what the type no longer says:
///
/// * Using the value on another OS thread panics, and names both.
/// * Dropping it there posts it to its own hub, which drops it; a panic of its destructor is
///   printed and stops nobody. If that hub has ended, the value is leaked.
///
/// It is a `Future` if the value is one, and `Clone` (on its own OS thread) if the value is. The
/// value is kept in a box, so that it can be posted without being moved.
///
/// ```
/// use std::rc::Rc;
/// use eventlet::hubs::Here;
///
/// fn anywhere<T: Send + Sync>(value: T) -> T {
///     value
/// }
///
/// let shared = anywhere(Here::new(Rc::new(5)));
/// assert_eq!(**shared, 5);
/// ```
pub struct Here<T: 'static> {
    /// `None` only on the way out.
    value: Option<Pin<Box<T>>>,
    home: Thread,
    remote: Arc<Remote>,
}

// SAFETY: the value is reached only through `value` and `value_mut`, which check that this is the
// OS thread on which it was put in, wherever the wrapper is; and it is dropped there alone (see
// `Drop`), or nowhere.
#[expect(unsafe_code, reason = "the OS thread is checked at every use instead of by the type")]
unsafe impl<T> Send for Here<T> {}

// SAFETY: as above; a reference to the wrapper on another OS thread reaches nothing of the value.
#[expect(unsafe_code, reason = "the OS thread is checked at every use instead of by the type")]
unsafe impl<T> Sync for Here<T> {}

impl<T> Here<T> {
    /// Keeps a value on this OS thread. Does not suspend.
    ///
    /// # Panics
    ///
    /// If this OS thread is ending and its hub has ended before it.
    pub fn new(value: T) -> Here<T> {
        let remote = current::with(|hub| hub.remote.clone());
        Here { value: Some(Box::pin(value)), home: thread::current(), remote }
    }

    /// Is this the OS thread of the value?
    pub fn is_home(&self) -> bool {
        thread::current().id() == self.home.id()
    }

    /// Gives the value back.
    ///
    /// # Panics
    ///
    /// On another OS thread.
    #[track_caller]
    pub fn into_inner(mut self) -> T
    where
        T: Unpin,
    {
        self.expect_home();
        let value = self.value.take().expect("the value is taken only when the wrapper is consumed");
        *Pin::into_inner(value)
    }

    #[track_caller]
    fn value(&self) -> &T {
        self.expect_home();
        self.value.as_ref().expect("the value is taken only when the wrapper is consumed")
    }

    #[track_caller]
    fn value_mut(&mut self) -> Pin<&mut T> {
        self.expect_home();
        self.value.as_mut().expect("the value is taken only when the wrapper is consumed").as_mut()
    }

    #[inline]
    #[track_caller]
    fn expect_home(&self) {
        if !self.is_home() {
            elsewhere(&self.home);
        }
    }
}

#[cold]
#[track_caller]
fn elsewhere(home: &Thread) -> ! {
    panic!(
        "a value that stays on the hub of the OS thread {} was used on the OS thread {}\n\
         note: `Here` makes it look `Send`, for libraries that ask for that and move nothing\n\
         help: use it on the OS thread that made it, or share what is really `Send`",
        name_of(home),
        name_of(&thread::current()),
    )
}

fn name_of(thread: &Thread) -> String {
    match thread.name() {
        Some(name) => format!("`{name}`"),
        None => format!("{:?}", thread.id()),
    }
}

/// A value that is posted to its own OS thread. Dropped on the way, it is leaked.
struct Homeward<T>(ManuallyDrop<Pin<Box<T>>>);

// SAFETY: the value is not touched before it is on its own OS thread again: its only use is in the
// mail of `Here::drop`, which that thread's hub alone calls; mail that is refused drops the
// `ManuallyDrop`, which does nothing.
#[expect(unsafe_code, reason = "it is sent to the only OS thread that may touch it")]
unsafe impl<T> Send for Homeward<T> {}

impl<T> Homeward<T> {
    /// Drops the value on its own OS thread.
    fn end(self) {
        let value = ManuallyDrop::into_inner(self.0);
        // The panic of a destructor has been reported by the panic hook; the hub goes on.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            drop_payload(payload);
        }
    }
}

impl<T: 'static> Drop for Here<T> {
    fn drop(&mut self) {
        let Some(value) = self.value.take() else { return };
        if self.is_home() {
            drop(value);
        } else {
            let value = Homeward(ManuallyDrop::new(value));
            self.remote.post(Mail::Call(Box::new(move || value.end())));
        }
    }
}

impl<T> Deref for Here<T> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        self.value()
    }
}

impl<T: Unpin> DerefMut for Here<T> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        Pin::into_inner(self.value_mut())
    }
}

impl<T: Future> Future for Here<T> {
    type Output = T::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        self.get_mut().value_mut().poll(cx)
    }
}

impl<T: Clone> Clone for Here<T> {
    /// # Panics
    ///
    /// On another OS thread.
    #[track_caller]
    fn clone(&self) -> Self {
        Here::new(self.value().clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Here<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_home() {
            f.debug_tuple("Here").field(self.value()).finish()
        } else {
            f.write_str("Here(on another OS thread)")
        }
    }
}

impl<T> From<T> for Here<T> {
    fn from(value: T) -> Self {
        Here::new(value)
    }
}
