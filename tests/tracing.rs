//! The feature `tracing`: a suspension is an event.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventlet::{green, sleep};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps the events of `eventlet` as text.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "eventlet"
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().expect("nobody panics here").push(text.0);
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}
    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("writing to a string does not fail");
    }
}

#[green]
fn pause() {
    sleep(Duration::ZERO);
}

#[test]
fn a_suspension_is_an_event() {
    let line = line!() - 5;
    let kept = Kept::default();
    tracing::subscriber::with_default(kept.clone(), || eventlet::run(pause));
    // Without a subscriber nothing is looked at.
    eventlet::run(pause);
    let events = kept.0.lock().expect("nobody panics here");
    assert_eq!(
        *events,
        [format!(
            "TRACE message=a green thread suspends thread=1 function=\"tracing::pause\" file=\"{}\" line={line} \
         wait=\"for its next turn\"",
            file!()
        )]
    );
}
