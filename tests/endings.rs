//! How threads, branches and hubs end: chains of any length, ends that set off others, the end of an OS thread, a fork.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::process::{Command, Output};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use eventlet::branch::{join_all, race};
use eventlet::greenlet::{self, Greenlet, Thrown};
use eventlet::greenthread::{GreenletExit, catch_exit, catch_unwind, current, exit};
use eventlet::hubs::{get_hub, schedule_call_global};
use eventlet::queue::LifoQueue;
use eventlet::{
    Event, Exit, GreenPool, GreenThread, Queue, Semaphore, Thread, green, green_context, green_local, join,
    run, scope, sleep, spawn, spawn_after, spawn_n, sync, with_timeout,
};
use eventlet_tests::{Noted, assert_events, events, give_way, ms, note, say_after, virtual_tests, wait_with};

const EVER: Duration = Duration::MAX;

/// Does something when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn kills(thread: Thread) -> impl Sized {
    OnDrop(move || thread.kill())
}

#[green]
fn hold<T>(held: T) {
    sleep(EVER);
    drop(held);
}

// Chains. So many ends that set off the next are far more than the stack has room for; they are over when the first is.

const LONG: usize = 200_000;

/// Calls `f` where there is little stack.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(1 << 20).spawn(f).unwrap().join().unwrap();
}

fn threads_left() -> usize {
    get_hub().threads()
}

#[test]
fn destructors_that_kill_the_next_thread_make_a_chain_of_any_length() {
    on_a_small_stack(|| {
        run(|| async {
            let mut last = spawn(|| sleep(EVER)).thread().clone();
            for _ in 0..LONG {
                let guard = kills(last);
                last = spawn(move || hold(guard)).thread().clone();
            }
            give_way().await;
            last.kill();
            assert_eq!(threads_left(), 1);
        });
    });
}

#[test]
fn links_that_kill_the_next_thread_make_a_chain_of_any_length() {
    on_a_small_stack(|| {
        run(|| async {
            let threads: Vec<Thread> = (0..LONG).map(|_| spawn(|| sleep(EVER)).thread().clone()).collect();
            for pair in threads.windows(2) {
                let next = pair[1].clone();
                pair[0].link(move |_| next.kill());
            }
            give_way().await;
            threads[0].kill();
            assert!(threads.iter().all(Thread::is_finished));
        });
    });
}

#[test]
fn threads_that_clean_up_and_kill_the_next_make_a_chain_of_any_length() {
    on_a_small_stack(|| {
        run(|| async {
            let mut last = spawn(|| sleep(EVER)).thread().clone();
            for _ in 0..LONG / 4 {
                let next = last;
                last = spawn(|| async move {
                    assert!(catch_exit(|| sleep(EVER)).await.is_err());
                    next.kill();
                })
                .thread()
                .clone();
            }
            give_way().await;
            last.kill();
            assert_eq!(threads_left(), 1);
        });
    });
}

#[test]
fn results_that_hold_other_results_are_dropped_in_a_chain_of_any_length() {
    struct Holds {
        _next: Option<GreenThread<Holds>>,
        count: Rc<Cell<usize>>,
    }
    impl Drop for Holds {
        fn drop(&mut self) {
            self.count.set(self.count.get() + 1);
        }
    }
    on_a_small_stack(|| {
        run(|| async {
            let count = Rc::new(Cell::new(0));
            let mut last = None;
            for _ in 0..LONG {
                let (_next, count) = (last.take(), count.clone());
                last = Some(spawn(move || async move { Holds { _next, count } }));
                give_way().await;
            }
            drop(last);
            assert_eq!(count.get(), LONG);
        });
    });
}

#[test]
fn a_greenlet_that_panics_deep_in_a_chain_of_ends_does_not_keep_the_next_from_its_own() {
    fn holding(held: impl Any) -> Greenlet {
        Greenlet::new(move |()| async move {
            drop(held);
            Ok::<_, Thrown>(())
        })
    }
    drop(events());
    let bomb = OnDrop(|| panic!("in a destructor"));
    let mut last: Box<dyn Any> = Box::new([holding(bomb), holding(Noted("the next"))]);
    for _ in 0..200 {
        last = Box::new(holding(last));
    }
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    drop(last);
    std::panic::set_hook(hook);
    assert_events(["the next"]);
}

#[test]
fn greenlets_that_hold_other_greenlets_are_dropped_in_a_chain_of_any_length() {
    on_a_small_stack(|| {
        let count = Rc::new(Cell::new(0));
        let mut last: Option<Greenlet> = None;
        for _ in 0..LONG {
            let (next, count) = (last.take(), count.clone());
            let counted = OnDrop(move || count.set(count.get() + 1));
            last = Some(Greenlet::new(move |()| async move {
                drop((next, counted));
                Ok::<_, Thrown>(())
            }));
        }
        drop(last);
        assert_eq!(count.get(), LONG);
    });
}

#[test]
fn queues_that_hold_other_queues_are_dropped_in_a_chain_of_any_length() {
    struct Holds {
        _queue: Queue<Holds>,
        _stack: LifoQueue<Holds>,
        count: Rc<Cell<usize>>,
    }
    impl Drop for Holds {
        fn drop(&mut self) {
            self.count.set(self.count.get() + 1);
        }
    }
    on_a_small_stack(|| {
        let count = Rc::new(Cell::new(0));
        let (mut queue, mut stack) = (Queue::unbounded(), LifoQueue::unbounded());
        for n in 0..LONG {
            let held = Holds { _queue: queue, _stack: stack, count: count.clone() };
            (queue, stack) = (Queue::unbounded(), LifoQueue::unbounded());
            if n % 2 == 0 {
                queue.try_put(held).ok()
            } else {
                stack.try_put(held).ok()
            };
        }
        drop((queue, stack));
        assert_eq!(count.get(), LONG);
    });
}

#[test]
fn queues_for_all_os_threads_that_hold_others_are_dropped_in_a_chain_of_any_length() {
    struct Holds {
        _queue: sync::Queue<Holds>,
        count: Arc<AtomicUsize>,
    }
    impl Drop for Holds {
        fn drop(&mut self) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    let mut queue = sync::Queue::unbounded();
    for _ in 0..LONG {
        let held = Holds { _queue: queue, count: count.clone() };
        queue = sync::Queue::unbounded();
        assert!(queue.try_put(held).is_ok());
    }
    on_a_small_stack(move || drop(queue));
    assert_eq!(count.load(Ordering::Relaxed), LONG);
}

#[test]
fn a_queue_may_hold_what_borrows_from_whoever_made_it() {
    let words = String::from("a borrowed word");
    let queue = Queue::borrowing(1);
    assert!(queue.try_put(words.split(' ').next_back()).is_ok());
    assert!(queue.try_put(None).is_err());
    assert_eq!(queue.try_get().unwrap(), Some("word"));
}

#[test]
fn scoped_threads_that_kill_the_next_make_a_chain_of_any_length() {
    on_a_small_stack(|| {
        run(|| {
            scope(|s| async move {
                let mut last = s.spawn(|| sleep(EVER));
                for _ in 0..LONG / 10 {
                    let next = last;
                    last = s.spawn(move || async move {
                        let _guard = OnDrop(|| next.kill());
                        sleep(EVER).await;
                    });
                }
                for _ in 0..LONG / 10 / 64 + 2 {
                    give_way().await;
                }
                last.kill();
                assert_eq!(s.running(), 0);
            })
        });
    });
}

virtual_tests! {
    fn a_kill_in_a_destructor_is_over_before_that_goes_on() {
        let names = ["c", "b", "a"];
        let mut last: Option<Thread> = None;
        for name in names {
            let next = last.take();
            let guard = OnDrop(move || {
                note(format_args!("{name} begins"));
                next.iter().for_each(Thread::kill);
                note(format_args!("{name} ends"));
            });
            last = Some(spawn(move || hold(guard)).thread().clone());
        }
        give_way();
        last.unwrap().kill();
        assert_events(["a begins", "b begins", "c begins", "c ends", "b ends", "a ends"]);
    }

    fn what_is_set_off_too_deep_is_worked_off_in_order() {
        // A chain as deep as kills may stand on each other, whose last sets off several at once.
        let several: Vec<Thread> = ["1", "2", "3"].into_iter().map(|name| {
            spawn(move || wait_with(name)).thread().clone()
        }).collect();
        let of_last = several.clone();
        let guard = OnDrop(move || {
            of_last.iter().for_each(Thread::kill);
            note("set off");
        });
        let mut last = spawn(move || hold(guard)).thread().clone();
        for _ in 0..63 {
            let guard = kills(last);
            last = spawn(move || hold(guard)).thread().clone();
        }
        give_way();
        last.kill();
        note("over");
        assert!(several.iter().all(Thread::is_finished));
        assert_events(["set off", "1", "2", "3", "over"]);
    }

    fn a_destructor_that_panics_deep_in_a_chain_does_not_break_it() {
        let mut last = spawn(|| wait_with("last")).thread().clone();
        for _ in 0..200 {
            let next = last;
            let guard = OnDrop(move || {
                next.kill();
                panic!("in a destructor");
            });
            last = spawn(move || hold(guard)).thread().clone();
        }
        give_way();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        last.kill();
        std::panic::set_hook(hook);
        assert_eq!(threads_left(), 1);
        assert_events(["last"]);
    }
}

// Hearing of a kill in a tree of calls.

/// Hears of a kill, and says so.
#[green]
fn part(delay: Duration, name: &'static str) {
    let outcome = if catch_exit(|| sleep(delay)).is_ok() { "done" } else { "heard" };
    note(format_args!("{name} {outcome}"));
}

type Part = Pin<Box<dyn Future<Output = ()>>>;

/// A combinator of somebody else's: polls all that are left, until none is.
fn all(calls: impl IntoIterator<Item = Part>) -> impl Future<Output = ()> {
    let mut calls: Vec<Option<Part>> = calls.into_iter().map(Some).collect();
    poll_fn(move |cx| {
        for call in &mut calls {
            if call.as_mut().is_some_and(|call| call.as_mut().poll(cx).is_ready()) {
                *call = None;
            }
        }
        if calls.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
}

virtual_tests! {
    fn a_kill_is_heard_beside_a_scope_that_ended_first() {
        let thread = spawn(|| all([Box::pin(part(ms(5), "a")) as Part, Box::pin(part(EVER, "b"))]));
        sleep(ms(6));
        thread.kill();
        note("killed");
        assert!(thread.join().is_ok());
        assert_events(["a done", "b heard", "killed"]);
    }

    fn every_call_beside_another_hears_of_a_kill() {
        let thread = spawn(|| all([Box::pin(part(EVER, "a")) as Part, Box::pin(part(EVER, "b"))]));
        give_way();
        thread.kill();
        assert!(thread.join().is_ok());
        assert_events(["a heard", "b heard"]);
    }

    fn of_scopes_around_each_other_in_a_tree_the_innermost_hear() {
        let thread = spawn(|| async {
            let inner = all([Box::pin(part(EVER, "a")) as Part, Box::pin(hold(Noted("plain")))]);
            let outer = catch_exit(|| inner).await;
            note(if outer.is_err() { "outer heard" } else { "outer done" });
        });
        give_way();
        thread.kill();
        assert_events(["a heard"]);
        assert!(!thread.is_finished());
        thread.kill();
        assert_events(["plain", "outer heard"]);
        assert!(thread.join().is_ok());
    }

    fn branches_of_a_join_hear_of_a_kill() {
        let thread = spawn(|| join(|| part(EVER, "a"), || part(EVER, "b")));
        give_way();
        thread.kill();
        assert!(thread.is_finished());
        assert!(thread.join().is_ok());
        assert_events(["a heard", "b heard"]);
    }

    fn branches_that_have_wakers_of_their_own_hear_of_a_kill() {
        let thread = spawn(|| join_all((0..200).map(|_| || part(EVER, "one"))));
        for _ in 0..4 {
            give_way();
        }
        thread.kill();
        assert!(thread.is_finished());
        assert!(thread.join().is_ok());
        assert_eq!(events(), vec!["one heard"; 200]);

        let thread = spawn(#[green] || {
            scope(#[green] |s| {
                s.spawn(|| part(EVER, "scoped"));
                part(EVER, "body");
            });
        });
        give_way();
        give_way();
        thread.kill();
        assert!(thread.join().is_ok());
        assert_events(["body heard", "scoped heard"]);
    }

    fn branches_inside_branches_hear_before_kill_returns_though_one_of_them_kills_somebody_else() {
        let victim = spawn(|| wait_with("victim dropped"));
        let thread = spawn(move || join(
            #[green] move || {
                part(EVER, "first");
                victim.kill();
            },
            || join_all((0..200).map(|_| || part(EVER, "one"))),
        ));
        for _ in 0..4 {
            give_way();
        }
        thread.kill();
        let heard = events();
        assert_eq!(heard[..2], ["first heard", "victim dropped"]);
        assert_eq!(heard[2..], vec!["one heard"; 200]);
        assert!(thread.is_finished());
    }

    fn after_a_kill_branches_take_turns_with_other_threads_as_before() {
        let killed = spawn(#[green] || {
            let _ = catch_exit(#[green] || {
                current().kill();
                sleep(EVER);
            });
        });
        assert!(killed.join().is_ok());
        let (event, count) = (Event::new(), Rc::new(Cell::new(0)));
        let (sent, counted) = (event.clone(), count.clone());
        let branches = spawn(|| join_all((0..200).map(move |_| {
            let (event, count) = (event.clone(), count.clone());
            move || async move {
                event.wait().await;
                count.set(count.get() + 1);
            }
        })));
        for _ in 0..4 {
            give_way();
        }
        sent.send(());
        give_way();
        // So many branches run while their thread has its turn.
        assert_eq!(counted.get(), 64);
        branches.join().unwrap();
    }

    fn a_thread_that_has_killed_another_still_stands_in_its_own_scopes() {
        // Neither takes the other's scopes for its own.
        let victim = spawn(#[green] || {
            part(EVER, "victim's first");
            part(EVER, "victim's second");
        });
        give_way();
        let other = victim.thread().clone();
        let killer = spawn(#[green] move || {
            let around = catch_exit(#[green] || {
                other.kill();
                part(EVER, "inner");
                wait_with("around's call dropped");
            });
            note(if around.is_ok() { "around not asked" } else { "around heard" });
        });
        give_way();
        killer.kill();
        killer.kill();
        victim.kill();
        assert!(killer.join().is_ok() && victim.join().is_ok());
        assert_events([
            "victim's first heard", "inner heard", "around's call dropped", "around heard", "victim's second heard",
        ]);
    }

    fn a_branch_that_has_killed_another_thread_still_ends_unasked_inside_a_scope() {
        let victim = spawn(#[green] || {
            part(EVER, "victim's first");
            part(EVER, "victim's second");
        });
        give_way();
        let other = victim.thread().clone();
        let killer = spawn(#[green] move || {
            let around = catch_exit(|| join(
                #[green] || {
                    other.kill();
                    part(EVER, "never");
                },
                || wait_with("branch dropped"),
            ));
            note(if around.is_ok() { "around not asked" } else { "around heard" });
        });
        give_way();
        killer.kill();
        victim.kill();
        assert!(killer.join().is_ok() && victim.join().is_ok());
        assert_events(["victim's first heard", "branch dropped", "around heard", "victim's second heard"]);
    }

    fn a_scope_around_branches_hears_for_all_of_them() {
        let thread = spawn(#[green] || {
            let caught = catch_exit(|| join(|| part(EVER, "a"), || wait_with("b dropped")));
            note(if caught.is_err() { "heard around" } else { "not heard" });
        });
        give_way();
        thread.kill();
        assert!(thread.join().is_ok());
        assert_events(["b dropped", "heard around"]);
    }

    fn a_branch_that_kills_its_own_thread_is_heard_of_in_all_at_the_next_suspension() {
        let thread = spawn(|| join(
            || part(EVER, "a"),
            #[green] || {
                current().kill();
                note("still here");
                sleep(ms(1));
                note("goes on");
            },
        ));
        assert!(thread.join().is_ok());
        assert_events(["still here", "a heard", "goes on"]);
    }

    fn a_second_killall_does_not_end_the_clean_ups_of_the_first() {
        let pool = GreenPool::new(3);
        pool.spawn_n(#[green] || {
            let _ = catch_exit(|| sleep(EVER));
            note("saving");
            sleep(ms(5));
            note("saved");
        });
        // The same inside of another scope, which would hear.
        pool.spawn_n(#[green] || {
            let outer = catch_exit(#[green] || {
                let _ = catch_exit(|| sleep(EVER));
                sleep(ms(6));
                note("saved inside");
            });
            assert!(outer.is_ok());
        });
        give_way();
        pool.killall();
        pool.killall();
        pool.waitall();
        assert_events(["saving", "saved", "saved inside"]);
    }
}

// Values of branches.

green_context! {
    static USER: &'static str = "nobody";
}

green_local! {
    static COUNT: Cell<u32> = Cell::new(0);
    static HELD: RefCell<Option<Noted>> = RefCell::new(None);
    static MAKES: RefCell<Option<OnDrop<fn()>>> = RefCell::new(None);
}

#[green]
fn users(delay: Duration) -> [&'static str; 2] {
    let before = USER.get();
    sleep(delay);
    [before, USER.get()]
}

#[green]
fn set_user(user: &'static str, delay: Duration) -> [&'static str; 2] {
    USER.set(user);
    users(delay)
}

#[green]
fn count_up(times: u32) -> u32 {
    for _ in 0..times {
        COUNT.set(COUNT.get() + 1);
        sleep(ms(1));
    }
    COUNT.get()
}

virtual_tests! {
    fn a_contexts_scope_holds_in_its_own_branch_alone() {
        let both = join(|| USER.scope("ann", || users(ms(5))), || USER.scope("ben", || users(ms(10))));
        assert_eq!(both, (["ann"; 2], ["ben"; 2]));
        assert_eq!(USER.get(), "nobody");
        let _ = race(|| USER.scope("ann", || users(ms(5))), || USER.scope("ben", || users(ms(10))));
        assert_eq!(USER.get(), "nobody");
        let seen = scope(#[green] |s| {
            let ann = s.spawn(|| USER.scope("ann", || users(ms(5))));
            let ben = s.spawn(|| USER.scope("ben", || users(ms(10))));
            let own = users(ms(7));
            (ann.wait(), ben.wait(), own)
        });
        assert_eq!(seen, (["ann"; 2], ["ben"; 2], ["nobody"; 2]));
        assert_eq!(USER.get(), "nobody");
    }

    fn a_contexts_scope_holds_in_its_own_call_of_a_foreign_combinator_alone() {
        let seen = Rc::new(RefCell::new(vec![]));
        let one = |user: &'static str, delay| {
            let seen = seen.clone();
            Box::pin(async move {
                let users = USER.scope(user, || users(delay)).await;
                seen.borrow_mut().push(users);
            }) as Part
        };
        let (a, b) = (one("ann", ms(5)), one("ben", ms(10)));
        all([a, b]).await;
        assert_eq!(*seen.borrow(), [["ann"; 2], ["ben"; 2]]);
        assert_eq!(USER.get(), "nobody");
    }

    fn a_context_that_a_branch_sets_is_the_branchs() {
        USER.set("outer");
        let both = join(|| set_user("ann", ms(5)), || users(ms(10)));
        assert_eq!(both, (["ann"; 2], ["outer"; 2]));
        assert_eq!(USER.get(), "outer");
        let seen = scope(#[green] |s| {
            USER.set("body");
            let inherits = s.spawn(|| users(ms(2)));
            let sets = s.spawn(|| set_user("ann", ms(5)));
            USER.set("later");
            (inherits.wait(), sets.wait(), USER.get())
        });
        assert_eq!(seen, (["body"; 2], ["ann"; 2], "later"));
        assert_eq!(USER.get(), "outer");
        let spawned = join(
            #[green] || { USER.set("ann"); spawn(|| users(ms(1))).wait() },
            || users(ms(1)),
        );
        assert_eq!(spawned, (["ann"; 2], ["outer"; 2]));
    }

    fn a_green_local_that_a_branch_makes_is_the_branchs() {
        assert_eq!(join(|| count_up(2), || count_up(3)), (2, 3));
        assert_eq!(join_all([4, 1].map(|times| move || count_up(times))), [4, 1]);
        assert_eq!(COUNT.get(), 0);
        // Now the thread has one, which its branches see.
        assert_eq!(join(|| count_up(2), || count_up(3)), (4, 5));
        assert_eq!(COUNT.get(), 5);
    }

    fn a_green_local_of_a_branch_ends_with_the_branch() {
        join(
            #[green] || { HELD.with_borrow_mut(|held| *held = Some(Noted("local dropped"))); sleep(ms(1)); },
            || say_after(ms(5), "other branch ends"),
        );
        assert_events(["local dropped", "other branch ends"]);
    }

    fn a_green_local_that_a_destructor_or_a_link_makes_ends_with_its_thread() {
        let thread = spawn(#[green] || {
            let makes: fn() = || HELD.with_borrow_mut(|held| *held = Some(Noted("made by a destructor")));
            MAKES.with_borrow_mut(|slot| *slot = Some(OnDrop(makes)));
            sleep(ms(1));
        });
        thread.link(|_| {
            note("link");
            HELD.with_borrow_mut(|held| *held = Some(Noted("made by a link")));
        });
        let handle = thread.thread().clone();
        thread.wait();
        note("joined");
        assert_events(["made by a destructor", "link", "made by a link", "joined"]);
        drop(handle);
    }
}

// Small things.

#[derive(Debug, PartialEq)]
struct Drained(u32);

impl std::fmt::Display for Drained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "drained after {}", self.0)
    }
}

impl std::error::Error for Drained {}

virtual_tests! {
    fn a_kill_says_why() {
        let plain = spawn(|| sleep(EVER));
        let early = spawn(|| sleep(EVER));
        early.kill_with("before it began");
        let heard = spawn(|| async { catch_exit(|| sleep(EVER)).await.unwrap_err() });
        give_way();
        plain.kill_with(Drained(7));
        plain.kill_with("too late");
        let handle = plain.thread().clone();
        for exit in [handle.join().unwrap_err(), plain.join().unwrap_err()] {
            assert!(exit.is_killed());
            assert_eq!(exit.reason().unwrap().downcast_ref(), Some(&Drained(7)));
            assert_eq!(exit.to_string(), "the green thread was killed: drained after 7");
            assert_eq!(std::error::Error::source(&exit).unwrap().to_string(), "drained after 7");
        }
        assert_eq!(early.join().unwrap_err().reason().unwrap().to_string(), "before it began");
        heard.kill_with("the client has gone");
        let exit: GreenletExit = heard.wait();
        assert_eq!(exit.reason().unwrap().to_string(), "the client has gone");
        assert_eq!(exit.to_string(), "this green thread is being killed: the client has gone");
    }

    fn a_reason_is_for_one_kill() {
        let thread = spawn(#[green] || {
            let first = catch_exit(|| sleep(EVER)).unwrap_err();
            assert_eq!(first.reason().unwrap().to_string(), "first");
            let second = catch_exit(|| sleep(EVER)).unwrap_err();
            assert!(second.reason().is_none());
            sleep(EVER);
        });
        give_way();
        thread.kill_with("first");
        thread.kill();
        thread.kill();
        assert!(matches!(thread.join(), Err(Exit::Killed)));
    }

    fn a_reason_is_the_first_of_the_kills_that_are_not_heard_yet() {
        let thread = spawn(#[green] || {
            current().kill_with("first");
            current().kill_with("second");
            current().kill();
            sleep(ms(1));
        });
        assert_eq!(thread.join().unwrap_err().reason().unwrap().to_string(), "first");
    }

    fn a_thread_exits_from_a_deep_call() {
        #[green]
        fn deep(left: u32) -> u32 {
            let _noted = Noted("unwound");
            if left == 0 { exit() } else { deep(left - 1) }
        }
        let thread = spawn(|| deep(2));
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["unwound"; 3]);
        let caught = spawn(|| async { catch_exit(|| deep(0)).await });
        assert!(caught.wait().is_err());
        assert_events(["unwound"]);
    }

    fn a_panic_in_a_call_is_a_value() {
        #[green]
        fn fails(message: &'static str) -> u32 {
            let _noted = Noted("unwound");
            sleep(ms(1));
            panic!("{message}");
        }
        let panic = catch_unwind(|| fails("broken")).unwrap_err();
        assert_eq!(panic.message(), Some("broken"));
        assert_events(["unwound"]);
        assert_eq!(catch_unwind(|| async { 7 }).unwrap(), 7);
        let closure = catch_unwind(|| -> std::future::Ready<()> { panic!("no call is made") });
        assert_eq!(closure.unwrap_err().message(), Some("no call is made"));
        // Neither a timeout nor a kill is a panic.
        assert!(with_timeout(ms(1), || catch_unwind(|| sleep(EVER))).is_err());
        let killed = spawn(|| catch_unwind(|| wait_with("dropped")));
        give_way();
        killed.kill();
        assert!(matches!(killed.join(), Err(Exit::Killed)));
        assert_events(["dropped"]);
    }

    fn the_cancel_of_a_delayed_thread_that_has_begun_does_nothing() {
        let thread = spawn_after(ms(1), || say_after(ms(5), "ends"));
        sleep(ms(2));
        thread.cancel();
        assert_eq!(thread.wait(), "ends");
        assert_events(["ends"]);
    }

    fn a_thread_that_a_greenlet_kills_is_not_inside_that_greenlet() {
        let victim = spawn(#[green] || {
            assert!(catch_exit(|| sleep(EVER)).is_err());
            // Not the greenlet's: this thread is resumed by it, and stands in none.
            let inside = Greenlet::new(|()| async { Ok::<_, Thrown>(1_u32) });
            assert_eq!(inside.switch(()).unwrap().take::<u32>(), 1);
            note("cleaned up");
        });
        give_way();
        let handle = victim.thread().clone();
        let greenlet = Greenlet::new(move |()| async move {
            handle.kill();
            note("killed");
            Ok::<_, Thrown>(())
        });
        greenlet.switch(()).unwrap();
        assert!(victim.join().is_ok());
        assert_events(["cleaned up", "killed"]);
    }
}

#[test]
fn a_greenlet_that_loses_its_last_handle_while_it_runs_ends_when_it_passes_control_on() {
    fn parent() -> Greenlet {
        greenlet::getcurrent().parent().expect("a greenlet has a parent")
    }
    drop(events());
    let own: Rc<RefCell<Option<Greenlet>>> = Rc::default();
    let taken = own.clone();
    let greenlet = Greenlet::new(move |()| async move {
        let _noted = Noted("dropped");
        let main = parent();
        // It comes back by a handle that does not keep it.
        let child = Greenlet::new(|()| async {
            parent().switch(()).await?;
            Ok::<_, Thrown>(())
        });
        child.switch(()).await?;
        drop(taken.take());
        note("still runs");
        main.switch(1_u32).await?;
        note("never");
        Ok::<_, Thrown>(())
    });
    *own.borrow_mut() = Some(greenlet.clone());
    let call = greenlet.switch(());
    drop(greenlet);
    assert_eq!(run(|| call).unwrap().take::<u32>(), 1);
    note("back");
    assert_events(["still runs", "dropped", "back"]);
}

#[test]
fn handles_on_one_object_are_equal() {
    let (event, queue, semaphore, pool) =
        (Event::<u32>::new(), Queue::<u32>::unbounded(), Semaphore::new(1), GreenPool::new(1));
    assert!(event == event.clone() && event != Event::new());
    assert!(queue == queue.clone() && queue != Queue::unbounded());
    assert!(semaphore == semaphore.clone() && semaphore != Semaphore::new(1));
    assert!(pool == pool.clone() && pool != GreenPool::new(1));
    assert!(queue.ptr_eq(&queue.clone()));
    run(|| async {
        let (one, other) = (spawn(|| async {}), spawn(|| async {}));
        assert!(one == one && one != other && one.thread() != other.thread());
    });
}

// The end of a hub.

/// Runs this test alone, in a process of its own, where [`how`] gives `how`.
fn in_a_process(test: &str, how: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env("ENDINGS_HOW", how);
    command.output().unwrap()
}

fn how() -> Option<String> {
    std::env::var("ENDINGS_HOW").ok()
}

/// What a destructor does.
type End = Box<dyn FnMut()>;

/// What destructors do of a thread that is left behind.
fn ends(what: &str) -> End {
    fn victim() -> Thread {
        spawn(|| sleep(EVER)).thread().clone()
    }
    match what {
        "kills" => {
            let (one, two) = (victim(), victim());
            Box::new(move || {
                one.kill();
                two.kill();
            })
        }
        "spawns" => Box::new(|| {
            spawn_n(|| async { unreachable!("it is killed before it begins") });
            let thread = spawn(|| sleep(EVER));
            thread.kill();
            assert!(thread.is_finished());
            drop(spawn_after(ms(1), || sleep(EVER)));
        }),
        "schedules" => {
            Box::new(|| schedule_call_global(Duration::ZERO, || unreachable!("nobody calls it")).cancel())
        }
        "asks" => Box::new(|| {
            get_hub().describe_threads();
            assert!(GreenPool::new(1).try_spawn(|| sleep(EVER)).is_ok());
            Event::new().send(());
        }),
        "links" => {
            let linked = victim();
            linked.link(|thread| {
                thread.kill();
                spawn_n(|| sleep(EVER));
            });
            Box::new(move || linked.kill())
        }
        "panics" => Box::new(|| panic!("a destructor panics")),
        "multiplies" => {
            fn again() {
                let guard = OnDrop(again);
                spawn_n(move || hold(guard));
            }
            Box::new(again)
        }
        other => panic!("unknown: {other}"),
    }
}

const WHAT: [&str; 7] = ["kills", "spawns", "schedules", "asks", "links", "panics", "multiplies"];

/// Leaves threads behind that end so, two of each.
#[green]
fn leave_behind(what: String) {
    for _ in 0..2 {
        let guard = OnDrop(ends(&what));
        spawn_n(move || hold(guard));
    }
    give_way();
}

/// The guards are those of a thread-local, which may be dropped before or after the hub.
fn keep_until_the_end(what: &str) {
    thread_local!(static KEPT: RefCell<Vec<OnDrop<End>>> = const { RefCell::new(Vec::new()) });
    KEPT.with_borrow_mut(|kept| kept.extend((0..2).map(|_| OnDrop(ends(what)))));
}

#[test]
fn whatever_is_left_behind_ends_without_a_panic_on_every_way_out() {
    const TEST: &str = "whatever_is_left_behind_ends_without_a_panic_on_every_way_out";
    if let Some(how) = how() {
        let (way, what) = how.split_once(' ').unwrap();
        let what = what.to_owned();
        match way {
            "test" => run(|| leave_behind(what)),
            "main" => eventlet::__private::main(|| leave_behind(what)),
            "thread" => thread::spawn(|| run(|| leave_behind(what))).join().unwrap(),
            "earlier" => thread::spawn(move || {
                keep_until_the_end(&what);
                run(|| leave_behind(what));
            })
            .join()
            .unwrap(),
            "later" => thread::spawn(move || {
                run(give_way);
                keep_until_the_end(&what);
            })
            .join()
            .unwrap(),
            other => panic!("unknown: {other}"),
        }
        return;
    }
    for way in ["test", "main", "thread", "earlier", "later"] {
        for what in WHAT {
            // A panic of one's own in the destructor of a thread-local is std's to abort for.
            if what == "panics" && matches!(way, "earlier" | "later") {
                continue;
            }
            let output = in_a_process(TEST, &format!("{way} {what}"));
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{way}, {what}: {} {text}", output.status);
            assert!(what == "panics" || !text.contains("panicked"), "{way}, {what}: {text}");
        }
    }
}

#[test]
fn what_is_spawned_after_the_end_of_a_hub_is_killed_before_it_begins() {
    thread_local!(static LAST: RefCell<Option<OnDrop<End>>> = const { RefCell::new(None) });
    let (say, hear) = std::sync::mpsc::channel();
    thread::spawn(move || {
        LAST.set(Some(OnDrop(Box::new(move || {
            let thread = spawn(|| async { unreachable!("it does not begin") });
            let is_killed = thread.is_finished() && !thread.is_started();
            thread.kill_with("twice");
            say.send((is_killed, get_hub().threads())).unwrap();
        }))));
        run(give_way);
    })
    .join()
    .unwrap();
    assert_eq!(hear.recv(), Ok((true, 0)));
}

// A fork.

#[cfg(unix)]
mod forks {
    use std::io::ErrorKind;

    use eventlet::green::io::{Read, Write};
    use eventlet::green::os::unix::net::UnixStream;

    use super::*;

    unsafe extern "C" {
        fn fork() -> i32;
        fn _exit(status: i32) -> !;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    }

    /// Runs `child` in a forked process and gives its exit status: 0 if it returns, 1 if it panics.
    fn in_a_child(child: impl FnOnce()) -> i32 {
        // SAFETY: this process has only the OS threads of the test harness, none of which holds a lock that the child
        // needs: they wait for this test.
        let pid = unsafe { fork() };
        if pid == 0 {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
            // SAFETY: it takes any number.
            unsafe { _exit(i32::from(outcome.is_err())) };
        }
        let mut status = -1;
        // SAFETY: `status` is there to be written.
        unsafe { waitpid(pid, &mut status, 0) };
        status >> 8
    }

    #[green]
    fn the_parent_never_notices() {
        let (mut ours, mut peer) = UnixStream::pair().unwrap();
        let (fresh, _fresh_peer) = UnixStream::pair().unwrap();
        let mut buf = [0; 1];
        assert!(
            with_timeout(
                ms(2),
                #[green]
                || { ours.read(&mut buf) }
            )
            .is_err()
        );
        let handle = get_hub().handle();
        let ours = Rc::new(RefCell::new(Some(ours)));
        let status = in_a_child(|| {
            drop(ours.take().unwrap().into_std().unwrap());
            assert!(handle.is_ended());
            assert!(handle.wake().is_err());
            let mut fresh = fresh;
            let mut buf = [0; 1];
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let read = std::pin::pin!(fresh.read(&mut buf)).poll(&mut cx);
            assert!(matches!(read, Poll::Ready(Err(error)) if error.kind() == ErrorKind::Unsupported));
        });
        assert_eq!(status, 0);
        let mut ours = ours.take().unwrap();
        let reader = spawn(
            #[green]
            move || {
                let mut buf = [0; 1];
                ours.read(&mut buf)
            },
        );
        give_way();
        peer.write_all(b"x").unwrap();
        assert_eq!(with_timeout(Duration::from_secs(60), || reader.join()).unwrap().unwrap().unwrap(), 1);
    }

    #[test]
    fn a_parent_does_not_notice_what_a_forked_child_does_with_its_hub() {
        const TEST: &str = "forks::a_parent_does_not_notice_what_a_forked_child_does_with_its_hub";
        if how().is_some() {
            return run(the_parent_never_notices);
        }
        let output = in_a_process(TEST, "fork");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_forked_child_is_told_that_the_hub_is_its_parents_and_runs_none_of_the_threads() {
        const TEST: &str =
            "forks::a_forked_child_is_told_that_the_hub_is_its_parents_and_runs_none_of_the_threads";
        if how().is_some() {
            let is_child = Rc::new(Cell::new(false));
            let seen = is_child.clone();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                run(|| async {
                    let mine = is_child.clone();
                    spawn_n(move || async move {
                        assert!(!mine.get(), "a thread of the parent runs in the child");
                    });
                    // SAFETY: as in `in_a_child`.
                    let pid = unsafe { fork() };
                    is_child.set(pid == 0);
                    give_way().await;
                    let mut status = -1;
                    // SAFETY: `status` is there to be written.
                    unsafe { waitpid(pid, &mut status, 0) };
                    assert_eq!(status >> 8, 7, "the child came to its end");
                });
            }));
            if seen.get() {
                let message = outcome.unwrap_err();
                let message = message.downcast_ref::<String>().unwrap();
                assert!(message.starts_with("this process was forked"), "{message}");
                // A hub of its own works.
                let own = thread::spawn(|| run(|| async { sleep(ms(1)).await })).join();
                // SAFETY: it takes any number.
                unsafe { _exit(if own.is_ok() { 7 } else { 8 }) };
            }
            outcome.unwrap();
            return;
        }
        let output = in_a_process(TEST, "fork");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
