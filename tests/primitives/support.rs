//! What the scenarios are written with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// Tests whose bodies are green, in virtual time, and leave nothing behind.
macro_rules! scenarios {
    ($($(#[$attribute:meta])* fn $name:ident() { $($body:tt)* })*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            #[eventlet::green]
            fn scenario() {
                $($body)*
            }
            eventlet::testing::run_virtual(scenario);
        }
    )*};
}

pub(crate) use scenarios;

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add(&self, event: impl ToString) {
        self.0.borrow_mut().push(event.to_string());
    }

    /// What happened since this was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    #[track_caller]
    pub(crate) fn expect<const N: usize>(&self, events: [&str; N]) {
        assert_eq!(self.take(), events);
    }
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Lets every thread that is ready run once.
#[eventlet::green]
pub(crate) fn turn() {
    eventlet::sleep(Duration::ZERO);
}

type OnDrop = Box<dyn FnOnce()>;

/// A value whose destructor runs code of its own, once.
#[derive(Clone, Default)]
pub(crate) struct Meddler(Rc<Cell<Option<OnDrop>>>);

impl Meddler {
    pub(crate) fn new(on_drop: impl FnOnce() + 'static) -> Self {
        let on_drop: OnDrop = Box::new(on_drop);
        Meddler(Rc::new(Cell::new(Some(on_drop))))
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        if let Some(on_drop) = self.0.take() {
            on_drop();
        }
    }
}
