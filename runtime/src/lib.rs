//! Blocking-looking, stackless green threads.
// The macro names this crate `::eventlet`; so does the code in here.
extern crate self as eventlet;

mod call;
mod catch_exit;
pub mod convenience;
pub mod event;
mod exit;
mod flag;
pub mod green;
pub mod greenlet;
pub mod greenpool;
pub mod greenthread;
mod hub;
pub mod hubs;
pub mod iter;
mod iwait;
mod join;
pub mod lock;
#[doc(hidden)]
pub mod private;
mod probe;
pub mod queue;
mod run;
pub mod semaphore;
mod start;
pub mod testing;
mod timeout;
pub mod tpool;
#[cfg(unix)]
mod trampoline;

pub use call::{Green, GreenBox};
pub use convenience::{StopServe, connect, listen, serve};
pub use event::Event;
pub use eventlet_macros::green;
pub use exit::{Exit, Panic};
pub use greenpool::{GreenPile, GreenPool};
pub use greenthread::{GreenThread, Thread, sleep, spawn, spawn_after, spawn_after_local, spawn_n};
pub use iter::{GreenIterator, IntoGreenIterator};
pub use queue::Queue;
pub use run::{run, try_run};
pub use semaphore::{BoundedSemaphore, CappedSemaphore, Semaphore};
pub use timeout::{Timeout, with_timeout, with_timeout_value};

#[doc(hidden)]
pub use private as __private;

/// A region that does not switch to another green thread.
///
/// In a `#[green]` body a green call inside the region is a compile error. Elsewhere nothing can suspend, so the
/// region is its block.
#[macro_export]
macro_rules! no_switch {
    ($($body:tt)*) => {{ $($body)* }};
}
