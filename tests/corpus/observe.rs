//! What a run can be seen by: its result, and what it told `log` and `tracing`.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span;

thread_local!(static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });

/// Runs a function, and tells what was to be seen of it.
pub(crate) fn observe(run: impl FnOnce() -> String) -> (String, Vec<String>) {
    static START: Once = Once::new();
    START.call_once(|| {
        log::set_logger(&Notes).expect("no other logger");
        log::set_max_level(log::LevelFilter::Debug);
        tracing::subscriber::set_global_default(Notes).expect("no other subscriber");
    });
    SEEN.take();
    let result = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(value) => value,
        Err(panic) => format!(
            "panic: {:?}",
            panic
                .downcast_ref::<&str>()
                .copied()
                .map(String::from)
                .or_else(|| panic.downcast_ref::<String>().cloned())
        ),
    };
    // Where an error was made differs, as the functions do.
    let result = result.split("Stack backtrace").next().unwrap_or_default().trim().to_string();
    (result, SEEN.take())
}

fn note(line: String) {
    SEEN.with_borrow_mut(|seen| seen.push(line));
}

struct Notes;

impl log::Log for Notes {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Debug
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            note(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

impl tracing::Subscriber for Notes {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::DEBUG
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields(format!("span {}", attributes.metadata().name()));
        attributes.record(&mut fields);
        note(fields.0);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields(String::from("record"));
        values.record(&mut fields);
        note(fields.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(format!("event {}", event.metadata().level()));
        event.record(&mut fields);
        note(fields.0);
    }

    fn enter(&self, _: &span::Id) {
        note(String::from("enter"));
    }

    fn exit(&self, _: &span::Id) {
        note(String::from("exit"));
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string takes all");
    }
}
