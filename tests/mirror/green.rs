//! What the mirror's waits are besides: green calls, across OS threads, that may be killed.

use std::cell::Cell;
use std::future::Ready;
use std::rc::Rc;
use std::sync::Arc;

use eventlet::green::io::{InPlace, PipeWriter, Read, Write, pipe};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::green::std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use eventlet::green::std::sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use eventlet::green::std::thread;
use eventlet::greenthread::KillOnDrop;
use eventlet::hubs::Here;
use eventlet::testing::now;
use eventlet::{green, sleep, spawn, tpool, with_timeout};
use eventlet_tests::{assert_events, ms, note};

#[green]
fn hold(mutex: Arc<Mutex<u32>>, name: &'static str) {
    let mut value = mutex.lock().unwrap();
    note(name);
    sleep(ms(10));
    *value += 1;
}

#[eventlet::test]
fn who_waits_for_a_mutex_suspends_and_is_served_in_turn() {
    let mutex = Arc::new(Mutex::new(0));
    let mut holders = vec![];
    for name in ["first", "second", "third"] {
        let mutex = mutex.clone();
        holders.push(spawn(move || hold(mutex, name)));
    }
    sleep(ms(1));
    note("another");
    for holder in holders {
        holder.wait();
    }
    assert_events(["first", "another", "second", "third"]);
    assert_eq!((*mutex.lock().unwrap(), now()), (3, ms(30)));
}

#[eventlet::test]
fn a_kill_unlocks_and_poisons_nothing() {
    let mutex = Arc::new(Mutex::new(0));
    let other = mutex.clone();
    let holder = spawn(move || hold(other, "holder"));
    let other = mutex.clone();
    let waiter = spawn(move || hold(other, "waiter"));
    let other = mutex.clone();
    let last = spawn(move || hold(other, "last"));
    sleep(ms(1));
    waiter.kill();
    holder.kill();
    last.wait();
    assert_events(["holder", "last"]);
    assert!(!mutex.is_poisoned());
    assert_eq!(*mutex.lock().unwrap(), 1);
}

#[green]
fn panic_with(holder: KillOnDrop<()>) {
    let _holder = holder;
    sleep(ms(1));
    panic!("and so ends what it holds");
}

#[eventlet::test]
fn a_kill_in_the_middle_of_anothers_panic_poisons_nothing() {
    let (mutex, lock, once) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)), Arc::new(Once::new()));
    let holder = spawn({
        let (mutex, lock, once) = (mutex.clone(), lock.clone(), once.clone());
        #[green]
        move || {
            let _value = mutex.lock().unwrap();
            let _other = lock.write().unwrap();
            once.call_once(|| sleep(ms(10)));
        }
    });
    sleep(ms(1));
    let holder = holder.kill_on_drop();
    assert!(spawn(move || panic_with(holder)).join().is_err());
    assert_eq!((mutex.is_poisoned(), lock.is_poisoned()), (false, false));
    once.call_once(|| note("once"));
    assert_events(["once"]);
    assert_eq!(now(), ms(2));
}

fn refuse() -> Ready<()> {
    panic!("before it is a call");
}

#[eventlet::test]
fn a_scope_whose_body_panics_at_once_waits_for_its_threads() {
    let ended = Rc::new(Cell::new(false));
    let other = ended.clone();
    let scoped = spawn(move || async move {
        let scope = thread::scope(move |scope| {
            scope.spawn(move || async move {
                sleep(ms(5)).await;
                other.set(true);
            });
            refuse()
        });
        scope.await;
    });
    assert!(scoped.join().is_err());
    assert_eq!((ended.get(), now()), (true, ms(5)));
}

#[eventlet::test]
fn one_that_was_let_in_and_is_killed_before_it_runs_lets_in_the_next() {
    let mutex = Arc::new(Mutex::new(0));
    let guard = mutex.lock().unwrap();
    let other = mutex.clone();
    let killed = spawn(move || hold(other, "killed"));
    let other = mutex.clone();
    let next = spawn(move || hold(other, "next"));
    sleep(ms(1));
    drop(guard);
    killed.kill();
    next.wait();
    assert_events(["next"]);
}

#[eventlet::test]
fn a_timed_out_writer_lets_the_readers_behind_it_go_on() {
    let lock = Arc::new(RwLock::new(5));
    let reader = lock.read().unwrap();
    let other = lock.clone();
    let writer = spawn(
        #[green]
        move || with_timeout(ms(5), || other.write()).is_err(),
    );
    sleep(ms(1));
    let other = lock.clone();
    let behind = spawn(
        #[green]
        move || *other.read().unwrap(),
    );
    sleep(ms(1));
    assert!(!behind.is_finished(), "it came after a writer");
    assert!(writer.wait());
    assert_eq!((behind.wait(), now()), (5, ms(5)));
    drop(reader);
}

#[test]
fn a_lock_is_handed_from_hub_to_hub() {
    let sum = Arc::new(Mutex::new(0_u64));
    let barrier = Arc::new(Barrier::new(4));
    let hubs: Vec<_> = (0..4)
        .map(|_| {
            let (sum, barrier) = (sum.clone(), barrier.clone());
            std::thread::spawn(move || eventlet::run(move || add_many(sum, barrier)))
        })
        .collect();
    for hub in hubs {
        hub.join().unwrap();
    }
    assert_eq!(*sum.try_lock().unwrap(), 4 * 2 * 250);
}

#[green]
fn add_many(sum: Arc<Mutex<u64>>, barrier: Arc<Barrier>) {
    barrier.wait();
    let other = sum.clone();
    let beside = spawn(move || add(other));
    add(sum);
    beside.wait();
}

#[green]
fn add(sum: Arc<Mutex<u64>>) {
    for n in 0..250 {
        let mut sum = sum.lock().unwrap();
        let old = *sum;
        if n % 10 == 0 {
            thread::yield_now();
        }
        *sum = old + 1;
    }
}

#[test]
fn a_condvar_and_a_channel_reach_another_hub() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let (to, from) = sync_channel(0);
    let other = pair.clone();
    let hub = std::thread::spawn(move || eventlet::run(move || get_ready(other, from)));
    eventlet::run(move || send_when_ready(pair, to));
    assert_eq!(hub.join().unwrap(), 7);
}

#[green]
fn get_ready(pair: Arc<(Mutex<bool>, Condvar)>, from: Receiver<u32>) -> u32 {
    *pair.0.lock().unwrap() = true;
    pair.1.notify_one();
    from.recv().unwrap()
}

#[green]
fn send_when_ready(pair: Arc<(Mutex<bool>, Condvar)>, to: SyncSender<u32>) {
    let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready).unwrap();
    assert!(*ready);
    drop(ready);
    to.send(7).unwrap();
}

#[green]
fn wait_for_notice(pair: Rc<(Mutex<u32>, Condvar)>, name: &'static str) {
    let guard = pair.0.lock().unwrap();
    let guard = pair.1.wait(guard).unwrap();
    note(name);
    drop(guard);
}

#[eventlet::test]
fn a_notification_of_one_that_is_killed_goes_to_the_next() {
    let pair = Rc::new((Mutex::new(0), Condvar::new()));
    let (one, two) = (pair.clone(), pair.clone());
    let first = spawn(move || wait_for_notice(one, "first"));
    let second = spawn(move || wait_for_notice(two, "second"));
    sleep(ms(1));
    pair.1.notify_one();
    first.kill();
    second.wait();
    assert_events(["second"]);
}

#[eventlet::test]
fn a_notification_of_one_that_ends_before_it_has_the_lock_again_goes_to_the_next() {
    let pair = Rc::new((Mutex::new(0), Condvar::new()));
    let (one, two) = (pair.clone(), pair.clone());
    let first = spawn(move || wait_for_notice(one, "first"));
    let second = spawn(move || wait_for_notice(two, "second"));
    sleep(ms(1));
    let guard = pair.0.lock().unwrap();
    pair.1.notify_one();
    // It is notified, and waits for the mutex.
    sleep(ms(1));
    first.kill();
    drop(guard);
    second.wait();
    assert_events(["second"]);
}

#[eventlet::test]
fn a_limit_on_a_condvar_is_over_when_it_says() {
    let pair = (Mutex::new(0), Condvar::new());
    let (guard, result) = pair.1.wait_timeout_while(pair.0.lock().unwrap(), ms(70), |_| true).unwrap();
    assert!(result.timed_out() && now() == ms(70));
    drop(guard);
}

#[eventlet::test]
fn one_that_leaves_a_barrier_is_waited_for_no_more() {
    let barrier = Rc::new(Barrier::new(2));
    let other = barrier.clone();
    let killed = spawn(
        #[green]
        move || other.wait().is_leader(),
    );
    sleep(ms(1));
    killed.kill();
    let other = barrier.clone();
    let waiter = spawn(
        #[green]
        move || other.wait().is_leader(),
    );
    sleep(ms(1));
    assert!(!waiter.is_finished());
    assert!(barrier.wait().is_leader());
    assert!(!waiter.wait());
}

#[green]
fn make(made: &Cell<u32>) -> u32 {
    sleep(ms(10));
    made.set(made.get() + 1);
    made.get()
}

#[eventlet::test]
fn what_makes_a_value_may_suspend_and_others_wait_for_it() {
    let cell = Rc::new(OnceLock::<u32>::new());
    let made = Rc::new(Cell::new(0));
    let makers: Vec<_> = (0..3)
        .map(|_| {
            let (cell, made) = (cell.clone(), made.clone());
            spawn(
                #[green]
                move || *cell.get_or_init(|| make(&made)),
            )
        })
        .collect();
    for maker in makers {
        assert_eq!(maker.wait(), 1);
    }
    assert_eq!(now(), ms(10));
}

#[eventlet::test]
fn the_next_in_line_makes_the_value_when_the_first_is_killed() {
    let cell = Rc::new(OnceLock::<u32>::new());
    let made = Rc::new(Cell::new(0));
    let (one, two, by_one, by_two) = (cell.clone(), cell.clone(), made.clone(), made.clone());
    let first = spawn(
        #[green]
        move || *one.get_or_init(|| make(&by_one)),
    );
    let second = spawn(
        #[green]
        move || *two.get_or_init(|| make(&by_two)),
    );
    sleep(ms(5));
    first.kill();
    assert_eq!((second.wait(), made.get(), now()), (1, 1, ms(15)));
    let (once, calls) = (Rc::new(Once::new()), Rc::new(Cell::new(0)));
    let (one, by_one) = (once.clone(), calls.clone());
    let killed = spawn(
        #[green]
        move || {
            one.call_once(
                #[green]
                || {
                    make(&by_one);
                },
            )
        },
    );
    sleep(ms(5));
    killed.kill();
    assert!(!once.is_completed());
    once.call_once(
        #[green]
        || {
            make(&calls);
        },
    );
    assert_eq!((calls.get(), once.is_completed()), (1, true));
}

/// Lets a test say how long the value of `SLOW` takes.
static GATE: std::sync::Mutex<Option<std::sync::mpsc::Receiver<()>>> = std::sync::Mutex::new(None);

static SLOW: LazyLock<u32> = LazyLock::new(|| {
    let gate = GATE.lock().unwrap().take().unwrap();
    gate.recv().unwrap();
    41
});

#[test]
fn a_value_that_another_os_thread_makes_is_waited_for_without_holding_the_hub() {
    let (open, gate) = std::sync::mpsc::channel();
    *GATE.lock().unwrap() = Some(gate);
    let maker = std::thread::spawn(|| *SLOW);
    while GATE.lock().unwrap().is_some() {
        std::thread::yield_now();
    }
    eventlet::run(eventlet::green_closure!(move || {
        let waiter = spawn(
            #[green]
            || *LazyLock::force(&SLOW),
        );
        sleep(ms(1));
        assert!(!waiter.is_finished());
        open.send(()).unwrap();
        assert_eq!(waiter.wait(), 41);
    }));
    assert_eq!(maker.join().unwrap(), 41);
}

#[eventlet::test]
fn a_channel_in_a_loop_suspends_for_each_value() {
    let (to, from) = channel();
    let sender = thread::spawn(
        #[green]
        move || {
            for n in 1..=3 {
                sleep(ms(10));
                to.send(n).unwrap();
            }
        },
    );
    let mut times = vec![];
    for n in &from {
        times.push((n, now()));
    }
    assert_eq!(times, [(1, ms(10)), (2, ms(20)), (3, ms(30))]);
    sender.join().unwrap();
}

/// Somebody else's: it knows std's traits alone.
fn copy_upper(mut from: impl std::io::Read, mut to: impl std::io::Write) -> std::io::Result<()> {
    let mut text = String::new();
    from.read_to_string(&mut text)?;
    write!(to, "{}", text.to_uppercase())?;
    to.flush()
}

#[eventlet::test(real_time)]
fn somebody_elses_code_waits_in_place_for_a_green_stream() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (answered, answering) = std::sync::mpsc::channel();
    let peer = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        std::thread::sleep(ms(20));
        std::io::Write::write_all(&mut stream, b"late").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        answered.send(std::io::read_to_string(stream).unwrap()).unwrap();
    });
    let (stream, _) = listener.accept()?;
    let other = spawn(|| note_it("another"));
    copy_upper(InPlace::new(stream.try_clone()?), InPlace::new(stream))?;
    note("copied");
    other.wait();
    // Nobody else was resumed while it waited.
    assert_events(["copied", "another"]);
    assert_eq!(tpool::execute(move || answering.recv().unwrap()), "LATE");
    tpool::execute(move || peer.join().unwrap());
    Ok(())
}

#[green]
fn note_it(event: &'static str) {
    note(event);
}

#[green]
fn write_late(mut writer: PipeWriter) {
    sleep(ms(1));
    writer.write_all(b"from a green thread").unwrap();
}

#[test]
fn outside_of_green_code_the_hub_runs_while_somebody_elses_code_waits() {
    let (reader, writer) = pipe().unwrap();
    spawn(move || write_late(writer));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut InPlace::new(reader), &mut text).unwrap();
    assert_eq!(text, "from a green thread");
}

#[eventlet::test]
fn in_place_a_buffer_is_read_and_a_file_is_sought() {
    use std::io::{BufRead, Seek, SeekFrom};
    let mut lines = InPlace::new(eventlet::green::io::BufReader::new("a\nb".as_bytes()));
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!((line.as_str(), lines.into_inner().buffer()), ("a\n", &b"b"[..]));
    let mut cursor = InPlace::new(std::io::Cursor::new([1, 2, 3]));
    assert_eq!(cursor.seek(SeekFrom::End(-1)).unwrap(), 2);
    assert_eq!(cursor.get_ref().position(), 2);
}

#[eventlet::test(real_time)]
fn a_socket_that_goes_to_another_os_thread_as_stds_is_adopted_by_its_hub() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // One has waited here, and the other one has not.
    let (fresh, used) = (TcpStream::connect(address).unwrap(), listener.accept().unwrap().0);
    assert!(
        with_timeout(
            ms(1),
            #[green]
            || used.peek(&mut [0; 8])
        )
        .is_err()
    );
    let (fresh, used) = (fresh.into_std().unwrap(), used.into_std().unwrap());
    let answer = tpool::execute(move || {
        #[green]
        fn scenario(fresh: std::net::TcpStream, used: std::net::TcpStream) -> String {
            let (mut fresh, mut used) = (TcpStream::from(fresh), TcpStream::from(used));
            let reader = spawn(
                #[green]
                move || {
                    let mut text = String::new();
                    used.read_to_string(&mut text).map(|_| text)
                },
            );
            // It waits on this OS thread's hub.
            sleep(ms(1));
            fresh.write_all(b"from there").unwrap();
            drop(fresh);
            reader.wait().unwrap()
        }
        eventlet::run(move || scenario(fresh, used))
    });
    assert_eq!(answer, "from there");
    tpool::killall();
}

#[eventlet::test(real_time)]
fn a_socket_that_only_looks_send_is_used_at_home_alone_and_closed_there() {
    fn anywhere<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = anywhere(Here::new(listener.accept().unwrap().0));
    // It goes there and back, and nobody touches it.
    let server = tpool::execute(move || server);
    (&*server).write_all(b"x").unwrap();
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 1);
    // Used there it panics; dropped there it is sent home, and closed by its own hub.
    let is_refused = tpool::execute(move || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.peer_addr())).is_err()
    });
    assert!(is_refused);
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
    tpool::killall();
}
