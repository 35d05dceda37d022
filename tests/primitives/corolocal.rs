use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eventlet::{green, green_context, green_local, sleep, spawn, with_timeout};

use crate::support::{Log, ms, scenarios, turn};

green_local! {
    static NAME: RefCell<String> = RefCell::new(String::from("nobody"));
    static COUNT: Cell<u32> = Cell::new(0);
    static LEAVES: RefCell<Option<Leaves>> = RefCell::new(None);
}

green_context! {
    static USER: &'static str = "nobody";
    static DEPTH: u32 = 0;
}

#[green]
fn user() -> &'static str {
    turn();
    USER.get()
}

/// Says when it is dropped, and what its thread's count was.
struct Leaves(Log);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.add("dropped");
    }
}

#[green]
fn who() -> String {
    NAME.with_borrow(|name| name.clone())
}

scenarios! {
    fn each_thread_has_its_own_value_across_suspensions() {
        let log = Log::new();
        NAME.with_borrow_mut(|name| *name = String::from("main"));
        let threads = ["a", "b"].map(|own| {
            let log = log.clone();
            spawn(#[green] move || {
                log.add(who());
                NAME.with_borrow_mut(|name| *name = own.to_string());
                turn();
                COUNT.set(COUNT.get() + 1);
                log.add(format!("{} {}", who(), COUNT.get()));
            })
        });
        for thread in threads {
            thread.wait();
        }
        log.add(who());
        log.expect(["nobody", "nobody", "a 1", "b 1", "main"]);
        assert_eq!(COUNT.get(), 0);
    }

    fn values_are_dropped_when_their_thread_ends_before_it_is_joined() {
        let log = Log::new();
        let l = log.clone();
        let ends = spawn(#[green] move || {
            LEAVES.with_borrow_mut(|leaves| *leaves = Some(Leaves(l.clone())));
            turn();
            l.add("returns");
        });
        ends.wait();
        log.add("joined");
        log.expect(["returns", "dropped", "joined"]);
        let l = log.clone();
        let killed = spawn(#[green] move || {
            LEAVES.with_borrow_mut(|leaves| *leaves = Some(Leaves(l)));
            sleep(ms(1000));
        });
        turn();
        killed.kill();
        log.expect(["dropped"]);
    }

    fn a_context_is_inherited_as_it_was_when_the_thread_was_spawned() {
        assert_eq!(USER.get(), "nobody");
        USER.set("ann");
        let child = spawn(#[green] move || {
            let inherited = user();
            USER.set("child");
            (inherited, spawn(user).wait(), DEPTH.get())
        });
        USER.set("bob");
        DEPTH.set(1);
        assert_eq!(child.wait(), ("ann", "child", 0));
        assert_eq!((USER.get(), DEPTH.get()), ("bob", 1));
    }

    fn a_scope_ends_with_its_call_however_that_ends() {
        USER.set("outer");
        assert_eq!(USER.scope("inner", user), "inner");
        assert_eq!(USER.get(), "outer");
        assert!(with_timeout(ms(1), || USER.scope("inner", || sleep(ms(9)))).is_err());
        assert_eq!(USER.get(), "outer");
        let log = Log::new();
        let l = log.clone();
        let killed = spawn(#[green] move || {
            let _seen = Seen(l);
            USER.scope("inner", || sleep(ms(9)));
        });
        turn();
        killed.kill();
        log.expect(["outer"]);
    }
}

/// Says whose context it is dropped in.
struct Seen(Log);

impl Drop for Seen {
    fn drop(&mut self) {
        self.0.add(USER.get());
    }
}

#[test]
fn outside_a_green_thread_there_is_no_value() {
    assert_eq!(COUNT.try_with(|count| count.get()), None);
}

green_local!(static FIRST: Rc<u32> = SECOND.with(|second| Rc::new(**second + 1)));
green_local!(static SECOND: Rc<u32> = Rc::new(1));

#[test]
fn outside_a_green_thread_a_context_has_its_declared_values() {
    assert_eq!(USER.get(), "nobody");
}

#[test]
fn making_a_value_may_use_another() {
    let first = eventlet::run(|| async { FIRST.with(|first| **first) });
    assert_eq!(first, 2);
}
