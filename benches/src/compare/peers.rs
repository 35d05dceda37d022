//! Who is compared, and how each is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::options::Options;
use super::workloads::{Course, Kind, Load, Unit, Workload};

pub(crate) const OURS: &str = "eventlet-rs";
pub(crate) const LIMIT: &str = "limit";
pub(crate) const TOKIO: &str = "tokio";
/// A program beside tokio's, in the same package.
const NO_LIMIT: &str = "tokio-no-limit";

const RUST: [&str; 8] = [LIMIT, TOKIO, NO_LIMIT, "axum", "smol", "monoio", "compio", "may"];
const PYTHON: [&str; 2] = ["gevent", "eventlet"];

/// A program of the contract.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    /// What stands before the workload.
    pub(crate) arguments: Vec<String>,
}

impl Peer {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    /// How much of a workload a peer is asked for, so that the slow ones take no longer than the others.
    pub(crate) fn share(&self, workload: &Workload) -> f64 {
        match (self.name, workload.kind) {
            // A stack for each thread, and the kernel maps no more than about 32,000 of them.
            ("may", Kind::Program) if workload.spawns => 0.04,
            ("gevent" | "eventlet", Kind::Program) if workload.unit == Unit::Bytes => 0.1,
            ("gevent" | "eventlet", Kind::Program) => 0.05,
            // What is cheap for the others together is not for these.
            (
                "gevent" | "eventlet",
                Kind::Rounds(Course { load: Load::Requests { together: 2.., .. }, .. }),
            ) => 0.04,
            ("gevent" | "eventlet", _) => 0.3,
            _ => 1.0,
        }
    }
}

/// Builds what is wanted. What cannot be built here is left out, and said.
pub(crate) fn build(benches: &Path, options: &Options) -> Result<Vec<Peer>, String> {
    let target = benches.parent().unwrap_or(benches).join("target");
    let ours = std::env::current_exe().map_err(|error| error.to_string())?;
    let here = ours.parent().expect("a program is in a folder").to_owned();
    // One after the other: together they would be built with the features of both.
    for package in ["eventlet-bench", "eventlet-bench-libraries"] {
        cargo(benches.parent().unwrap_or(benches), &["build", "--release", "-p", package, "--bins"])
            .then_some(())
            .ok_or("this crate's own programs cannot be built")?;
    }
    let mut peers = vec![peer(OURS, here.join("eventlet-bench"), vec![])];
    let workspace = benches.join("peers");
    for name in RUST.into_iter().filter(|name| options.wants_peer(name)) {
        let folder = target.join("peers");
        let program = format!("bench-{name}");
        let package = program.trim_end_matches("-no-limit");
        let target_dir = folder.display().to_string();
        if cargo(&workspace, &["build", "--release", "-p", package, "--target-dir", &target_dir]) {
            peers.push(peer(name, folder.join("release").join(program), vec![]));
        } else {
            eprintln!("{name} is left out: it cannot be built here");
        }
    }
    if options.wants_peer("go") {
        let program = target.join("peers").join("bench-go");
        let arguments = ["build", "-o", &program.display().to_string(), "main.go"].map(str::to_owned);
        if succeeds(Command::new("go").args(arguments).current_dir(workspace.join("go"))) {
            peers.push(peer("go", program, vec![]));
        } else {
            eprintln!("go is left out: it is not installed");
        }
    }
    for name in PYTHON.into_iter().filter(|name| options.wants_peer(name)) {
        if succeeds(Command::new("python3").args(["-W", "ignore", "-c", &format!("import {name}")])) {
            let script = workspace.join("python").join("bench.py").display().to_string();
            peers.push(peer(name, "python3".into(), vec!["-W".into(), "ignore".into(), script, name.into()]));
        } else {
            eprintln!("{name} is left out: Python does not have it here");
        }
    }
    Ok(peers)
}

fn peer(name: &'static str, program: PathBuf, arguments: Vec<String>) -> Peer {
    Peer { name, program, arguments }
}

fn cargo(folder: &Path, arguments: &[&str]) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder)
        .status()
        .is_ok_and(|status| status.success())
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
