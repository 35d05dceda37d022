//! What can be seen of a running program from elsewhere in it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use eventlet::debug::{self, HubCounters, HubState, ThreadState};
use eventlet::event::Event;
use eventlet::hubs::{Handle, get_hub};
use eventlet::queue::Queue;
use eventlet::{green, greenthread, scope, sleep, spawn};

/// The hub of the OS thread of this name.
fn hub_of(name: &str) -> Option<HubCounters> {
    debug::hubs().into_iter().find(|hub| hub.os_thread.as_deref() == Some(name))
}

/// This OS thread's hub, as others see it.
fn own() -> HubCounters {
    thread::current().name().and_then(hub_of).expect("a test's OS thread has a name, and a hub by now")
}

#[green]
fn give_way() {
    sleep(Duration::ZERO);
}

#[green]
fn counts() {
    let before = own();
    assert_eq!((before.state, before.running), (HubState::Running, Some(greenthread::current().id())));
    let threads: Vec<_> = (0..10).map(|_| spawn(give_way)).collect();
    greenthread::joinall(threads);
    let after = own();
    // Each of the ten twice, and this one again.
    assert_eq!(after.resumptions - before.resumptions, 21);
    assert_eq!((after.running, after.timers), (before.running, before.timers));

    sleep(Duration::from_millis(1));
    let woken = own();
    assert_eq!(woken.timers - after.timers, 1);
    assert_eq!(woken.resumptions - after.resumptions, 1);
    assert!(woken.sleeps > after.sleeps && woken.turns > after.turns, "{after}\n{woken}");
}

#[test]
fn each_resumption_and_each_timer_is_counted_and_who_runs_is_known() {
    eventlet::run(counts);
    let idle = own();
    assert_eq!((idle.state, idle.running), (HubState::Idle, None));
}

fn block(may_go_on: &mpsc::Receiver<()>) {
    may_go_on.recv().expect("somebody asks");
}

/// Blocks its hub until it is told to go on, and sleeps then.
#[green]
fn blocks_then_sleeps(tell: mpsc::Sender<(Handle, u64)>, may_go_on: mpsc::Receiver<()>) {
    let ready = tell.send((get_hub().handle(), greenthread::current().id()));
    ready.expect("somebody asks");
    block(&may_go_on);
    sleep(Duration::from_secs(3600));
}

#[test]
fn a_hub_is_seen_from_another_os_thread_while_it_is_blocked_and_while_it_sleeps_and_not_after_its_end() {
    let (tell, told) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let name = "seen from outside";
    let hub = thread::Builder::new().name(name.into());
    let hub = hub.spawn(move || eventlet::run(move || blocks_then_sleeps(tell, may_go_on)));
    let hub = hub.expect("an OS thread can be made");
    let (handle, main) = told.recv().expect("it runs");
    let blocked = hub_of(name).expect("it is listed");
    assert_eq!((blocked.state, blocked.running), (HubState::Running, Some(main)));
    assert_eq!(hub_of(name), Some(blocked.clone()), "nothing moves while it is blocked");

    go_on.send(()).expect("it waits");
    // It sleeps soon, and says so for an hour.
    let asleep = until(name, |seen| seen.state == HubState::Sleeping);
    assert_eq!((asleep.running, asleep.resumptions), (None, blocked.resumptions));
    handle.wake().expect("it lives");
    until(name, |seen| seen.messages == asleep.messages + 1);
    handle.stop().expect("it lives");
    assert!(hub.join().is_err(), "a run that is stopped panics");
    assert_eq!(hub_of(name), None);
}

/// What is seen of a hub as soon as it is so.
fn until(name: &str, is_so: impl Fn(&HubCounters) -> bool) -> HubCounters {
    loop {
        let seen = hub_of(name).expect("it is listed");
        if is_so(&seen) {
            return seen;
        }
        thread::yield_now();
    }
}

#[green]
fn waits_for_ever() {
    let _seen = debug::hubs();
    let never: Event<()> = Event::new();
    never.wait();
}

#[test]
#[should_panic(expected = "deadlock: every green thread waits")]
fn whoever_watches_hubs_keeps_no_deadlock_from_being_reported() {
    let seen = debug::hubs();
    eventlet::run(waits_for_ever);
    drop(seen);
}

#[green]
fn nothing() {}

#[test]
fn a_hub_has_a_number_of_its_own_and_a_line_for_people() {
    let seen = |name: &str| {
        let hub = thread::Builder::new().name(name.into());
        let hub = hub.spawn(|| {
            eventlet::run(nothing);
            own()
        });
        hub.expect("an OS thread can be made").join().expect("it ends")
    };
    let (first, second) = (seen("first of two"), seen("second of two"));
    assert!(first.number < second.number);
    let number = first.number;
    assert_eq!(
        first.to_string(),
        format!(
            "hub {number} of `first of two` is run by nobody: 1 turns, 1 resumptions, 0 sleeps, 0 events, 0 timers, \
             0 messages"
        )
    );
}

#[green]
fn take(jobs: Queue<u32>) -> u32 {
    jobs.get().expect("it is not shut down")
}

#[green]
fn work(jobs: Queue<u32>) -> u32 {
    take(jobs)
}

#[green]
fn three_workers_and_others() {
    let jobs = Queue::unbounded();
    for _ in 0..3 {
        let jobs = jobs.clone();
        spawn(move || work(jobs));
    }
    let named = spawn(|| sleep(Duration::from_secs(1)));
    named.set_name("sleeper");
    give_way();
    let new = spawn(give_way);
    let snapshot = debug::snapshot();

    let states: Vec<_> = snapshot.threads().map(|thread| (thread.id, thread.name, thread.state)).collect();
    let main = greenthread::current().id();
    let (sleeper, last) = (named.id(), new.id());
    assert_eq!(
        states,
        [
            (main, None, ThreadState::Running),
            (main + 1, None, ThreadState::Waiting),
            (main + 2, None, ThreadState::Waiting),
            (main + 3, None, ThreadState::Waiting),
            (sleeper, Some("sleeper"), ThreadState::Waiting),
            (last, None, ThreadState::New),
        ]
    );
    assert_eq!((snapshot.spawned(), snapshot.ready(), snapshot.timers(), snapshot.jobs()), (last, 1, 1, 0));
    let [workers, sleeping] = snapshot.stacks() else { panic!("two places, not {:?}", snapshot.stacks()) };
    assert_eq!((workers.threads, sleeping.threads), (3, 1));
    let functions: Vec<_> = workers.frames.iter().map(|frame| frame.function.as_str()).collect();
    assert_eq!(functions, ["eventlet::queue::AnyQueue::get", "inside::take", "inside::work"]);
    let lines =
        workers.frames.iter().map(|frame| frame.called_at.map(|line| line.file().ends_with("inside.rs")));
    assert_eq!(lines.collect::<Vec<_>>(), [Some(true), Some(true), None]);

    let text = snapshot.to_string();
    let group = format!("3 green threads wait {}: {}, {}, {}\n", workers.wait, main + 1, main + 2, main + 3);
    assert!(text.contains(&group), "{text}");
    assert!(text.contains(&format!("green thread {sleeper} (sleeper) waits {}\n", sleeping.wait)), "{text}");
    assert!(text.contains(&format!("green thread {last} has not begun: inside::give_way\n")), "{text}");
}

#[test]
fn a_snapshot_has_every_thread_and_each_place_once() {
    eventlet::run(three_workers_and_others);
}

#[green]
fn many_wait() {
    let jobs = Queue::<u32>::unbounded();
    for _ in 0..100 {
        let jobs = jobs.clone();
        spawn(move || work(jobs));
    }
    give_way();
    let snapshot = debug::snapshot();
    assert_eq!(snapshot.stacks().iter().map(|stack| stack.threads).collect::<Vec<_>>(), [100]);
    let first = greenthread::current().id() + 1;
    let (short, long) = (snapshot.to_string(), format!("{snapshot:#}"));
    assert!(short.contains(&format!(", {}, and 90 more\n", first + 9)), "{short}");
    assert!(long.contains(&format!(", {}\n", first + 99)), "{long}");
    assert!(short.len() < 1000, "{short}");
}

#[test]
fn the_text_names_a_group_by_its_first_threads_or_all_of_them() {
    eventlet::run(many_wait);
}

/// A future of another executor, as far as anybody can tell: it keeps the waker that it was polled
/// with last, and counts.
#[derive(Clone, Default)]
struct Foreign {
    polls: Rc<Cell<u32>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Future for Foreign {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.polls.set(self.polls.get() + 1);
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[green]
fn wait_for_foreign(foreign: Foreign) {
    foreign.await;
}

#[green]
fn wait_beside(foreign: Foreign, jobs: Queue<u32>) {
    scope(
        #[green]
        |s| {
            s.spawn(move || wait_for_foreign(foreign));
            s.spawn(move || take(jobs));
        },
    );
}

const HELD: &str = "for something that holds its waker: another OS thread, or another executor";

#[green]
fn foreign_futures() {
    let (alone, beside) = (Foreign::default(), Foreign::default());
    let (polled, polled_beside) = (alone.polls.clone(), beside.polls.clone());
    spawn(move || wait_for_foreign(alone));
    let jobs = Queue::unbounded();
    spawn(move || wait_beside(beside, jobs));
    give_way();
    give_way();
    assert_eq!((polled.get(), polled_beside.get()), (1, 1));

    let snapshot = debug::snapshot();
    give_way();
    assert_eq!((polled.get(), polled_beside.get()), (1, 1), "a look has resumed what it looked at");
    let [held, scope] = snapshot.stacks() else { panic!("two places, not {snapshot}") };
    assert_eq!((held.wait.as_str(), held.frames.len()), (HELD, 0));
    let branches: Vec<_> = scope.branches.iter().map(|(_, branch)| branch.wait.as_str()).collect();
    assert_eq!(branches.iter().filter(|&&wait| wait == HELD).count(), 1, "{snapshot}");
    assert_eq!(branches.iter().filter(|wait| wait.contains("queue")).count(), 1, "{snapshot}");

    let all = debug::snapshot_all();
    assert_eq!((polled.get(), polled_beside.get()), (2, 2));
    assert_eq!(all.stacks()[0].wait, "for something outside eventlet");
    assert_eq!(all.stacks()[0].frames[0].function, "inside::wait_for_foreign");
}

#[test]
fn a_look_resumes_no_future_of_another_executor_unless_asked() {
    eventlet::run(foreign_futures);
}

#[green]
fn json() -> String {
    let jobs = Queue::unbounded();
    let worker = spawn(move || work(jobs));
    worker.set_name("a \"name\"\n");
    give_way();
    debug::snapshot().to_json()
}

#[test]
fn the_json_of_a_snapshot_is_read_by_others() {
    let text = eventlet::run(json);
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(value["v"], 1);
    assert_eq!(value["hub"]["state"], "running");
    let threads = value["threads"].as_array().expect("it is a list");
    assert_eq!(threads.len(), 2);
    assert_eq!((&threads[0]["state"], &threads[0]["stack"]), (&"running".into(), &serde_json::Value::Null));
    let worker = &threads[1];
    assert_eq!((&worker["name"], &worker["state"]), (&"a \"name\"\n".into(), &"waiting".into()));
    assert_eq!(worker["function"], "inside::work");
    let stack = &value["stacks"][worker["stack"].as_u64().expect("it waits") as usize];
    assert_eq!((&stack["threads"], &stack["frames"][1]["function"]), (&1.into(), &"inside::take".into()));
    assert!(stack["frames"][1]["called_at"].as_str().is_some_and(|line| line.contains("inside.rs:")));
}
