//! The one thread-local: the hub of this OS thread, made on first use.

use std::cell::OnceCell;
use std::rc::Rc;

use super::Hub;
use crate::loom::thread_local;

thread_local! {
    static CURRENT: OnceCell<Owner> = const { OnceCell::new() };
}

/// Ends the hub with its OS thread.
struct Owner(Rc<Hub>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.shut_down();
    }
}

/// Calls `f` with this OS thread's hub, which is made now if there was none.
///
/// # Panics
///
/// If the OS thread is ending and its hub has ended before it.
#[inline]
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> R {
    match CURRENT.try_with(|owner| f(&owner.get_or_init(|| Owner(Hub::new())).0)) {
        Ok(result) => result,
        Err(_) => no_hub(),
    }
}

/// Calls `f` with this OS thread's hub; `None` if it has none, or none any more.
#[inline]
pub(crate) fn try_with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> Option<R> {
    CURRENT.try_with(|owner| owner.get().map(|owner| f(&owner.0))).ok().flatten()
}

#[cold]
#[track_caller]
fn no_hub() -> ! {
    panic!(
        "this OS thread is ending and its hub has ended before it\n\
         note: this ran in the destructor of a thread-local\n\
         help: end what needs green threads before the OS thread ends"
    )
}
