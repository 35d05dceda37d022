//! What the tests share: a trace of events, tests that are green functions under virtual time, and
//! a look at the sources.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

use eventlet::{green, sleep};

pub mod source;

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

/// Lets all others that are ready run first.
#[green]
pub fn give_way() {
    sleep(Duration::ZERO);
}

/// Suspends for so long, and gives the value.
#[green]
pub fn value_after(delay: Duration, value: u32) -> u32 {
    sleep(delay);
    value
}

/// Suspends for so long, and notes the event.
#[green]
pub fn say_after(delay: Duration, event: &'static str) -> &'static str {
    sleep(delay);
    note(event);
    event
}

/// Suspends for ever, and says when it is dropped.
#[green]
pub fn wait_with(noted: &'static str) {
    let _noted = Noted(noted);
    sleep(Duration::MAX);
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

/// Makes a test of each function on each kind of hub: its body is green, and nothing may be left behind.
#[macro_export]
macro_rules! tests_on_every_hub {
    ($( $(#[$attribute:meta])* fn $name:ident() { $($body:tt)* } )*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[eventlet::green]
            fn scenario() { $($body)* }

            $crate::tests_on_every_hub!(on scenario default polling poll select);
        }
    )*};
    (on $scenario:ident $($hub:ident)*) => {$(
        #[test]
        fn $hub() {
            $crate::run_on(stringify!($hub), $scenario);
        }
    )*};
}

/// Runs a green call on a hub of that kind, in real time, and sees to it that it leaves nothing behind.
#[track_caller]
pub fn run_on<F, G>(hub: &str, f: F) -> G::Output
where
    F: FnOnce() -> G,
    G: Future,
{
    drop(events());
    eventlet::hubs::use_hub(hub).expect("nothing is registered before the test");
    eventlet::testing::run_clean(f)
}
