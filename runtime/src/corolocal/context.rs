//! Values that a green thread has from the one that spawned it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use super::find;
use crate::call::Green;
use crate::hub::current;
use crate::hub::task::cold::Context;

/// Declares values that green threads inherit: a request's number, a user, a deadline. See [`ContextKey`].
///
/// # Examples
///
/// ```
/// use eventlet::{green, green_context, spawn};
///
/// green_context! {
///     static REQUEST: u32 = 0;
/// }
///
/// #[green]
/// fn log_line() -> String {
///     format!("request {}", REQUEST.get())
/// }
///
/// #[green]
/// fn serve() -> String {
///     spawn(log_line).wait()
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(REQUEST.scope(7, serve), "request 7");
///     assert_eq!(log_line(), "request 0");
/// }
/// ```
#[macro_export]
macro_rules! green_context {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr; $($rest:tt)*) => {
        $crate::green_context!($(#[$attribute])* $visibility static $name: $type = $init);
        $crate::green_context!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr) => {
        $(#[$attribute])*
        $visibility static $name: $crate::corolocal::ContextKey<$type> =
            $crate::corolocal::ContextKey::new(|| $init);
    };
}

/// A value that green threads inherit: what [`green_context!`](crate::green_context) declares.
///
/// A thread begins with the values that its spawner had at that moment; what either sets later the other does not
/// see. A value that nobody has set is the declared one, made anew each time.
///
/// Python's `contextvars`, of which gevent gives each greenlet a copy.
pub struct ContextKey<T: 'static> {
    // Statics that are not empty have addresses of their own: that is how keys are told apart.
    init: fn() -> T,
}

impl<T: Clone + 'static> ContextKey<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> Self {
        ContextKey { init }
    }

    /// The value in the green thread that runs; outside one, the declared value. Does not suspend.
    pub fn get(&'static self) -> T {
        let found = context().and_then(|context| find(&context, self.key()));
        match &found {
            Some(value) => value.downcast_ref::<T>().expect("a key's values are of the key's type").clone(),
            None => (self.init)(),
        }
    }

    /// Sets the value for the green thread that runs, and for those that it spawns from now on. Does not suspend.
    ///
    /// # Panics
    ///
    /// Outside a green thread.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let mut values = context().map_or_else(Vec::new, |context| context.to_vec());
        values.retain(|(key, _)| *key != self.key());
        values.push((self.key(), Rc::new(value) as Rc<dyn Any>));
        assert!(put_context(Some(values.into())), "no green thread runs here that could have a value");
    }

    /// Makes the call that `f` makes with another value, which holds until the call ends, however it ends. All that
    /// the call sets is undone then. Suspends while the call does.
    ///
    /// # Panics
    ///
    /// Outside a green thread.
    pub fn scope<F, G>(&'static self, value: T, f: F) -> Green<impl Future<Output = G::Output>>
    where
        F: FnOnce() -> G,
        G: Future,
    {
        Green::new(async move {
            let _outer = Outer(context());
            self.set(value);
            f().await
        })
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<T: 'static> fmt::Debug for ContextKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextKey").finish_non_exhaustive()
    }
}

/// Puts the context back that was there before.
struct Outer(Option<Context>);

impl Drop for Outer {
    fn drop(&mut self) {
        put_context(self.0.take());
    }
}

/// What the green thread that runs has.
fn context() -> Option<Context> {
    let task = current::try_with(|hub| hub.current()).flatten()?;
    task.if_extra(|extra| extra.context.clone()).flatten()
}

/// Returns `false` if no green thread runs.
fn put_context(context: Option<Context>) -> bool {
    let task = current::try_with(|hub| {
        hub.has_contexts.set(true);
        hub.current()
    });
    let Some(task) = task.flatten() else { return false };
    let old = task.with_extra(|extra| std::mem::replace(&mut extra.context, context));
    // What is in it may be dropped here, when nothing is borrowed.
    drop(old);
    true
}
