//! `#[green(in_place)]`: ordinary functions whose green calls are waited for where they stand.

use std::cell::Cell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::Read;
use eventlet::green::net::TcpListener;
use eventlet::hubs::Here;
use eventlet::lock::Mutex;
use eventlet::{
    Event, Queue, Timeout, green, greenthread, run, sleep, spawn, spawn_n, testing, tpool, with_timeout,
};
use eventlet_tests::{assert_events, events, ms, note};

/// Waits, and cannot suspend.
#[green(in_place)]
fn pause(name: &'static str, time: Duration) {
    note(format!("{name} begins at {:?}", testing::now()));
    sleep(time);
    note(format!("{name} ends at {:?}", testing::now()));
}

#[eventlet::test]
fn nobody_else_is_resumed_and_time_goes_on() {
    spawn_n(
        #[green]
        || {
            note("a begins");
            sleep(ms(5));
            note(format!("a ends at {:?}", testing::now()));
        },
    );
    spawn_n(
        #[green]
        || note("b"),
    );
    pause("first", ms(10));
    sleep(ms(0));
    pause("second", ms(10));
    sleep(ms(10));
    assert_events([
        "first begins at 0ns",
        "first ends at 10ms",
        "a begins",
        "b",
        "second begins at 10ms",
        "second ends at 20ms",
        "a ends at 20ms",
    ]);
}

#[eventlet::test]
fn whoever_was_woken_meanwhile_runs_afterwards_in_order() {
    let woken: Vec<_> = [3, 1, 2]
        .into_iter()
        .map(|n| {
            spawn(
                #[green]
                move || {
                    sleep(ms(n));
                    note(format!("{n}"));
                },
            )
        })
        .collect();
    sleep(ms(0));
    pause("in place", ms(10));
    greenthread::joinall(woken);
    assert_events(["in place begins at 0ns", "in place ends at 10ms", "1", "2", "3"]);
}

#[eventlet::test]
fn it_is_the_same_green_thread() {
    #[green]
    fn who() -> u64 {
        sleep(ms(1));
        greenthread::current().id()
    }
    #[green(in_place)]
    fn ask() -> u64 {
        who()
    }
    assert_eq!(ask(), greenthread::current().id());
}

#[eventlet::test]
fn a_limit_inside_ends_a_call_in_place() {
    #[green(in_place)]
    fn limited() -> Result<(), Timeout> {
        with_timeout(ms(5), || sleep(ms(100)))
    }
    assert!(limited().is_err());
    assert_eq!(testing::now(), ms(5));
}

/// A limit around it is found to be over when the function that waits in place has returned.
#[eventlet::test]
fn a_limit_outside_waits_until_it_is_over() {
    let over = with_timeout(
        ms(5),
        #[green]
        || {
            pause("in place", ms(10));
            sleep(ms(1));
        },
    );
    assert!(over.is_err());
    assert_eq!(testing::now(), ms(10));
    assert_events(["in place begins at 0ns", "in place ends at 10ms"]);
}

#[eventlet::test]
fn more_steps_than_a_turn_has_are_no_end() {
    #[green(in_place)]
    fn all(queue: &Queue<u32>, count: u32) -> u32 {
        let mut sum = 0;
        for n in 0..count {
            queue.put(n).unwrap();
            sum += queue.get().unwrap();
        }
        sum
    }
    spawn_n(
        #[green]
        || note("not before"),
    );
    assert_eq!(all(&Queue::unbounded(), 5000), 4999 * 2500);
    note("done");
    sleep(ms(0));
    assert_events(["done", "not before"]);
}

#[eventlet::test(real_time)]
fn what_other_os_threads_and_the_kernel_bring_comes_in() {
    #[green(in_place)]
    fn outside() -> std::io::Result<(u32, String)> {
        let n = tpool::execute(|| {
            std::thread::sleep(ms(5));
            7
        });
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            std::thread::sleep(ms(5));
            std::net::TcpStream::connect(address).and_then(|mut stream| stream.write_all(b"hello"))
        });
        let mut text = String::new();
        listener.accept()?.0.read_to_string(&mut text)?;
        Ok((n, text))
    }
    assert_eq!(outside().unwrap(), (7, "hello".to_owned()));
}

#[test]
fn outside_of_green_code_it_runs_the_hub() {
    let others = Rc::new(Cell::new(0));
    let count = others.clone();
    #[green(in_place)]
    fn wait(time: Duration) -> u32 {
        sleep(time);
        1
    }
    spawn_n(move || add(count));
    assert_eq!(wait(ms(1)), 1);
    assert_eq!(others.get(), 1, "there is nobody who could not be suspended, so all take turns");
}

#[green]
fn add(to: Rc<Cell<u32>>) {
    to.set(to.get() + 1);
}

#[eventlet::test]
fn a_destructor_may_wait() {
    struct Session(&'static str);
    impl Drop for Session {
        #[green(in_place)]
        fn drop(&mut self) {
            note(format!("{} says goodbye", self.0));
            sleep(ms(3));
            note(format!("{} is gone at {:?}", self.0, testing::now()));
        }
    }
    #[green]
    fn keep(_session: Session) {
        sleep(Duration::MAX);
    }
    let kept = spawn(|| keep(Session("one")));
    sleep(ms(1));
    kept.kill();
    note("killed");
    drop(Session("two"));
    assert_events([
        "one says goodbye",
        "one is gone at 4ms",
        "killed",
        "two says goodbye",
        "two is gone at 7ms",
    ]);
}

#[eventlet::test]
fn a_kill_ends_the_thread_behind_it() {
    let patient = spawn(
        #[green]
        || {
            pause("in place", ms(10));
            sleep(ms(0));
            note("not reached");
        },
    );
    let killer = patient.thread().clone();
    #[green(in_place)]
    fn kill_at_once(thread: &eventlet::Thread) {
        thread.kill();
        sleep(ms(1));
    }
    spawn_n(
        #[green]
        move || kill_at_once(&killer),
    );
    assert!(patient.join().is_err());
    assert_events(["in place begins at 0ns", "in place ends at 10ms"]);
}

#[eventlet::test]
fn what_can_never_come_is_a_deadlock_with_its_line() {
    let lock = Rc::new(Mutex::new(0));
    let holder = spawn({
        let lock = lock.clone();
        #[green]
        move || {
            let guard = lock.lock();
            note(line!() + 1);
            sleep(ms(1));
            drop(guard);
        }
    });
    sleep(ms(0));
    #[green(in_place)]
    fn add(to: &Mutex<u32>) {
        note(line!() + 1);
        *to.lock() += 1;
    }
    let panic = catch_unwind(AssertUnwindSafe(|| add(&lock))).unwrap_err();
    let [holds, asks] = events().try_into().unwrap();
    let file = file!();
    assert_eq!(
        *panic.downcast_ref::<String>().expect("a report"),
        format!(
            "deadlock: a call is waited for in place, and nothing is left that could wake it\n  \
             green thread 1 waits for a mutex (1 waiting)\n      \
             eventlet::lock::mutex::Mutex::lock called at {file}:{asks}:13\n  \
             green thread 1 runs\n  \
             green thread 2 waits for a time to pass\n      \
             eventlet::greenthread::sleep called at {file}:{holds}:13\n      \
             in_place::what_can_never_come_is_a_deadlock_with_its_line\n\
             note: the other green threads are not resumed meanwhile, ready or not\n\
             help: make the function that waits `#[green]`, or let nobody else hold what it waits for"
        )
    );
    // All others go on.
    holder.wait();
    assert_eq!(*lock.lock(), 0);
    add(&lock);
    assert_eq!(*lock.lock(), 1);
    events();
}

/// Dropped on another OS thread, it sends its event on this one.
struct Sends(Event<u32>);

impl Drop for Sends {
    fn drop(&mut self) {
        self.0.send(7);
    }
}

/// Waits for that.
struct Waits(Event<u32>);

impl Drop for Waits {
    #[green(in_place)]
    fn drop(&mut self) {
        note(self.0.wait());
    }
}

/// Blocks this OS thread meanwhile.
fn drop_elsewhere(values: impl Send + 'static) {
    std::thread::spawn(move || drop(values)).join().unwrap();
}

#[eventlet::test(real_time)]
fn what_comes_by_mail_may_wait_for_what_lies_behind_it() {
    let event = Event::new();
    let values = (Here::new(Waits(event.clone())), Here::new(Sends(event)));
    // One after the other, while this hub does not look.
    drop_elsewhere(values);
    sleep(ms(1));
    assert_events(["7"]);
}

/// Takes its time.
struct Lingers(Rc<Cell<u32>>);

impl Drop for Lingers {
    #[green(in_place)]
    fn drop(&mut self) {
        sleep(Duration::from_micros(300));
        self.0.set(self.0.get() + 1);
    }
}

/// Each of them is told of the next while it waits.
#[test]
fn waits_in_place_that_come_by_mail_take_a_bounded_stack() {
    const MANY: u32 = 2000;
    #[green]
    fn scenario() {
        let ended = Rc::new(Cell::new(0));
        let values: Vec<_> = (0..MANY).map(|_| Here::new(Lingers(ended.clone()))).collect();
        let dropper = std::thread::spawn(move || {
            for value in values {
                drop(value);
                std::thread::sleep(Duration::from_micros(1));
            }
        });
        while ended.get() < MANY {
            sleep(ms(1));
        }
        tpool::execute(move || dropper.join().unwrap());
    }
    let small = std::thread::Builder::new().stack_size(1 << 20);
    small.spawn(|| run(scenario)).unwrap().join().unwrap();
}

#[eventlet::test(real_time)]
fn what_others_wait_for_keeps_nobody_from_seeing_a_deadlock() {
    #[green(in_place)]
    fn wait_for_it(event: &Event) {
        event.wait();
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let others = [
        spawn(
            #[green]
            move || drop(listener.accept()),
        ),
        spawn(|| sleep(Duration::from_secs(3600))),
    ];
    sleep(ms(1));
    let panic = catch_unwind(AssertUnwindSafe(|| wait_for_it(&Event::new()))).unwrap_err();
    assert!(panic.downcast_ref::<String>().expect("a report").starts_with("deadlock: a call is waited for"));
    greenthread::killall(&others);
}

#[eventlet::test]
fn one_may_stand_in_another() {
    #[green]
    fn inner() -> u32 {
        pause("inner", ms(2));
        sleep(ms(1));
        1
    }
    #[green(in_place)]
    fn outer() -> u32 {
        inner() + inner()
    }
    assert_eq!(outer(), 2);
    assert_eq!(testing::now(), ms(6));
    assert_events(["inner begins at 0ns", "inner ends at 2ms", "inner begins at 3ms", "inner ends at 5ms"]);
}

#[eventlet::test]
fn a_panic_comes_out_and_leaves_the_hub_as_it_was() {
    #[green]
    fn fails() {
        sleep(ms(1));
        panic!("as it must");
    }
    #[green(in_place)]
    fn wait() {
        fails();
    }
    assert!(catch_unwind(wait).is_err());
    let limited = with_timeout(ms(2), || sleep(ms(1)));
    assert!(limited.is_ok());
    assert_eq!(testing::now(), ms(2));
}
