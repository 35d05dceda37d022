//! Handlers of signals. The signals are sent to this very process; each test has one of its own.

use std::io::ErrorKind;
use std::time::Duration;

use eventlet::signal::{self, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, wait_for};
use eventlet::testing::run_clean;
use eventlet::{green, sleep, spawn};
use eventlet_tests::{assert_events, events, note};
use rustix::process::{Signal, getpid, kill_process};

fn send(signal: Signal) {
    kill_process(getpid(), signal).unwrap();
}

#[green]
fn until_noted(count: usize) {
    let mut noted = vec![];
    while noted.len() < count {
        sleep(Duration::from_millis(1));
        noted.extend(events());
    }
    noted.into_iter().for_each(note);
}

#[test]
fn a_handler_is_a_green_thread_that_may_suspend_and_stays_installed() {
    #[green]
    fn handler() {
        note("begin");
        sleep(Duration::from_millis(1));
        note("end");
    }
    #[green]
    fn scenario() {
        let handle = signal::signal(SIGUSR1, handler).unwrap();
        for _ in 0..2 {
            send(Signal::USR1);
            until_noted(2);
            assert_events(["begin", "end"]);
        }
        assert!(handle.is_installed());
        handle.cancel();
        assert!(!handle.is_installed());
        send(Signal::USR1);
        sleep(Duration::from_millis(5));
        assert_events([]);
    }
    drop(events());
    run_clean(scenario);
}

#[test]
fn a_handler_that_panics_stays_installed() {
    #[green]
    fn handler() {
        note("called");
        panic!("in a handler");
    }
    #[green]
    fn scenario() {
        let handle = signal::signal(SIGWINCH, handler).unwrap();
        send(Signal::WINCH);
        until_noted(1);
        send(Signal::WINCH);
        until_noted(2);
        assert_events(["called", "called"]);
        handle.cancel();
    }
    drop(events());
    run_clean(scenario);
}

#[test]
fn all_that_wait_for_a_signal_go_on_and_a_killed_one_leaves_nothing() {
    #[green]
    fn waiter() {
        wait_for(SIGUSR2).unwrap();
        note("came");
    }
    #[green]
    fn scenario() {
        let (first, second, killed) = (spawn(waiter), spawn(waiter), spawn(waiter));
        sleep(Duration::ZERO);
        killed.kill();
        send(Signal::USR2);
        first.wait();
        second.wait();
        assert_events(["came", "came"]);
    }
    drop(events());
    run_clean(scenario);
}

#[test]
fn waiting_for_a_signal_is_no_deadlock_and_wakes_a_hub_that_sleeps() {
    let main = std::thread::spawn(|| run_clean(|| wait_for(SIGCHLD)));
    while !main.is_finished() {
        send(Signal::CHILD);
        std::thread::sleep(Duration::from_millis(1));
    }
    main.join().unwrap().unwrap();
}

#[test]
fn a_signal_that_cannot_be_handled_is_an_error() {
    // SIGKILL.
    let refused = run_clean(|| wait_for(9)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(refused.to_string(), "signal 9 cannot be handled");
}
