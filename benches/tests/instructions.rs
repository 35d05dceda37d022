//! What the inner steps cost in instructions, which do not depend on the machine's mood: no more than is recorded in
//! `benches/instructions.txt`.
//!
//! The program is built with the release profile and run under callgrind, once with few steps and once with more; what
//! lies between the two is the steps' own. Without valgrind nothing is checked, and a line says so.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use eventlet_bench_steps::STEPS;

/// A count further above the recorded number is a failure.
const TOLERANCE: f64 = 0.05;
const FEW: u64 = 10_000;
const MANY: u64 = 30_000;
/// With this in the environment the counts are recorded instead of checked.
const RECORD: &str = "RECORD_INSTRUCTIONS";

#[test]
fn the_inner_steps_take_no_more_instructions_than_recorded() {
    if !has_valgrind() {
        println!("skipped: valgrind is not installed");
        return;
    }
    let program = build();
    let counts = STEPS.map(|step| (step.name, instructions_per_step(&program, step.name)));
    if std::env::var_os(RECORD).is_some() {
        record(&counts);
        return;
    }
    let recorded = recorded();
    let names: Vec<_> = recorded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, STEPS.map(|step| step.name), "every step is recorded, in its order\n{}", help());
    let mut grown = String::new();
    for ((step, count), (_, recorded)) in counts.into_iter().zip(recorded) {
        let change = 100.0 * (count / recorded - 1.0);
        println!("{step:12} {count:8.1} instructions, {recorded:8.1} recorded ({change:+.1} %)");
        if count > recorded * (1.0 + TOLERANCE) {
            writeln!(grown, "`{step}` takes {count:.1} instructions, {recorded:.1} are recorded")
                .expect("a string takes all");
        }
    }
    assert!(grown.is_empty(), "{grown}{}", help());
}

fn help() -> String {
    format!(
        "help: if it is worth it, or a new compiler or C library did it, record the counts anew with `{RECORD}=1 cargo test -p \
         eventlet-bench --test instructions`"
    )
}

/// The file with a line for each step, so that two changes of it are easily merged.
fn record_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

fn recorded() -> Vec<(String, f64)> {
    let path = record_path();
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.trim().parse().ok()?))
    };
    text.lines().map(|text| line(text).unwrap_or_else(|| panic!("no step and count: `{text}`"))).collect()
}

fn record(counts: &[(&str, f64)]) {
    let mut text = String::new();
    for (name, count) in counts {
        writeln!(text, "{name:12} {count:8.1}").expect("a string takes all");
    }
    fs::write(record_path(), &text).expect("the file is part of the repository");
    println!("{text}");
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
        .args(["build", "--release", "--quiet", "--bin", "count", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target)
        .status()
        .expect("cargo runs this test, so it is there");
    assert!(status.success(), "the release build fails");
    target.join("release").join("count")
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
