//! `count STEP N` does one of the inner steps N times, for callgrind to count its instructions: see
//! `tests/instructions.rs`.

use std::process::ExitCode;

use eventlet_bench_steps::STEPS;

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
    (step.run)(n);
    ExitCode::SUCCESS
}
