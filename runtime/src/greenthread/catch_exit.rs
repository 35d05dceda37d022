//! Hearing of one's own end.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::hub::exit::Reason;
use crate::hub::exit_scope::ExitScope;
use crate::hub::task::is_trace_poll;
use crate::hub::{Hub, current};

/// The error of a [`catch_exit`] whose thread was killed. eventlet's and gevent's exception of that
/// name.
///
/// As a value the name alone is one without a reason: `greenlet.throw(GreenletExit)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GreenletExit {
    reason: Option<Reason>,
}

/// A [`GreenletExit`](struct@GreenletExit) without a reason.
#[allow(non_upper_case_globals, reason = "it reads as in Python, where a class raised is an instance raised")]
pub const GreenletExit: GreenletExit = GreenletExit { reason: None };

impl GreenletExit {
    /// What the kill was [made with](crate::Thread::kill_with), if it was.
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }
}

impl fmt::Display for GreenletExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this green thread is being killed")?;
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
    }
}

impl Error for GreenletExit {
    /// The reason of the kill.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.as_ref().map(|reason| reason.error() as &(dyn Error + 'static))
    }
}

/// Makes the call that `f` makes; if the running thread is killed meanwhile, gives
/// `Err(GreenletExit)` instead. Suspends while the call does.
///
/// The call is dropped where it stands, and the code after this goes on: before `kill` returns, up
/// to its next suspension. It may clean up, suspend while it does, and return as it likes; it may
/// even refuse to end. Of nested scopes the innermost catches a kill. Without such a scope a killed
/// thread is dropped as a whole.
///
/// # In a branch
///
/// Where a thread drives several calls at once, in a [`scope`](crate::scope()), a
/// [`join`](crate::join), a [`race`](crate::race) or a combinator from elsewhere, there can be
/// several innermost scopes, one in each call: every one of them catches a kill, before `kill`
/// returns. Calls that stand in no scope are left as they are, and the thread goes on as long as
/// what drives them does; the next kill ends it, when no scope is left. A scope *around* a `scope`,
/// `join` or `race` catches it for all of them: its branches end with the call, in their order, and
/// scopes inside them are not asked.
///
/// This is what `try: … except GreenletExit:` and `try: … finally:` with a blocking clean-up are in
/// eventlet.
///
/// # Cancel safety
///
/// A timeout here drops the call where it stands.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::catch_exit;
///
/// #[green]
/// fn worker() -> &'static str {
///     match catch_exit(|| sleep(Duration::MAX)) {
///         Ok(()) => "finished",
///         Err(_exit) => "cleaned up",
///     }
/// }
///
/// #[green]
/// fn main() {
///     let thread = spawn(worker);
///     sleep(Duration::ZERO);
///     thread.kill();
///     assert_eq!(thread.wait(), "cleaned up");
/// }
/// ```
#[green(by_hand = "it drives what it is given")]
pub fn catch_exit<F, G, T>(f: F) -> Green<impl Future<Output = Result<T, GreenletExit>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(async move { CatchExit { call: Some(f()), place: Place::Outside }.await })
}

pin_project_lite::pin_project! {
    struct CatchExit<G> {
        #[pin]
        call: Option<G>,
        place: Place,
    }
}

/// A thread's place inside a scope.
enum Place {
    /// The call was not driven yet.
    Outside,
    Inside(Rc<ExitScope>),
    /// No scope: there is no green thread to kill, kills are shielded from here, or the call is
    /// over.
    Nowhere,
}

impl Place {
    fn enter(hub: &Hub) -> Self {
        hub.enter_scope().map_or(Place::Nowhere, Place::Inside)
    }

    /// The destructor of the old place takes its scope off.
    fn leave(&mut self) {
        *self = Place::Nowhere;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Inside(scope) = self {
            scope.leave();
        }
    }
}

impl<G: Future> Future for CatchExit<G> {
    type Output = Result<G::Output, GreenletExit>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let call = this.call.as_mut().as_pin_mut().expect("a call that is over is not driven again");
        if is_trace_poll(cx) {
            return call.poll(cx).map(Ok);
        }
        let hub = current::with(Rc::clone);
        if let Place::Outside = this.place {
            *this.place = Place::enter(&hub);
        }
        let Place::Inside(scope) = &*this.place else { return call.poll(cx).map(Ok) };
        if scope.hears() {
            let reason = scope.take_reason();
            this.call.set(None);
            this.place.leave();
            return Poll::Ready(Err(GreenletExit { reason }));
        }
        let value = ready!(scope.during(&hub, cx.waker(), || call.poll(cx)));
        this.place.leave();
        Poll::Ready(Ok(value))
    }
}
