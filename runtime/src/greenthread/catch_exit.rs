//! Hearing of one's own end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::hub::current;
use crate::hub::task::{TaskRef, is_look};

/// The error of a [`catch_exit`] whose thread was killed. eventlet's and gevent's exception of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GreenletExit;

impl fmt::Display for GreenletExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this green thread is being killed")
    }
}

impl std::error::Error for GreenletExit {}

/// Makes the call that `f` makes; if the running thread is killed meanwhile, gives `Err(GreenletExit)` instead.
/// Suspends while the call does.
///
/// The call is dropped where it stands, and the code after this goes on: before `kill` returns, up to its next
/// suspension. It may clean up, suspend while it does, and return as it likes; it may even refuse to end. Of nested
/// scopes the innermost hears of a kill. Without such a scope a killed thread is dropped as a whole.
///
/// A kill ends the branches of a thread (what it drives in a [`scope`](crate::scope()), a [`join`](crate::join) or a
/// [`race`](crate::race)) without asking them: in a branch this only makes the call.
///
/// This is what `try: … except GreenletExit:` and `try: … finally:` with a blocking clean-up are in eventlet.
///
/// # Panics
///
/// If more than 255 scopes are nested in one green thread.
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
#[cfg_attr(debug_assertions, track_caller)]
pub fn catch_exit<F, G>(f: F) -> Green<impl Future<Output = Result<G::Value, GreenletExit>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    Green::new(async move { CatchExit { call: Some(f()), scope: None }.await })
}

pin_project_lite::pin_project! {
    struct CatchExit<G> {
        #[pin]
        call: Option<G>,
        scope: Option<Scope>,
    }
}

/// A thread's place inside a scope.
struct Scope {
    task: TaskRef,
    depth: u8,
}

impl Scope {
    fn enter() -> Option<Scope> {
        // Outside a green thread there is nobody to kill, and a kill ends a thread's branches without asking them.
        let task = current::with(|hub| if hub.is_in_branch() { None } else { hub.current() })?;
        let depth = task.enter_scope();
        Some(Scope { task, depth })
    }

    /// Is it this scope that is to hear of a kill?
    fn is_called(&self) -> bool {
        self.task.is_killed() && self.task.scopes() == self.depth
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.task.leave_scope();
    }
}

impl<G: Future> Future for CatchExit<G> {
    type Output = Result<G::Output, GreenletExit>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let call = this.call.as_mut().as_pin_mut().expect("a call that is over is not driven again");
        if is_look(cx) {
            return call.poll(cx).map(Ok);
        }
        if this.scope.is_none() {
            *this.scope = Scope::enter();
        }
        if let Some(scope) = this.scope.as_ref().filter(|scope| scope.is_called()) {
            scope.task.hear_kill();
            this.call.set(None);
            *this.scope = None;
            return Poll::Ready(Err(GreenletExit));
        }
        match call.poll(cx) {
            Poll::Ready(value) => {
                *this.scope = None;
                Poll::Ready(Ok(value))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
