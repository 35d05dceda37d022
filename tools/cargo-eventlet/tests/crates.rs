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
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use server::{FAREWELLS, LATE, Server};

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
    let last = format!("| {} ", of.patched.last().unwrap());
    for row in table.lines().filter(|line| line.starts_with(&last)) {
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
    let below = lines[head..].iter().position(|line| !line.starts_with('|'));
    let end = below.map_or(lines.len(), |below| head + below);
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
        assert!(page.contains(&format!("\n{line}\n")), "the page does not show what is printed: {line}");
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

/// Makes a git repository with a crate of one file, and gives its URL.
fn repository(name: &str, text: &str) -> String {
    let repository = scratch().join(format!("{name}-repository"));
    let _ = fs::remove_dir_all(&repository);
    fs::create_dir_all(repository.join("src")).unwrap();
    fs::write(repository.join("src/lib.rs"), text).unwrap();
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"2021\"\n");
    fs::write(repository.join("Cargo.toml"), manifest).unwrap();
    let who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
    for words in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message", "all"]] {
        run(Command::new("git").args(who).args(words).current_dir(&repository));
    }
    format!("file://{}", repository.display())
}

/// The line is the original's, and the project is what it was.
#[test]
fn what_cannot_be_patched_stays_as_it_was() {
    let building = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let text = "use std::net::TcpStream;\n\npub static OPEN: fn(&str) -> bool =\n    |at| TcpStream::connect(at).is_ok();\n";
    let dependencies = format!("refuses = {{ git = \"{}\" }}", repository("refuses", text)).leak();
    let folder = project(&Crate { name: "asks", dependencies, patched: &["refuses"], waits: 0 });
    fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();
    let before = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let output = cargo_eventlet(&folder).args(["patch", "refuses"]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "error: `refuses` cannot be patched: src/lib.rs:4: a green call stands in a closure outside of any function.";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(fs::read_to_string(folder.join("Cargo.toml")).unwrap().trim_end(), before.trim_end());
    assert!(!folder.join("green/refuses").exists());
    drop(building);
}

/// A crate that asks nobody for the values of its calls, in each way there is, from a repository of its own.
#[test]
fn no_call_is_lost() {
    let building = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let holes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crates/holes.rs");
    let url = repository("holes", &fs::read_to_string(holes).unwrap());
    let dependencies = format!("holes = {{ git = \"{url}\" }}").leak();
    let folder = project(&Crate { name: "listens", dependencies, patched: &["holes"], waits: 0 });
    let report = run(cargo_eventlet(&folder).args(["patch", "holes"]));
    assert!(report.contains("`drop`: a destructor cannot suspend"), "{report}");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(
        manifest.contains(&format!("[patch.\"{url}\"]\nholes = {{ path = \"green/holes\" }}")),
        "{manifest}"
    );
    let built = scratch().join("target");
    let heard =
        run(Command::new(env!("CARGO")).arg("run").current_dir(&folder).env("CARGO_TARGET_DIR", &built));
    assert_eq!(heard, "let statement closure map macro default drop\n");
    run(cargo_eventlet(&folder).args(["patch", "--check"]));

    // What was changed by hand is noticed, and so is what cannot be patched any more.
    let lib = folder.join("green/holes/src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(&lib, text.replace("\"let \"", "\"LET \"")).unwrap();
    let checked = cargo_eventlet(&folder).args(["patch", "--check"]).output().unwrap();
    assert!(!checked.status.success());
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(said.contains("holes/src/lib.rs"), "{said}");
    drop(building);
}

#[test]
fn whois_rust() {
    let of = Crate {
        name: "whois-rust",
        dependencies: "whois-rust = \"=1.6.0\"",
        patched: &["whois-rust"],
        waits: 1,
    };
    patched_and_run(&of, Server::whois());
}

#[test]
fn suppaftp() {
    let dependencies = "suppaftp = { version = \"=6.0.7\", default-features = false }";
    let of = Crate { name: "suppaftp", dependencies, patched: &["suppaftp"], waits: 1 };
    patched_and_run(&of, Server::ftp());
}

#[test]
fn beanstalkc() {
    let dependencies = "beanstalkc = \"=1.0.0\"\nbufstream = \"=0.1.4\"";
    let of = Crate { name: "beanstalkc", dependencies, patched: &["bufstream", "beanstalkc"], waits: 1 };
    patched_and_run(&of, Server::beanstalkd());
    // The last of them is on its way when the program ends.
    let begin = Instant::now();
    while FAREWELLS.load(Ordering::SeqCst) < 50 {
        assert!(begin.elapsed() < Duration::from_secs(20), "farewells are lost: {FAREWELLS:?}");
        std::thread::yield_now();
    }
}

#[test]
fn tungstenite() {
    let dependencies = "tungstenite = { version = \"=0.24.0\", default-features = false, features = [\"handshake\"] }\nbyteorder = \"=1.5.0\"";
    let of = Crate { name: "tungstenite", dependencies, patched: &["byteorder", "tungstenite"], waits: 1 };
    patched_and_run(&of, Server::websocket());
}

#[test]
fn tinyget() {
    let of = Crate { name: "tinyget", dependencies: "tinyget = \"=1.1.4\"", patched: &["tinyget"], waits: 1 };
    patched_and_run(&of, Server::http());
}

#[test]
fn telnet() {
    let of = Crate { name: "telnet", dependencies: "telnet = \"=0.2.5\"", patched: &["telnet"], waits: 1 };
    patched_and_run(&of, Server::whois());
}

#[test]
fn socks() {
    let dependencies = "socks = \"=0.3.4\"\nbyteorder = \"=1.5.0\"";
    let of = Crate { name: "socks", dependencies, patched: &["byteorder", "socks"], waits: 1 };
    patched_and_run(&of, Server::socks());
}

#[test]
fn rsntp() {
    let dependencies = "rsntp = { version = \"=4.1.2\", default-features = false }";
    let of = Crate { name: "rsntp", dependencies, patched: &["rsntp"], waits: 1 };
    patched_and_run(&of, Server::sntp());
}
