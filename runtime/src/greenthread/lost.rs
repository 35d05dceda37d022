//! Errors do not vanish: which values are errors, and what is said of one that nobody can ask for.
//!
//! The macro writes around the body of a function whose result may be a `Result`
//!
//! ```text
//! noting(async move { … }, { use …; errors::<io::Result<u32>>().eventlet_kind() })
//! ```
//!
//! By method resolution this selects a type that knows how errors of this kind are shown.
//! `eventlet_kind` resolves, in this order,
//!
//! 1. to the inherent method of `Errors<Result<T, E>>` where `E` is an `Error`: shown with its
//!    sources;
//! 2. to [`BoxedErrors`], by value: the same of a `Box<dyn Error>`, which is no `Error` itself;
//! 3. to [`ShownErrors`], by `&`: errors that are only `Debug`;
//! 4. to [`NoErrors`], by `&mut`: all else, and nothing is noted.
//!
//! Of errors whose type has type parameters only the last two are asked.
//!
//! When such a body ends with an `Err` (a cold path) it notes in a table of the hub how that type
//! is shown: see `hub/task/lost.rs`, and `docs/exceptions.md` for what is reported when.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::{self, Debug};
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Once;
use std::task::{Context, Poll};

use crate::greenthread::Thread;
use crate::hub::current;
use crate::hub::observe::backtrace::name_of;
use crate::hub::observe::stderr::say;
use crate::hub::payload::drop_payload;
use crate::hub::task::{Origin, TaskRef, Tells, Told};

/// Carries the type of a body's value, and nothing else.
pub struct Errors<R>(PhantomData<fn() -> R>);

/// Shows an error and its sources.
pub struct WithSources;
/// Shows an error that is in a box, and its sources.
pub struct InBox;
/// Shows an error by its `Debug` alone.
pub struct JustShown;
/// For values that are no errors, or cannot be shown.
pub struct Never;

#[allow(missing_docs, clippy::unused_self)]
impl<T, E: Error> Errors<Result<T, E>> {
    pub fn eventlet_kind(self) -> WithSources {
        WithSources
    }
}

/// Carries the type of a body's value whose errors have type parameters: whether such a type is an
/// `Error` may depend on lifetimes, which no question to a type can be about.
pub struct WithoutSources<R>(PhantomData<fn() -> R>);

#[allow(missing_docs, clippy::unused_self)]
impl<R> Errors<R> {
    pub fn without_sources(self) -> WithoutSources<R> {
        WithoutSources(PhantomData)
    }
}

impl<T, E: Debug> ShownErrors for &WithoutSources<Result<T, E>> {
    fn eventlet_kind(self) -> JustShown {
        JustShown
    }
}

impl<R> NoErrors for &mut WithoutSources<R> {
    fn eventlet_kind(self) -> Never {
        Never
    }
}

/// The second answer.
pub trait BoxedErrors {
    /// The kind of these errors, as a type.
    fn eventlet_kind(self) -> InBox;
}

impl<T, E: Error + ?Sized> BoxedErrors for Errors<Result<T, Box<E>>> {
    fn eventlet_kind(self) -> InBox {
        InBox
    }
}

/// The third answer.
pub trait ShownErrors {
    /// The kind of these errors, as a type.
    fn eventlet_kind(self) -> JustShown;
}

impl<T, E: Debug> ShownErrors for &Errors<Result<T, E>> {
    fn eventlet_kind(self) -> JustShown {
        JustShown
    }
}

/// The fourth answer.
pub trait NoErrors {
    /// The kind of these errors, as a type.
    fn eventlet_kind(self) -> Never;
}

impl<R> NoErrors for &mut Errors<R> {
    fn eventlet_kind(self) -> Never {
        Never
    }
}

impl<T, E: Error> Tells<Result<T, E>> for WithSources {
    #[inline(always)]
    fn is_error(value: &Result<T, E>) -> bool {
        value.is_err()
    }

    fn tell(value: &Result<T, E>) -> Option<Told> {
        let error = value.as_ref().err()?;
        Some(Told { error: format!("{error:?}"), sources: sources(error.source()) })
    }
}

impl<T, E: Error + ?Sized> Tells<Result<T, Box<E>>> for InBox {
    #[inline(always)]
    fn is_error(value: &Result<T, Box<E>>) -> bool {
        value.is_err()
    }

    fn tell(value: &Result<T, Box<E>>) -> Option<Told> {
        let error = value.as_ref().err()?;
        Some(Told { error: format!("{error:?}"), sources: sources(error.source()) })
    }
}

impl<T, E: Debug> Tells<Result<T, E>> for JustShown {
    #[inline(always)]
    fn is_error(value: &Result<T, E>) -> bool {
        value.is_err()
    }

    fn tell(value: &Result<T, E>) -> Option<Told> {
        let error = value.as_ref().err()?;
        Some(Told { error: format!("{error:?}"), sources: Vec::new() })
    }
}

impl<R> Tells<R> for Never {
    #[inline(always)]
    fn is_error(_: &R) -> bool {
        false
    }

    fn tell(_: &R) -> Option<Told> {
        None
    }
}

/// The most sources that are shown: a chain that goes in a circle has no end.
const MOST_SOURCES: usize = 32;

fn sources(first: Option<&(dyn Error + 'static)>) -> Vec<String> {
    let chain = std::iter::successors(first, |error: &&(dyn Error + 'static)| (*error).source());
    chain.take(MOST_SOURCES).map(ToString::to_string).collect()
}

pin_project_lite::pin_project! {
    /// The body of a green function that notes how its errors are shown when it ends with one.
    pub struct Noting<F, K> {
        #[pin]
        body: F,
        kind: PhantomData<fn() -> K>,
    }
}

impl<F: Future, K> Noting<F, K> {
    #[inline(always)]
    pub(crate) fn new(body: F) -> Self {
        Noting { body, kind: PhantomData }
    }
}

/// Names the type of a body's value.
#[inline(always)]
pub fn errors<R>() -> Errors<R> {
    Errors(PhantomData)
}

impl<F: Future, K: Tells<F::Output>> Future for Noting<F, K> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let progress = self.project().body.poll(cx);
        if let Poll::Ready(value) = &progress
            && K::is_error(value)
        {
            note::<F::Output, K>();
        }
        progress
    }
}

#[cold]
#[inline(never)]
fn note<R, K: Tells<R>>() {
    current::try_with(|hub| hub.tellers.note::<R, K>());
}

/// An error with which a green thread ended, and which nobody can ask for any more: the argument of
/// the hook of [`set_error_hook`].
///
/// Its `Display` is the whole message, as it is written to standard error.
pub struct LostError {
    thread: Thread,
    origin: Origin,
    told: Told,
}

impl LostError {
    /// The thread that has ended.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// The green function that the thread was spawned with, or in which its closure stands.
    pub fn function(&self) -> String {
        self.origin.function()
    }

    /// The function in which the thread was spawned, if it was with a closure: `spawn(|| work())`.
    /// The name of a function, as in `spawn(work)`, does not tell.
    pub fn spawned_in(&self) -> Option<String> {
        self.origin.spawned_in()
    }

    /// The line at which the thread was spawned. A release build does not keep it, since it would
    /// take space in every thread: there it is `None`.
    pub fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.origin.place()
    }

    /// The error's `Debug`.
    pub fn error(&self) -> &str {
        &self.told.error
    }

    /// The error's sources, the nearest first, if it is an [`Error`].
    pub fn sources(&self) -> &[String] {
        &self.told.sources
    }
}

impl fmt::Display for LostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name_of(&self.thread.0);
        write!(f, "{name} ended with an error that nobody can ask for: {}", self.error())?;
        self.sources().iter().try_for_each(|source| write!(f, "\nnote: caused by: {source}"))?;
        write!(f, "\nnote: it is {}", self.origin)?;
        f.write_str("\nhelp: wait for its value, or say with `.detach()` that its errors do not matter")
    }
}

impl fmt::Debug for LostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LostError")
            .field("thread", &self.thread)
            .field("function", &self.function())
            .field("error", &self.error())
            .field("sources", &self.sources())
            .finish_non_exhaustive()
    }
}

/// A hook that is called with each lost error.
pub type ErrorHook = Rc<dyn Fn(&LostError)>;

/// The hook of one hub, if one is set.
pub(crate) type HooksOwn = RefCell<Option<ErrorHook>>;

/// Calls `hook`, in place of writing to standard error, for each error with which a green thread of
/// this OS thread ends and which nobody can ask for any more. Does not suspend.
///
/// That is an `Err` of a thread whose handle was dropped, before or after its end, without its
/// value having been taken: [`spawn_n`](crate::spawn_n) and its kind, a pool's `spawn_n`, a handler
/// of [`serve`](crate::serve). It is reported once. An `Err` is known by the green function that it
/// came from, by the type that stands behind its `->`: the error has to be `Debug`, and its sources
/// are shown if it is an [`Error`]. Silent are a thread that somebody [joins](Thread::join) or has
/// [linked to for errors](Thread::link_error), and one that was
/// [detached](crate::GreenThread::detach).
///
/// The hook runs where the error was lost: in the ending thread, or where its handle is dropped. It
/// is ordinary code, cannot suspend, and may spawn. A panic of it is printed and goes no further.
///
/// # Panics
///
/// If the OS thread is ending and its hub has ended before it.
///
/// # Examples
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Duration;
/// use eventlet::{green, greenthread, sleep, spawn_n};
///
/// #[green]
/// fn fail() -> Result<(), String> {
///     Err("no bread".to_owned())
/// }
///
/// #[green]
/// fn main() {
///     let heard = Rc::new(RefCell::new(vec![]));
///     let log = heard.clone();
///     greenthread::set_error_hook(move |lost| log.borrow_mut().push(lost.error().to_owned()));
///     spawn_n(fail);
///     sleep(Duration::ZERO);
///     assert_eq!(*heard.borrow(), ["\"no bread\""]);
/// }
/// ```
///
/// The place of gevent's `Hub.handle_error`, and of the traceback that eventlet prints.
#[track_caller]
pub fn set_error_hook(hook: impl Fn(&LostError) + 'static) {
    let before = current::with(|hub| hub.error_hook.replace(Some(Rc::new(hook))));
    drop(before);
}

/// Takes the hook that [`set_error_hook`] set, if one is set; lost errors go to standard error
/// again.
///
/// # Panics
///
/// As [`set_error_hook`].
#[track_caller]
pub fn take_error_hook() -> Option<ErrorHook> {
    current::with(|hub| hub.error_hook.take())
}

/// Reports `value` if it is known to be an error. `task` is the thread that it belongs to.
///
/// What it runs of the user's own may panic: that goes no further.
#[cold]
#[inline(never)]
pub(crate) fn report<R: 'static>(task: &TaskRef, value: &R) {
    let reported = catch_unwind(AssertUnwindSafe(|| {
        let Some(told) = current::try_with(|hub| hub.tellers.tell(value)).flatten() else { return };
        let lost = LostError { thread: Thread(task.clone()), origin: task.origin(), told };
        let hook = current::try_with(|hub| hub.error_hook.borrow().clone()).flatten();
        match hook {
            Some(hook) => hook(&lost),
            None => say!("eventlet: {lost}"),
        }
    }));
    if let Err(payload) = reported {
        drop_payload(payload);
    }
}

/// Reports what the running thread gives to nobody.
pub(crate) fn report_own<R: 'static>(value: &R) {
    if let Some(task) = current::try_with(|hub| hub.current()).flatten() {
        report(&task, value);
    }
}

/// Lets the message of a panic in a green thread begin with the green thread, in every program with
/// a hub.
///
/// The panic hook that is there is called afterwards, and says the rest.
pub(crate) fn name_threads_in_panics() {
    static ONCE: Once = Once::new();
    // The hook cannot be changed in the middle of a panic.
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(task) = current::try_with(|hub| hub.current()).flatten() {
                say!("eventlet: a panic in {}, which is {}", name_of(&task), task.origin());
            }
            before(info);
        }));
    });
}
