//! Values that a green thread has from the one that spawned it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::find;
use crate::call::lazy::Start;
use crate::call::{Green, GreenCall, MakesGreenCall};
use crate::green;
use crate::hub::current;
use crate::hub::task::cold::Context as Values;

/// Declares values that green threads inherit: a request's number, a user, a deadline. See
/// [`ContextKey`].
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
/// A thread begins with the values that its spawner had at that moment; what either sets later the
/// other does not see. So do the branches of a thread (the calls of a [`join`](crate::join), a
/// [`race`](crate::race) or a [`scope`](crate::scope())), each of which has what it sets for
/// itself. A value that nobody has set is the declared one, made anew each time.
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

    /// Sets the value for the green thread that runs, and for those that it spawns from now on.
    /// Does not suspend.
    ///
    /// # Panics
    ///
    /// Outside a green thread.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let context = context_with(self.key(), Rc::new(value));
        put_context(Some(context)).expect("no green thread runs here that could have a value");
    }

    /// Makes the call that `f` makes with another value, which holds in that call until it ends,
    /// however it ends, and nowhere else: not in what runs beside it in the same thread. All that
    /// the call sets is undone when it ends. Suspends while the call does.
    ///
    /// # Panics
    ///
    /// Outside a green thread.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here drops the call, while the value holds.
    #[green(by_hand = "it drives what it is given")]
    pub fn scope<F, G, V>(&'static self, value: T, f: F) -> Green<impl Future<Output = V>>
    where
        F: MakesGreenCall<G>,
        G: GreenCall<Value = V>,
        G::Value: Sized,
    {
        Green::new(async move {
            let inner = context_with(self.key(), Rc::new(value));
            Within { call: Start::new(f), inner: Some(inner) }.await
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

pin_project_lite::pin_project! {
    /// A call that has a context of its own, which is put in its thread's place whenever the call
    /// is driven.
    struct Within<F, G> {
        #[pin]
        call: Start<F, G>,
        // While it is not driven.
        inner: Option<Values>,
    }

    impl<F, G> PinnedDrop for Within<F, G> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let inner = this.inner.take();
            let _outer = Outer::begin(inner, this.inner);
            this.call.as_mut().end();
        }
    }
}

impl<F: FnOnce() -> G, G: Future> Future for Within<F, G> {
    type Output = G::Output;

    #[cfg_attr(debug_assertions, track_caller)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Output> {
        let this = self.project();
        let inner = this.inner.take();
        let _outer =
            Outer::begin(inner, this.inner).expect("no green thread runs here that could have a value");
        this.call.poll(cx)
    }
}

/// Puts the context back that was there before, and keeps the inner one for the next time.
struct Outer<'a> {
    outer: Option<Values>,
    inner: &'a mut Option<Values>,
}

impl<'a> Outer<'a> {
    /// `None` if no green thread runs.
    fn begin(context: Option<Values>, inner: &'a mut Option<Values>) -> Option<Self> {
        put_context(context).map(|outer| Outer { outer, inner })
    }
}

impl Drop for Outer<'_> {
    fn drop(&mut self) {
        *self.inner = put_context(self.outer.take()).flatten();
    }
}

/// What the green thread that runs has, with another value for one key.
fn context_with(changed: usize, value: Rc<dyn Any>) -> Values {
    let mut values = context().map_or_else(Vec::new, |context| context.to_vec());
    values.retain(|(key, _)| *key != changed);
    values.push((changed, value));
    values.into()
}

/// What the green thread that runs has.
fn context() -> Option<Values> {
    let task = current::find()?.current()?;
    task.if_cold(|cold| cold.context.clone()).flatten()
}

/// Gives what was there before; `None` if no green thread runs.
fn put_context(context: Option<Values>) -> Option<Option<Values>> {
    let hub = current::find()?;
    hub.has_contexts.set(true);
    let task = hub.current()?;
    Some(task.with_cold(|cold| std::mem::replace(&mut cold.context, context)))
}
