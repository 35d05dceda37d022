//! Macros whose arguments follow the rule: those of `log` and `tracing`, and those that the attribute names.
#![deny(warnings)]

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use eventlet::{green, green_closure, sleep};
use log::{Level, Log, Metadata, Record};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};

#[green]
fn fetch(n: u32) -> u32 {
    sleep(Duration::from_millis(1));
    n
}

#[green]
fn try_fetch(n: u32) -> Result<u32, String> {
    if n < 10 { Ok(fetch(n)) } else { Err(format!("{n} is too much")) }
}

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn seen() -> Vec<String> {
    std::mem::take(&mut *SEEN.lock().unwrap())
}

/// Writes down what is logged. What is less than `Info` is not.
struct Notes;

impl Log for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        struct Values(String);
        impl<'kvs> log::kv::VisitSource<'kvs> for Values {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                write!(self.0, " {key}={value}").map_err(log::kv::Error::from)
            }
        }
        let mut values = Values(String::new());
        record.key_values().visit(&mut values).unwrap();
        let line = format!("{} {}:{} {}", record.level(), record.target(), values.0, record.args());
        SEEN.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[green]
fn logged() {
    log::info!("{} of {total}", fetch(1), total = fetch(3));
    log::warn!(target: "app", page = fetch(2), hint:% = fetch(4); "page {}", fetch(5));
    log::log!(Level::Error, "{:>3}", fetch(6));
    log::debug!("{}", stop());
    let total = fetch(7);
    log::info!("{total}");
}

/// What is not logged is not called.
fn stop() -> u32 {
    unreachable!("nobody listens")
}

/// Writes down the fields of events and spans.
struct Fields;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Fields {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        SEEN.lock().unwrap().push(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{}", event.metadata().level()));
        event.record(&mut line);
        SEEN.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[green]
fn traced() {
    let user = 9;
    tracing::info!(user, page.number = fetch(1), shown = %fetch(2), looked_at = ?try_fetch(3), "{} items", fetch(4));
    tracing::event!(tracing::Level::WARN, { left = fetch(5) }, "half");
    tracing::debug!("{}", fetch(6));
    let _span = tracing::info_span!("work", n = fetch(7));
    tracing::trace!(target: "app", %user, ?user);
}

macro_rules! tri {
    ($value:expr) => {
        match $value {
            Ok(value) => value,
            Err(error) => return Err(format!("tried: {error}")),
        }
    };
}

macro_rules! retry {
    ($times:expr; $call:expr) => {{
        let mut left = $times;
        loop {
            left -= 1;
            match $call {
                Err(_) if left > 0 => {}
                result => break result,
            }
        }
    }};
}

/// Its arguments are none, and stay what they are.
macro_rules! both {
    ($one:ident => $other:ident) => {
        $one + $other
    };
}

#[green(macros(tri, crate::retry, both))]
fn named(from: u32) -> Result<u32, String> {
    let calls = RefCell::new(0);
    let counted = #[green]
    |n: u32| {
        *calls.borrow_mut() += 1;
        try_fetch(n)
    };
    let first = tri!(counted(from));
    let second = retry!(fetch(3); counted(20)).unwrap_or(2);
    assert_eq!(calls.take(), 4);
    let third = tri!(try_fetch(fetch(first) + 1));
    Ok(both!(second => third))
}

/// A closure may name some of its own.
#[green]
fn named_by_a_closure() -> Result<u32, String> {
    let shown = #[green(macros(tri))]
    |n: u32| -> Result<u32, String> { Ok(tri!(try_fetch(n)) + 1) };
    shown(3)
}

fn main() {
    log::set_logger(&Notes).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    eventlet::run(logged);
    let module = module_path!();
    assert_eq!(
        seen(),
        [
            format!("INFO {module}: 1 of 3"),
            "WARN app: page=2 hint=4 page 5".to_owned(),
            format!("ERROR {module}:   6"),
            format!("INFO {module}: 7"),
        ]
    );

    tracing::subscriber::with_default(Fields, || eventlet::run(traced));
    assert_eq!(
        seen(),
        [
            "INFO message=4 items user=9 page.number=1 shown=2 looked_at=Ok(3)",
            "WARN message=half left=5",
            "DEBUG message=6",
            "span work n=7",
            "TRACE user=9 user=9",
        ]
    );

    eventlet::run(green_closure!(|| {
        assert_eq!(named(1), Ok(4));
        assert_eq!(named(11), Err("tried: 11 is too much".to_owned()));
        assert_eq!(named_by_a_closure(), Ok(4));
    }));
}
