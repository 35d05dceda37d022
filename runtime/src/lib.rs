//! Blocking-looking, stackless green threads.
// The macro names this crate `::eventlet`; so does the code in here.
extern crate self as eventlet;

mod call;
mod exit;
mod hub;
#[doc(hidden)]
pub mod private;
mod probe;
mod run;
mod start;

pub use call::Green;
pub use eventlet_macros::green;
pub use exit::{Exit, Panic};
pub use run::{run, try_run};

#[doc(hidden)]
pub use private as __private;
