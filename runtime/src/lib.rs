//! Blocking-looking, stackless green threads.
// The macro names this crate `::eventlet`; so does the code in here.
extern crate self as eventlet;

mod call;
#[doc(hidden)]
pub mod private;
mod probe;

pub use call::Green;
pub use eventlet_macros::green;

#[doc(hidden)]
pub use private as __private;

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
