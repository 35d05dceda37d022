//! How a green thread can end other than by returning.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a green thread has no value: what [`GreenThread::join`](crate::GreenThread::join) gives
/// instead.
///
/// eventlet raises `GreenletExit` or the thread's own exception in those places; gevent returns the
/// exception object.
#[non_exhaustive]
pub enum Exit {
    /// It was [killed](crate::Thread::kill), or its hub ended first.
    Killed,
    /// It was [killed with a reason](crate::Thread::kill_with), which is this.
    KilledWith(Reason),
    /// It panicked; the panic was printed when it happened.
    Panicked(Panic),
}

/// Why a green thread was killed: the error that [`kill_with`](crate::Thread::kill_with) was given.
/// Clones share it.
///
/// [`Exit::reason`] and [`GreenletExit::reason`](crate::greenthread::GreenletExit::reason) give it.
/// Displayed, it is the error's text.
// A pointer to a pointer, because every thread that has not been joined has room for one in its
// result.
#[derive(Clone)]
pub struct Reason(Arc<Box<dyn Error + Send + Sync>>);

impl Reason {
    /// Wraps an error. Text is one: `Reason::new("the client has gone")`.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Reason(Arc::new(error.into()))
    }

    /// The error.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &**self.0
    }

    /// The error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self.0, f)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self.0, f)
    }
}

/// Two reasons are equal if they are clones of one.
impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Reason {}

/// A panic that ended a green thread.
pub struct Panic(Box<Inner>);

struct Inner {
    message: Option<String>,
    /// In a lock only so that an error that holds this is `Sync`, as many interfaces ask. It is
    /// never locked.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&'static str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Panic(Box::new(Inner { message, payload: Mutex::new(payload) }))
    }

    /// What the panic said, when it said it in text (as `panic!` does).
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The value that was panicked with, as [`std::panic::catch_unwind`] gives it.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on panicking here, with the same value and without printing it again.
    pub fn resume(self) -> ! {
        std::panic::resume_unwind(self.into_payload())
    }
}

impl Exit {
    pub(crate) fn killed(reason: Option<Reason>) -> Exit {
        reason.map_or(Exit::Killed, Exit::KilledWith)
    }

    /// Was it a kill, with a reason or without?
    pub fn is_killed(&self) -> bool {
        matches!(self, Exit::Killed | Exit::KilledWith(_))
    }

    /// Why it was killed, if that was said.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Exit::KilledWith(reason) => Some(reason),
            Exit::Killed | Exit::Panicked(_) => None,
        }
    }

    /// Was it a panic?
    pub fn is_panicked(&self) -> bool {
        matches!(self, Exit::Panicked(_))
    }

    /// Raises it here: a panic goes on, a kill becomes a panic that says so.
    ///
    /// # Panics
    ///
    /// Always; that is what it is for.
    #[track_caller]
    pub fn raise(self) -> ! {
        match self {
            Exit::Killed => panic!("the green thread that was waited for was killed"),
            Exit::KilledWith(reason) => panic!("the green thread that was waited for was killed: {reason}"),
            Exit::Panicked(panic) => panic.resume(),
        }
    }

    /// The same fact for another waiter. The payload of a panic is not shared: its text is.
    pub(crate) fn duplicate(&self) -> Exit {
        match self {
            Exit::Killed => Exit::Killed,
            Exit::KilledWith(reason) => Exit::KilledWith(reason.clone()),
            Exit::Panicked(panic) => {
                let message = panic.message().unwrap_or("a panic whose value is not text").to_owned();
                Exit::Panicked(Panic::new(Box::new(message)))
            }
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Killed => f.write_str("the green thread was killed"),
            Exit::KilledWith(reason) => write!(f, "the green thread was killed: {reason}"),
            Exit::Panicked(panic) => match panic.message() {
                Some(message) => write!(f, "the green thread panicked: {message}"),
                None => f.write_str("the green thread panicked"),
            },
        }
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Killed => f.write_str("Killed"),
            Exit::KilledWith(reason) => f.debug_tuple("KilledWith").field(reason).finish(),
            Exit::Panicked(panic) => f.debug_tuple("Panicked").field(panic).finish(),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic").field("message", &self.message()).finish()
    }
}

impl Error for Exit {
    /// The reason of a kill.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason().map(|reason| reason.error() as &(dyn Error + 'static))
    }
}
