//! `count STEP N` does one of the inner steps N times, for callgrind to count its instructions: see
//! `tests/instructions.rs`.
//!
//! The hub's clock stands still meanwhile. It looks outside the more often the longer a resumption takes, and under
//! callgrind they take as long as the machine's mood has it: the count would tell of that.

use std::process::ExitCode;
use std::time::Duration;

use eventlet::hubs::{Clock, get_hub};
use eventlet_bench_steps::STEPS;

/// Not a virtual clock, which the hub would move: one that shows no time at all.
struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = match arguments.as_slice() {
        [name, n] => STEPS.iter().find(|step| step.name == name).zip(n.parse().ok()),
        _ => None,
    };
    let Some((step, n)) = asked else {
        eprintln!("usage: count {} N", STEPS.map(|step| step.name).join("|"));
        return ExitCode::from(2);
    };
    get_hub().set_clock(Still);
    (step.run)(n);
    ExitCode::SUCCESS
}
