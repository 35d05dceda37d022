//! What five steps cost in instructions, which do not depend on the machine's mood: no more than is recorded here.
//!
//! The program is built with the release profile and run under callgrind, once with few steps and once with more; what
//! lies between the two is the steps' own. Without valgrind nothing is checked, and a line says so.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A step of `src/steps.rs`, and the instructions that it takes.
const RECORDED: [(&str, f64); 5] = [
    // A green call from a green function.
    ("call", 22.0),
    // A thread spawned, run and joined.
    ("spawn_join", 1939.9),
    // One switch to another thread.
    ("yield", 254.4),
    // A timeout set and cancelled, with a switch in between.
    ("timeout", 727.8),
    // An item put by one thread and got by another.
    ("queue", 184.5),
];
/// More than this above the recorded number is a failure.
const TOLERANCE: f64 = 0.05;
const FEW: u64 = 10_000;
const MANY: u64 = 30_000;

#[test]
fn the_inner_steps_take_no_more_instructions_than_recorded() {
    if !has_valgrind() {
        println!("skipped: valgrind is not installed");
        return;
    }
    let program = build();
    let mut grown = Vec::new();
    for (step, recorded) in RECORDED {
        let counted = instructions_per_step(&program, step);
        println!("{step:14} {counted:8.1} instructions, {recorded:8.1} recorded");
        if counted > recorded * (1.0 + TOLERANCE) {
            grown.push(format!("`{step}` takes {counted:.1} instructions, {recorded:.1} are recorded"));
        }
    }
    assert!(
        grown.is_empty(),
        "{}\nhelp: if it is worth it, or a new compiler did it, record the new number in {}",
        grown.join("\n"),
        file!()
    );
}

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The release build of the program, whatever profile this test has.
fn build() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let target =
        Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is a folder in the target folder");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--bin", "steps", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target)
        .status()
        .expect("cargo runs this test, so it is there");
    assert!(status.success(), "the release build fails");
    target.join("release").join("steps")
}

fn instructions_per_step(program: &Path, step: &str) -> f64 {
    let few = instructions(program, step, FEW);
    let many = instructions(program, step, MANY);
    (many - few) / (MANY - FEW) as f64
}

fn instructions(program: &Path, step: &str, n: u64) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([step, &n.to_string()])
        .output()
        .expect("valgrind was there a moment ago");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{step} fails under valgrind:\n{said}");
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.unwrap_or_else(|| panic!("valgrind does not say how many instructions it collected:\n{said}"))
}
