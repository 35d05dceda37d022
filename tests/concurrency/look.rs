//! Reports show where each branch stands, and looking disturbs nothing.

use std::time::Duration;

use eventlet::branch::join_all;
use eventlet::hubs::get_hub;
use eventlet::{Event, Queue, green, join, race, scope, sleep, spawn, with_timeout};
use eventlet_tests::{assert_events, ms, note};

#[green]
fn wait_for_an_item(queue: &Queue<u32>) {
    queue.get().unwrap();
    note("item");
}

#[green]
fn wait_for_an_event(event: &Event) {
    event.wait();
    note("event");
}

fn panic_of(call: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(call).expect_err("it should panic");
    *payload.downcast::<String>().expect("the report is text")
}

#[track_caller]
fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("`{part}` is missing, or out of order, in\n{text}") };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn a_deadlock_report_shows_every_thread_of_a_scope() {
    #[green]
    fn scenario() {
        let (queue, event) = (Queue::unbounded(), Event::new());
        scope(
            #[green]
            |s| {
                s.spawn(|| wait_for_an_item(&queue));
                let second = s.spawn(|| wait_for_an_event(&event));
                second.wait();
            },
        );
    }
    let report = panic_of(|| eventlet::run(scenario));
    assert_in_order(
        &report,
        &[
            "deadlock",
            "waits for a scope, 2 threads of which have not ended",
            "the scope's body waits for branch 2 to end",
            "branch 1 waits for an item of a queue",
            "look.rs:",
            "branch 2 waits for an event to be sent",
            "look.rs:",
        ],
    );
}

#[test]
fn a_deadlock_report_shows_every_branch_of_a_join_and_a_race() {
    #[green]
    fn scenario() {
        let (queue, event) = (Queue::unbounded(), Event::new());
        join(
            || race(|| wait_for_an_item(&queue), || wait_for_an_event(&event)),
            || join_all([&event, &event].map(|event| || wait_for_an_event(event))),
        );
    }
    let report = panic_of(|| eventlet::run(scenario));
    assert_in_order(
        &report,
        &[
            "waits for all of its branches",
            "branch 1 waits for the first of its branches",
            "branch 1 waits for an item of a queue",
            "branch 2 waits for an event",
            "branch 2 waits for its branches, 2 of which have not ended",
            "branch 1 waits for an event",
            "branch 2 waits for an event",
        ],
    );
}

#[eventlet::test]
fn looking_disturbs_no_branch() {
    let (queue, event) = (Queue::unbounded(), Event::new());
    let thread = spawn({
        let (queue, event) = (queue.clone(), event.clone());
        #[green]
        move || {
            scope(
                #[green]
                |s| {
                    s.spawn(|| wait_for_an_item(&queue));
                    s.spawn(|| wait_for_an_event(&event));
                    let limited = with_timeout(ms(10), || sleep(Duration::MAX));
                    assert!(limited.is_err());
                    note("body");
                },
            )
        }
    });
    for _ in 0..20 {
        // Before the threads have begun, while they wait, and after they were woken.
        get_hub().describe_threads();
        sleep(Duration::ZERO);
    }
    assert_eq!(get_hub().ready(), 0);
    event.send(());
    get_hub().describe_threads();
    queue.put(1).unwrap();
    get_hub().describe_threads();
    thread.wait();
    assert_events(["event", "item", "body"]);
}

#[eventlet::test]
fn threads_of_a_scope_that_have_not_begun_say_so_and_do_not_begin() {
    let thread = spawn(
        #[green]
        || {
            scope(
                #[green]
                |s| {
                    s.spawn(
                        #[green]
                        || note("begun"),
                    );
                    sleep(ms(1));
                },
            )
        },
    );
    sleep(Duration::ZERO);
    let report = get_hub().describe_threads();
    assert_in_order(&report, &["the scope's body waits for a time", "branch 1 waits for its turn to begin"]);
    assert_events([]);
    thread.wait();
    assert_events(["begun"]);
}
