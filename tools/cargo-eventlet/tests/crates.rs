//! Crates of the registry, patched as they are and run: each makes many calls at once on one OS thread, to a server that
//! answers late.
//!
//! `cargo test -p cargo-eventlet --features crates` runs them, as `.ci/run` does: they are fetched from the registry, so that
//! `cargo test --workspace` leaves them out. With `BLESS=1` the table in `docs/patching.md` is written.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::Duration;

use server::{LATE, Server};

/// A crate, at a version.
struct Crate {
    /// Of the crate, and of the program in `tests/crates`.
    name: &'static str,
    /// The lines of its project's `[dependencies]`.
    dependencies: &'static str,
    /// What is patched, in this order.
    patched: &'static [&'static str],
    /// How often the server lets each call wait.
    waits: u32,
}

/// One project after the other: they share a folder of what is built.
static BUILDING: Mutex<()> = Mutex::new(());

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates")
}

/// Runs a command to its end. What it prints is shown if that is no good one.
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

fn cargo_eventlet(project: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-eventlet"));
    command.arg("eventlet").current_dir(project).env("CARGO_TARGET_DIR", scratch().join("target"));
    command
}

/// Makes a project that has the crate, and the program.
fn project(of: &Crate) -> PathBuf {
    let folder = scratch().join(of.name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"calls-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         eventlet = {{ path = \"{}\" }}\n{}\n",
        of.name,
        root().join("runtime").display(),
        of.dependencies
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // What both have is had at the version that is known to be good.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crates");
    let program = programs.join(format!("{}.rs", of.name));
    if program.exists() {
        fs::copy(program, folder.join("src/main.rs")).unwrap();
    }
    fs::copy(programs.join("many.rs"), folder.join("src/many.rs")).unwrap();
    folder
}

/// Patches a crate, builds its program, and runs it with a server: all calls together take about as long as one.
fn patched_and_run(of: &Crate, server: Server) {
    let building = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = project(of);
    let report = run(cargo_eventlet(&folder).arg("patch").args(of.patched));
    println!("{report}");
    let built = scratch().join("target");
    run(Command::new(env!("CARGO")).arg("build").current_dir(&folder).env("CARGO_TARGET_DIR", &built));
    run(cargo_eventlet(&folder).args(["patch", "--check"]));
    let table = run(cargo_eventlet(&folder).arg("table"));
    drop(building);

    let program = built.join("debug").join(format!("calls-{}", of.name));
    let printed = run(Command::new(program).arg(server.address().to_string()));
    println!("{printed}");
    let words: Vec<&str> = printed.split_whitespace().collect();
    let ["calls", calls, "milliseconds", milliseconds, "threads", threads] = words[..] else {
        panic!("{printed}")
    };
    let took = Duration::from_millis(milliseconds.parse().unwrap());
    let calls: u32 = calls.parse().unwrap();
    assert!(
        took >= LATE * of.waits,
        "{calls} calls in {took:?}: the server lets each wait {} times",
        of.waits
    );
    assert!(took < LATE * of.waits * calls / 5, "{calls} calls took {took:?}: they wait for each other");
    assert_eq!(threads, "1", "all calls are made on one OS thread");
    for row in table.lines().filter(|line| line.contains(of.patched.last().unwrap())) {
        in_the_table(row, calls, of.waits, took);
    }
}

/// The row of a crate, as the book has it. How long it took is the machine's, and is not compared.
fn in_the_table(row: &str, calls: u32, waits: u32, took: Duration) {
    let page = root().join("docs/patching.md");
    let text = fs::read_to_string(&page).unwrap();
    let name = row.split('|').nth(1).unwrap().trim();
    let begin = format!("{row} {calls} × {} ms | ", (LATE * waits).as_millis());
    if std::env::var_os("BLESS").is_none() {
        assert!(text.contains(&begin), "docs/patching.md has another row for {name} than `{begin}…`");
        return;
    }
    let row = format!("{begin}{} ms |", took.as_millis());
    let is_row = |line: &str| line.starts_with(&format!("| {} ", name.split(' ').next().unwrap()));
    let mut lines: Vec<&str> = text.lines().filter(|line| !is_row(line)).collect();
    let head = lines.iter().position(|line| line.starts_with("|---|---:|---:|")).unwrap() + 1;
    let end = head + lines[head..].iter().position(|line| !line.starts_with('|')).unwrap();
    lines.insert(end, &row);
    lines[head..=end].sort_unstable();
    fs::write(page, lines.join("\n") + "\n").unwrap();
}

/// The program that stands in the book, with what the book says of it.
#[test]
fn a_newcomers_hundred_requests() {
    let page = fs::read_to_string(root().join("docs/patching.md")).unwrap();
    let program = page.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
    let of = Crate { name: "newcomer", dependencies: "minreq = \"=2.14.1\"", patched: &["minreq"], waits: 1 };
    let building = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = project(&of);
    fs::write(folder.join("src/main.rs"), program).unwrap();
    let report = run(cargo_eventlet(&folder).args(["patch", "minreq"]));
    for line in report.lines() {
        assert!(page.contains(&format!("\n    {line}\n")), "the page does not show what is printed: {line}");
    }
    let built = scratch().join("target");
    run(Command::new(env!("CARGO")).arg("build").current_dir(&folder).env("CARGO_TARGET_DIR", &built));
    drop(building);
    let url = format!("http://{}/", Server::http().address());
    let printed = run(Command::new(built.join("debug/calls-newcomer")).arg(url));
    let milliseconds: u128 = printed.split_whitespace().nth_back(1).unwrap().parse().unwrap();
    assert!(printed.starts_with("500 bytes in "), "{printed}");
    assert!(milliseconds < LATE.as_millis() * 20, "{printed}");
}

#[test]
fn minreq() {
    let of = Crate { name: "minreq", dependencies: "minreq = \"=2.14.1\"", patched: &["minreq"], waits: 1 };
    patched_and_run(&of, Server::http());
}

#[test]
fn attohttpc() {
    let dependencies = "attohttpc = { version = \"=0.28.5\", default-features = false }";
    let of = Crate { name: "attohttpc", dependencies, patched: &["attohttpc"], waits: 1 };
    patched_and_run(&of, Server::http());
}
