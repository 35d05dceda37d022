//! What the tests share: a trace of events, and tests that are green functions under virtual time.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

thread_local! {
    static TRACE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Appends an event to this OS thread's trace.
pub fn note(event: impl Display) {
    let event = event.to_string();
    // A destructor may come after the trace has gone.
    let _ = TRACE.try_with(|trace| trace.borrow_mut().push(event));
}

/// Takes the trace.
pub fn events() -> Vec<String> {
    TRACE.take()
}

/// Takes the trace, which must be just this.
#[track_caller]
pub fn assert_events<const N: usize>(expected: [&str; N]) {
    assert_eq!(events(), expected);
}

/// Notes its name when it is dropped.
pub struct Noted(pub &'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        note(self.0);
    }
}

/// So many milliseconds.
pub const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Makes a test of each function: its body is green, time is virtual, and nothing may be left behind.
#[macro_export]
macro_rules! virtual_tests {
    ($( $(#[$attribute:meta])* fn $name:ident() { $($body:tt)* } )*) => {$(
        $(#[$attribute])*
        #[test]
        fn $name() {
            #[eventlet::green]
            fn scenario() { $($body)* }
            drop($crate::events());
            eventlet::testing::run_virtual(scenario);
        }
    )*};
}
