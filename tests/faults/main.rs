//! The fault matrix: each system call of the hub and of green I/O, with each error that its manual page allows, once
//! and again and again, while there are a hundred clients.
//!
//! The calls fail below everything that the runtime is made of: a seccomp filter on the hub's OS thread asks another
//! OS thread of the same process about each call of one kind, and that one answers with the error, or lets the call
//! through. It needs no privileges, and it sees system calls that no C library is asked for, which a preloaded library
//! would miss. A filter stays for ever, so each call is a process of its own: this program again.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use calls::{Failure, Group, Often, cells, groups};

mod calls;
mod cell;
mod injector;
mod scenes;

/// What a cell may take; it takes a fraction of a second when nothing hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// So many processes at once: most of their time they wait, for their answerer or for better times.
const PROCESSES: usize = 4;
/// `GROUP:FIRST_CELL`, for the program that is started again.
const CELL: &str = "EVENTLET_FAULT_CELL";

const HEAD: &str = "# The fault matrix

What becomes of a hundred clients when a system call fails. Written and checked by `tests/faults`.

In each cell the call fails *once*, or *repeatedly*, that is each time from then on, except that a signal (`EINTR`), or a queue that is
full (`EAGAIN`), is over after 64 times. Besides what the table says, in every cell: nobody hangs, nothing spins or aborts, no
descriptor, registration or green thread is left behind; an error has the kind and the number of the operating system's; what
fails once hurts one client, and the others are served.

| scene | what its hundred clients do |
|---|---|
| loop | they send 4 bytes to an accept loop and get them back |
| serve, Server | the same with `serve` and `convenience::Server`; accepting fails for 200 ms |
| TCP, UDP, Unix stream, Unix datagram, pipe, files, folders | each has one of its own, and makes most of the calls that there are for it |
| lent | each waits for a descriptor of std's with `hubs::trampoline` |
| stderr | each writes a line to the standard error |
| first file | each reads a file, on a hub that has no OS threads for that yet |
| processes | each twelfth starts a process, talks to it, kills it and waits for it; the others send bytes |
| signal | each waits for a signal, which comes |
| use_hub | on another OS thread, `hubs::use_hub` is called (in vain, and then once more), and all is as in TCP |
| first use | the same without `use_hub` |

| hub | scene | call | error | how often | outcome |
|---|---|---|---|---|---|
";

#[test]
fn no_failing_system_call_hangs_spins_aborts_or_leaks() {
    let groups = groups();
    let next = AtomicUsize::new(0);
    let said = Mutex::new(vec![vec![]; groups.len()]);
    thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(group) = groups.get(at) else { break };
                    let outcomes = outcomes(at, group);
                    said.lock().unwrap()[at] = outcomes;
                }
            });
        }
    });
    let said = said.into_inner().unwrap();
    if let Some(Outcome::Forbidden(why)) = said[0].first() {
        // Past the harness, which keeps to itself what a test that passes prints.
        let text =
            format!("\nSKIPPED, NOTHING IS CHECKED: seccomp user notification is forbidden here: {why}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        return;
    }
    let mut bad = Vec::new();
    let mut table = HEAD.to_owned();
    for (group, outcomes) in groups.iter().zip(&said) {
        for ((name, _), often, outcome) in together(group, outcomes) {
            let Group { hub, scene, call } = group;
            let line = format!("| {hub} | {scene} | {} | {name} | {often} |", call.name);
            match outcome {
                Outcome::Fine(outcome) => writeln!(table, "{line} {outcome} |").unwrap(),
                Outcome::Forbidden(wrong) | Outcome::Bad(wrong) => bad.push(format!("{line} {wrong}")),
            }
        }
    }
    assert!(bad.is_empty(), "{} cells are bad:\n{}", bad.len(), bad.join("\n"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fault-matrix.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(page).unwrap(), table, "with BLESS=1 this test writes the page anew");
}

/// What a cell came to.
#[derive(Clone, PartialEq)]
enum Outcome {
    Fine(String),
    /// There is no filter here.
    Forbidden(String),
    Bad(String),
}

/// The rows of a group: errors that come to the same share one.
fn together(group: &Group, outcomes: &[Outcome]) -> Vec<((String, i32), &'static str, Outcome)> {
    let cells: Vec<(Failure, Often)> = cells(group.call).collect();
    let mut rows: Vec<((String, i32), &'static str, Outcome)> = vec![];
    for (at, outcome) in outcomes.iter().enumerate() {
        let ((name, number), often) = cells[at];
        let (mut often, other) = match often {
            Often::Once => ("once", at + 1),
            Often::Repeatedly => ("repeatedly", at - 1),
        };
        if outcomes.get(other) == Some(outcome) {
            if other < at {
                continue;
            }
            often = "both";
        }
        match rows.iter_mut().find(|row| row.1 == often && row.2 == *outcome) {
            Some(row) => row.0.0 = format!("{}, {name}", row.0.0),
            None => rows.push(((name.to_owned(), number), often, outcome.clone())),
        }
    }
    rows
}

/// What all the cells of a group came to, by as many processes as that takes.
fn outcomes(at: usize, group: &Group) -> Vec<Outcome> {
    let count = cells(group.call).count();
    let mut outcomes = vec![];
    while outcomes.len() < count {
        let first = outcomes.len();
        let ended = follow(start(group.hub, &format!("{at}:{first}")), count, &mut outcomes);
        if matches!(outcomes.last(), Some(Outcome::Forbidden(_))) {
            break;
        }
        // One that is bad is one that does not say what it came to. One that cannot go on may have said so.
        let is_lost = outcomes.len() == first || ended.is_err() && outcomes.len() < count;
        if is_lost {
            outcomes.push(Outcome::Bad(ended.err().unwrap_or_else(|| "says nothing".to_owned())));
        }
    }
    outcomes
}

fn start(hub: &str, cell: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cell::one_group", "--ignored", "--nocapture"])
        .env("EVENTLET_HUB", hub)
        .env(CELL, cell)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Adds what the cells of a process say of themselves, until it ends; an error says how it should not have ended.
fn follow(mut child: Child, count: usize, outcomes: &mut Vec<Outcome>) -> Result<(), String> {
    let (to_here, lines) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let reader =
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| to_here.send(line)));
    let mut stderr = child.stderr.take().unwrap();
    let errors = thread::spawn(move || {
        let mut text = vec![];
        let _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let hangs = loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => match line.split_once("OUTCOME ").map(|(_, rest)| rest) {
                Some(rest) => outcomes.push(Outcome::Fine(rest.to_owned())),
                None => {
                    if let Some((_, why)) = line.split_once("FORBIDDEN ") {
                        outcomes.push(Outcome::Forbidden(why.to_owned()));
                    }
                }
            },
            Err(RecvTimeoutError::Timeout) => break outcomes.len() < count,
            Err(RecvTimeoutError::Disconnected) => break false,
        }
    };
    if hangs {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let _ = reader.join();
    if hangs {
        return Err("hangs".into());
    }
    if status.success() { Ok(()) } else { Err(format!("{status}: {}", errors.join().unwrap().trim())) }
}
