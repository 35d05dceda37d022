//! What the library says by the way, when nobody can read it.

use std::io::{BufRead, Write as _};
use std::process::{Command, Stdio};

use eventlet::green::io::{BufWriter, Write, pipe};
use eventlet::{green, spawn};
use eventlet_tests::{give_way, ms};

/// Runs a test of this file in a process of its own, whose standard error has no reader by the time it begins.
fn in_a_process_without_a_reader(test: &str, trace: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env("EVENTLET_TRACE", trace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
}

fn wait_until_the_reader_has_gone() {
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    // A process that another test is starting has a copy of the reader's end until it is another program.
    while std::io::stderr().write_all(b".").is_ok() {
        std::thread::sleep(ms(1));
    }
}

#[green]
fn hold_unwritten_bytes() {
    let (_reader, writer) = pipe().unwrap();
    let mut writer = BufWriter::new(writer);
    writer.write_all(b"x").unwrap();
    eventlet::sleep(ms(1_000_000));
}

#[green]
fn kill_the_holder() {
    let holder = spawn(hold_unwritten_bytes);
    give_way();
    holder.kill();
    assert!(holder.join().unwrap_err().is_killed());
}

#[green]
fn switch_a_few_times() {
    for _ in 0..3 {
        give_way();
    }
}

#[green]
fn fail() -> Result<(), String> {
    give_way();
    Err("nobody hears this".to_owned())
}

#[green]
fn panic() {
    panic!("nobody hears this");
}

#[green]
fn lose_an_error_and_a_panic() {
    let panics = spawn(panic);
    drop(spawn(fail));
    give_way();
    give_way();
    assert!(panics.join().unwrap_err().is_panicked());
}

#[test]
fn a_killed_thread_stays_killed_when_its_warning_cannot_be_written() {
    in_a_process_without_a_reader("child_kills_a_holder", "");
}

#[test]
fn a_trace_that_cannot_be_written_is_lost() {
    in_a_process_without_a_reader("child_switches", "1");
}

#[test]
fn errors_and_panics_that_cannot_be_reported_end_their_threads_alone() {
    in_a_process_without_a_reader("child_loses_an_error", "");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_kills_a_holder() {
    wait_until_the_reader_has_gone();
    eventlet::run(kill_the_holder);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_switches() {
    wait_until_the_reader_has_gone();
    eventlet::run(switch_a_few_times);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_loses_an_error() {
    wait_until_the_reader_has_gone();
    eventlet::run(lose_an_error_and_a_panic);
}
