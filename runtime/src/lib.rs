//! Blocking-looking, stackless green threads.
// The macro names this crate `::eventlet`; so does the code in here.
extern crate self as eventlet;

mod call;
mod iter;
#[doc(hidden)]
pub mod private;
mod probe;

pub use call::{Green, GreenBox};
pub use eventlet_macros::green;
pub use iter::{GreenIterator, IntoGreenIterator};

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

/// Runs the green call that `f` makes until it has its value.
pub fn run<F: FnOnce() -> G, G: Future>(f: F) -> G::Output {
    let mut call = std::pin::pin!(f());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = call.as_mut().poll(&mut cx) {
            return value;
        }
    }
}
