//! The process of one call: cell after cell, and what each came to.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use eventlet::green::io::raw_os_error;

use super::CELL;
use super::calls::{Failure, Group, Often, cells, groups};
use super::injector::Injector;
use super::scenes::{CLIENTS, Panicked, Seen, cpu_time, run};

/// More calls of one kind than this, with a hundred clients, are a loop that turns around an error.
const MOST_CALLS: u64 = 20_000;
/// What serving a hundred clients may take of the processors, many times over.
const MOST_CPU: Duration = Duration::from_secs(2);
/// What hard times cost a server that waits. Whoever spins spends all of them.
const MOST_CPU_IN_HARD_TIMES: Duration = Duration::from_millis(150);
/// A server that gives way sixteen times, and then waits for 10 ms, 20 ms and so on, asks less often.
const MOST_CALLS_IN_HARD_TIMES: u64 = 40;
/// How often a call that waits is told of a signal, or of a full queue, "again and again"; for ever would be a kernel that
/// does not work.
const SIGNALS: i64 = 64;

#[test]
#[ignore = "a part of the matrix, which is started by its test"]
fn one_group() {
    let Ok(cell) = std::env::var(CELL) else { return };
    let (group, first) = cell.split_once(':').unwrap();
    let group = groups().swap_remove(group.parse().unwrap());
    let injector = match Injector::install(group.call.numbers) {
        Ok(injector) => injector,
        Err(error) => return println!("FORBIDDEN {error}"),
    };
    // Whatever is opened once and kept is open after this.
    injector.load(0, 0);
    let Ok(quiet) = run(group.hub, group.scene, Often::Once, &injector) else { panic!("nothing fails yet") };
    assert!(quiet.errors.is_empty() && quiet.served == CLIENTS, "nothing fails yet: {:?}", quiet.errors);
    for (failure, often) in cells(group.call).skip(first.parse().unwrap()) {
        let asked = Asked { group: &group, failure, often };
        let (outcome, goes_on) = asked.outcome(&injector);
        println!("OUTCOME {outcome}");
        if !goes_on {
            // A hub that cannot wait has green threads that cannot end.
            std::process::exit(0);
        }
    }
}

struct Asked<'a> {
    group: &'a Group,
    failure: Failure,
    often: Often,
}

impl Asked<'_> {
    /// Runs the cell, and says what it came to and whether there can be another one.
    fn outcome(&self, injector: &Injector) -> (String, bool) {
        let error = self.failure.1;
        let failures = match (self.often, error) {
            (Often::Once, _) => 1,
            (Often::Repeatedly, libc::EINTR) => SIGNALS,
            (Often::Repeatedly, libc::EAGAIN) if self.group.call.name == "connect" => SIGNALS,
            (Often::Repeatedly, _) => i64::MAX,
        };
        injector.load(error, failures);
        let (open, before) = (open_descriptors(), cpu_time());
        let seen = run(self.group.hub, self.group.scene, self.often, injector);
        let spent = cpu_time() - before;
        let (calls, failed) = injector.counts();
        assert!(failed > 0, "the call was never made");
        assert!(calls < MOST_CALLS, "spins: {calls} calls");
        assert!(spent < MOST_CPU, "spins: {spent:?} on a processor");
        match seen {
            Ok(seen) => {
                assert_eq!(open_in_the_end(open), open, "descriptors leak");
                (self.judge(&seen, failed), true)
            }
            Err(panicked) => {
                assert!(!panicked.is_over || open_in_the_end(open) == open, "descriptors leak");
                (self.judge_panic(&panicked), panicked.is_over)
            }
        }
    }

    /// A hub that has no way to wait cannot go on.
    fn judge_panic(&self, panicked: &Panicked) -> String {
        let plain = io::Error::from_raw_os_error(self.failure.1);
        let hub = self.group.hub;
        assert_ne!(self.failure.1, libc::EINTR, "a signal is no error: {}", panicked.said);
        let waits = format!("the hub cannot wait for the operating system: {plain}");
        let begins = format!("the hub `{hub}` cannot be made: {plain}");
        let expected = if self.group.scene == "first use" { begins } else { waits };
        assert_eq!(panicked.said, expected);
        "a panic that says what the hub cannot do".into()
    }

    fn judge(&self, seen: &Seen, failed: u64) -> String {
        let Seen { errors, served, .. } = seen;
        let Group { scene, call, .. } = self.group;
        let error = self.failure.1;
        if ["serve", "Server"].contains(scene) {
            assert!(errors.is_empty(), "a server that waits tells nobody: {errors:?}");
            assert_eq!(*served, CLIENTS, "everybody is served, if later");
            if self.often == Often::Repeatedly && error != libc::EINTR {
                assert!(failed < MOST_CALLS_IN_HARD_TIMES, "spins: {failed} calls in hard times");
                assert!(
                    seen.cpu < MOST_CPU_IN_HARD_TIMES,
                    "spins: {:?} on a processor in hard times",
                    seen.cpu
                );
            }
            return "everybody was served".into();
        }
        if errors.is_empty() {
            assert_eq!(*served, CLIENTS);
            return "nothing happened".into();
        }
        assert_ne!(error, libc::EINTR, "a signal is no error: {errors:?}");
        let told: Vec<_> = errors.iter().filter(|told| raw_os_error(told) == Some(error)).collect();
        assert!(!told.is_empty(), "nobody is told of the error itself: {errors:?}");
        let kind = match (call.name, error) {
            // Whoever connects waits; that there is no port left is nothing to wait for.
            ("connect", libc::EAGAIN) => io::ErrorKind::ResourceBusy,
            _ => io::Error::from_raw_os_error(error).kind(),
        };
        assert!(told.iter().all(|told| told.kind() == kind), "another kind: {told:?}");
        if self.often == Often::Once {
            // Whoever gives up with bytes unread resets the connection for the other end, too.
            let most = if error == libc::ECONNRESET { 2 } else { 1 };
            assert!(told.len() <= most, "told of once, to one: {errors:?}");
            assert!(*served >= CLIENTS - 1, "{served} clients were served: {errors:?}");
        }
        let mut operations: Vec<_> = told.iter().map(|told| operation(told)).collect();
        operations.sort();
        operations.dedup();
        operations.join("; ")
    }
}

/// What an error says could not be done, without the place.
fn operation(told: &io::Error) -> String {
    let text = told.to_string();
    let (operation, _) = text.split_once(": ").unwrap_or_default();
    assert!(operation.starts_with("cannot "), "names no operation: {told:?}");
    let is_a_place = |word: &&str| word.starts_with(|first: char| first == '"' || first.is_ascii_digit());
    let words: Vec<_> = operation.split(' ').take_while(|word| !is_a_place(word)).collect();
    format!("\"{} …\"", words.join(" "))
}

/// How many are open when other OS threads have closed theirs, which they do in their own time: one that waits for a
/// process hears of its end a little later than the hub may.
fn open_in_the_end(expected: usize) -> usize {
    let begin = Instant::now();
    while open_descriptors() != expected && begin.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(1));
    }
    open_descriptors()
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
