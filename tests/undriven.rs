//! A call that is dropped without having run is reported at the line of whoever made it, whatever
//! function it is of.
//!
//! One call of each function that is written by hand is made and dropped in a child process, whose
//! standard error is read; of those that the macro writes, one of each kind.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::{IoSlice, IoSliceMut};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use eventlet::branch::{
    join_all, join3, join4, join5, join6, join7, race_all, race3, race4, race5, race6, race7, try_join_all,
    try_join3, try_join4, try_join5, try_join6, try_join7,
};
use eventlet::coros::Metaphore;
use eventlet::db_pool::Builder;
use eventlet::event::Flag;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::greenlet::{Greenlet, GreenletExit, Thrown};
use eventlet::greenthread::{
    self, Joinable, catch_exit, catch_unwind, idle, joinall, try_joinall, wait, wait_timeout,
};
use eventlet::iter::from_iter;
use eventlet::lock::{Barrier, Condvar, Mutex, ReentrantLock, RwLock};
use eventlet::pools::Pool;
use eventlet::prelude::*;
use eventlet::tpool::{Proxy, ThreadPool};
use eventlet::{
    CappedSemaphore, Deadline, Event, GreenIterator, GreenPile, GreenPool, Queue, Semaphore, green, join,
    race, scope, sleep, spawn, sync, try_join, try_scope, with_timeout, with_timeout_value,
};
use eventlet_tests::source::green_functions;

const LIMIT: Duration = Duration::from_secs(1);

/// Makes a call of the named function, says at which line, and drops it.
macro_rules! dropped {
    ($name:literal, $call:expr) => {
        eprintln!("{} at {}", $name, line!());
        drop($call);
    };
}

#[green]
fn nothing() {}

#[green]
fn number() -> u32 {
    1
}

#[green]
fn success() -> Result<u32, ()> {
    Ok(1)
}

#[green]
fn is_one(n: u32) -> bool {
    n == 1
}

#[green]
fn found(n: u32) -> Option<u32> {
    Some(n)
}

#[green]
fn eaten(_n: u32) {}

#[green]
fn tried(_n: u32) -> Option<()> {
    Some(())
}

#[green]
fn sum(a: u32, b: u32) -> u32 {
    a + b
}

#[green]
fn sum_or_none(a: u32, b: u32) -> Option<u32> {
    a.checked_add(b)
}

#[green]
fn echoed(n: u32) -> Result<u32, Thrown> {
    Ok(n)
}

#[green]
fn connect() -> Result<u32, Infallible> {
    Ok(1)
}

#[green]
fn cleaned(connection: u32) -> Result<u32, Infallible> {
    Ok(connection)
}

eventlet::green_context! {
    static NAME: u32 = 0;
}

fn numbers() -> impl GreenIterator<Item = u32> {
    from_iter(1..4)
}

#[rustfmt::skip]
fn branches() {
    dropped!("branch/all.rs::join_all", join_all([|| number()]));
    dropped!("branch/all.rs::try_join_all", try_join_all([|| success()]));
    dropped!("branch/all.rs::race_all", race_all([|| number()]));
    dropped!("branch/join.rs::$join", join(nothing, nothing));
    dropped!("branch/join.rs::$join", join3(nothing, nothing, nothing));
    dropped!("branch/join.rs::$join", join4(nothing, nothing, nothing, nothing));
    dropped!("branch/join.rs::$join", join5(nothing, nothing, nothing, nothing, nothing));
    dropped!("branch/join.rs::$join", join6(nothing, nothing, nothing, nothing, nothing, nothing));
    dropped!("branch/join.rs::$join", join7(nothing, nothing, nothing, nothing, nothing, nothing, nothing));
    dropped!("branch/join.rs::$try_join", try_join(success, success));
    dropped!("branch/join.rs::$try_join", try_join3(success, success, success));
    dropped!("branch/join.rs::$try_join", try_join4(success, success, success, success));
    dropped!("branch/join.rs::$try_join", try_join5(success, success, success, success, success));
    dropped!("branch/join.rs::$try_join", try_join6(success, success, success, success, success, success));
    dropped!("branch/join.rs::$try_join", try_join7(success, success, success, success, success, success, success));
    dropped!("branch/race.rs::$race", race(nothing, nothing));
    dropped!("branch/race.rs::$race", race3(nothing, nothing, nothing));
    dropped!("branch/race.rs::$race", race4(nothing, nothing, nothing, nothing));
    dropped!("branch/race.rs::$race", race5(nothing, nothing, nothing, nothing, nothing));
    dropped!("branch/race.rs::$race", race6(nothing, nothing, nothing, nothing, nothing, nothing));
    dropped!("branch/race.rs::$race", race7(nothing, nothing, nothing, nothing, nothing, nothing, nothing));
    dropped!("scope/mod.rs::scope", scope(|_scope| nothing()));
    dropped!("scope/mod.rs::try_scope", try_scope(|_scope: eventlet::Scope<'_, ()>| success()));
    dropped!("green/thread/scope.rs::scope", eventlet::green::thread::scope(|_scope| nothing()));
    dropped!("timeout/mod.rs::with_timeout", with_timeout(LIMIT, nothing));
    dropped!("timeout/mod.rs::with_timeout_value", with_timeout_value(LIMIT, number, 0));
    dropped!("timeout/deadline.rs::limit", Deadline::after(LIMIT).limit(nothing));
    dropped!("corolocal/context.rs::scope", NAME.scope(1, nothing));
}

#[rustfmt::skip]
fn combinators() {
    let mut list = 1..4;
    dropped!("combinators/iterator.rs::green_for_each", list.clone().green_for_each(eaten));
    dropped!("combinators/iterator.rs::green_try_for_each", list.green_try_for_each(tried));
    dropped!("combinators/iterator.rs::green_fold", list.clone().green_fold(0, sum));
    dropped!("combinators/iterator.rs::green_try_fold", list.green_try_fold(0, sum_or_none));
    dropped!("combinators/iterator.rs::green_any", list.green_any(is_one));
    dropped!("combinators/iterator.rs::green_all", list.green_all(is_one));
    dropped!("combinators/iterator.rs::green_find", list.green_find(is_one));
    dropped!("combinators/iterator.rs::green_find_map", list.green_find_map(found));
    dropped!("combinators/iterator.rs::green_position", list.green_position(is_one));
    dropped!("combinators/iterator.rs::green_min_by_key", list.clone().green_min_by_key(is_one));
    dropped!("combinators/iterator.rs::green_max_by_key", list.clone().green_max_by_key(is_one));
}

#[rustfmt::skip]
fn iterators() {
    dropped!("iter/green_iterator.rs::collect", numbers().collect::<Vec<u32>>());
    dropped!("iter/green_iterator.rs::try_collect", numbers().map(Some).try_collect::<Vec<u32>>());
    dropped!("iter/green_iterator.rs::fold", numbers().fold(0, |a, b| a + b));
    dropped!("iter/green_iterator.rs::try_fold", numbers().try_fold(0_u32, |a, b| a.checked_add(b)));
    dropped!("iter/green_iterator.rs::try_for_each", numbers().try_for_each(|_| Some(())));
    dropped!("iter/green_iterator.rs::reduce", numbers().reduce(|a, b| a + b));
    dropped!("iter/green_iterator.rs::for_each", numbers().for_each(|_| {}));
    dropped!("iter/green_iterator.rs::count", numbers().count());
    dropped!("iter/green_iterator.rs::last", numbers().last());
    dropped!("iter/green_iterator.rs::nth", numbers().nth(1));
    dropped!("iter/green_iterator.rs::any", numbers().any(|n| n == 1));
    dropped!("iter/green_iterator.rs::all", numbers().all(|n| n == 1));
    dropped!("iter/green_iterator.rs::find", numbers().find(|n| *n == 1));
    dropped!("iter/green_iterator.rs::find_map", numbers().find_map(Some));
    dropped!("iter/green_iterator.rs::position", numbers().position(|n| n == 1));
    dropped!("iter/green_iterator.rs::sum", numbers().sum::<u32>());
    dropped!("iter/green_iterator.rs::product", numbers().product::<u32>());
    dropped!("iter/green_iterator.rs::min", numbers().min());
    dropped!("iter/green_iterator.rs::max", numbers().max());
    dropped!("iter/green_iterator.rs::min_by", numbers().min_by(Ord::cmp));
    dropped!("iter/green_iterator.rs::max_by", numbers().max_by(Ord::cmp));
    dropped!("iter/green_iterator.rs::min_by_key", numbers().min_by_key(|n| *n));
    dropped!("iter/green_iterator.rs::max_by_key", numbers().max_by_key(|n| *n));
    dropped!("iter/green_iterator.rs::partition", numbers().partition::<Vec<u32>, _>(|n| *n == 1));
    dropped!("iter/green_iterator.rs::unzip", numbers().enumerate().unzip::<_, _, Vec<usize>, Vec<u32>>());
    dropped!("iter/green_iterator.rs::cmp", numbers().cmp(numbers()));
    dropped!("iter/green_iterator.rs::partial_cmp", numbers().partial_cmp(numbers()));
    dropped!("iter/green_iterator.rs::eq", numbers().eq(numbers()));
    dropped!("iter/green_iterator.rs::ne", numbers().ne(numbers()));
    dropped!("iter/green_iterator.rs::lt", numbers().lt(numbers()));
    dropped!("iter/green_iterator.rs::le", numbers().le(numbers()));
    dropped!("iter/green_iterator.rs::gt", numbers().gt(numbers()));
    dropped!("iter/green_iterator.rs::ge", numbers().ge(numbers()));
    dropped!("iter/green_iterator.rs::is_sorted", numbers().is_sorted());
    dropped!("iter/green_iterator.rs::is_sorted_by", numbers().is_sorted_by(|a, b| a <= b));
    dropped!("iter/green_iterator.rs::is_sorted_by_key", numbers().is_sorted_by_key(|n| n));
}

#[rustfmt::skip]
fn threads() {
    dropped!("greenthread/mod.rs::sleep", sleep(LIMIT));
    dropped!("greenthread/mod.rs::catch_unwind", catch_unwind(nothing));
    dropped!("greenthread/mod.rs::wait", spawn(nothing).wait());
    dropped!("greenthread/mod.rs::join", spawn(nothing).join());
    dropped!("greenthread/mod.rs::join", spawn(nothing).thread().join());
    dropped!("greenthread/idle.rs::idle", idle());
    dropped!("greenthread/catch_exit.rs::catch_exit", catch_exit(nothing));
    dropped!("greenthread/joinall.rs::join_one", spawn(nothing).join_one());
    dropped!("greenthread/joinall.rs::join_one", (&spawn(nothing)).join_one());
    dropped!("greenthread/joinall.rs::join_one", spawn(nothing).thread().join_one());
    dropped!("greenthread/joinall.rs::join_one", spawn(nothing).thread().clone().join_one());
    dropped!("greenthread/kill_on_drop.rs::wait", spawn(nothing).kill_on_drop().wait());
    dropped!("greenthread/kill_on_drop.rs::join", spawn(nothing).kill_on_drop().join());
    dropped!("greenthread/kill_on_drop.rs::join_one", spawn(nothing).kill_on_drop().join_one());
    dropped!("greenthread/joinall.rs::joinall", joinall([spawn(nothing)]));
    dropped!("greenthread/joinall.rs::try_joinall", try_joinall([spawn(nothing)]));
    dropped!("greenthread/joinall.rs::wait", wait([spawn(nothing)], 1));
    dropped!("greenthread/joinall.rs::wait_timeout", wait_timeout([spawn(nothing)], 1, LIMIT));
    let greenlet = Greenlet::new(echoed);
    dropped!("greenlet/mod.rs::switch", greenlet.switch(1_u32));
    dropped!("greenlet/mod.rs::throw", greenlet.throw(GreenletExit));
    let pool = GreenPool::new(2);
    dropped!("greenpool/mod.rs::spawn", pool.spawn(nothing));
    dropped!("greenpool/mod.rs::spawn_n", pool.spawn_n(nothing));
    dropped!("greenpool/mod.rs::wait_available", pool.wait_available());
    dropped!("greenpool/mod.rs::waitall", pool.waitall());
    dropped!("greenpool/group.rs::add", pool.add(spawn(nothing).thread()));
    dropped!("greenpool/group.rs::apply", pool.apply(number));
    dropped!("greenpool/group.rs::try_waitall", pool.try_waitall());
    dropped!("greenpool/map.rs::map", pool.map(is_one, 1..4));
    dropped!("greenpool/pile.rs::spawn", GreenPile::new(2).spawn(number));
    let pool = ThreadPool::new(1);
    dropped!("tpool/pool.rs::apply", pool.apply(|| 1));
    dropped!("tpool/pool.rs::try_apply", pool.try_apply(|| 1));
    dropped!("tpool/pool.rs::map", pool.map(|n| n, [1]));
    dropped!("tpool/pool.rs::join", pool.join());
    dropped!("tpool/pool.rs::killall", pool.killall());
    dropped!("tpool/proxy.rs::call", Proxy::new(1).call(|n| *n));
}

#[rustfmt::skip]
fn primitives() {
    let event = Event::<u32>::new();
    dropped!("event/mod.rs::wait", event.wait());
    dropped!("event/mod.rs::wait_timeout", event.wait_timeout(LIMIT));
    let flag = Flag::new();
    dropped!("event/flag.rs::wait", flag.wait());
    dropped!("event/flag.rs::wait_timeout", flag.wait_timeout(LIMIT));
    let metaphore = Metaphore::new();
    dropped!("event/metaphore.rs::wait", metaphore.wait());
    dropped!("event/metaphore.rs::wait_timeout", metaphore.wait_timeout(LIMIT));
    let semaphore = Semaphore::new(1);
    dropped!("semaphore/mod.rs::acquire", semaphore.acquire());
    dropped!("semaphore/mod.rs::acquire_timeout", semaphore.acquire_timeout(LIMIT));
    dropped!("semaphore/mod.rs::wait", semaphore.wait());
    let semaphore = CappedSemaphore::new(1, 2);
    dropped!("semaphore/capped.rs::acquire", semaphore.acquire());
    dropped!("semaphore/capped.rs::acquire_timeout", semaphore.acquire_timeout(LIMIT));
    dropped!("semaphore/capped.rs::release", semaphore.release());
    dropped!("semaphore/capped.rs::release_timeout", semaphore.release_timeout(LIMIT));
    let queue = Queue::bounded(1);
    dropped!("queue/mod.rs::put", queue.put(1));
    dropped!("queue/mod.rs::put_timeout", queue.put_timeout(1, LIMIT));
    dropped!("queue/mod.rs::get", queue.get());
    dropped!("queue/mod.rs::get_timeout", queue.get_timeout(LIMIT));
    dropped!("queue/mod.rs::peek", queue.peek());
    dropped!("queue/mod.rs::peek_timeout", queue.peek_timeout(LIMIT));
    dropped!("queue/mod.rs::join", queue.join());
    dropped!("queue/mod.rs::join_timeout", queue.join_timeout(LIMIT));
    dropped!("lock/barrier.rs::wait", Barrier::new(2).wait());
    let mutex = Mutex::new(1);
    dropped!("lock/mutex.rs::lock", mutex.lock());
    dropped!("lock/mutex.rs::lock_timeout", mutex.lock_timeout(LIMIT));
    let condvar = Condvar::new();
    dropped!("lock/condvar.rs::wait", condvar.wait(mutex.try_lock().unwrap()));
    dropped!("lock/condvar.rs::wait_while", condvar.wait_while(mutex.try_lock().unwrap(), |n| *n == 1));
    dropped!("lock/condvar.rs::wait_timeout", condvar.wait_timeout(mutex.try_lock().unwrap(), LIMIT));
    let lock = ReentrantLock::new(1);
    dropped!("lock/reentrant.rs::lock", lock.lock());
    dropped!("lock/reentrant.rs::lock_timeout", lock.lock_timeout(LIMIT));
    let lock = RwLock::new(1);
    dropped!("lock/rwlock.rs::read", lock.read());
    dropped!("lock/rwlock.rs::write", lock.write());
    dropped!("lock/rwlock.rs::read_timeout", lock.read_timeout(LIMIT));
    dropped!("lock/rwlock.rs::write_timeout", lock.write_timeout(LIMIT));
    let pool = Pool::new(1, connect);
    dropped!("pools/mod.rs::fill", pool.fill(1));
    dropped!("pools/mod.rs::get", pool.get());
    dropped!("pools/mod.rs::get_timeout", pool.get_timeout(LIMIT));
    let event = sync::Event::<u32>::new();
    dropped!("sync/event.rs::wait", event.wait());
    dropped!("sync/event.rs::wait_timeout", event.wait_timeout(LIMIT));
    let queue = sync::Queue::bounded(1);
    dropped!("sync/queue.rs::put", queue.put(1));
    dropped!("sync/queue.rs::put_timeout", queue.put_timeout(1, LIMIT));
    dropped!("sync/queue.rs::get", queue.get());
    dropped!("sync/queue.rs::get_timeout", queue.get_timeout(LIMIT));
    dropped!("sync/queue.rs::peek", queue.peek());
    dropped!("sync/queue.rs::peek_timeout", queue.peek_timeout(LIMIT));
    dropped!("sync/queue.rs::join", queue.join());
    dropped!("sync/queue.rs::join_timeout", queue.join_timeout(LIMIT));
    let semaphore = sync::Semaphore::new(1);
    dropped!("sync/semaphore.rs::acquire", semaphore.acquire());
    dropped!("sync/semaphore.rs::acquire_timeout", semaphore.acquire_timeout(LIMIT));
    dropped!("sync/semaphore.rs::wait", semaphore.wait());
}

#[rustfmt::skip]
fn sockets() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut stream = TcpStream::from_std(stream).unwrap();
    let mut buf = [0; 1];
    dropped!("green/socket_macros.rs::read", stream.read(&mut buf));
    dropped!("green/socket_macros.rs::read_vectored", stream.read_vectored(&mut [IoSliceMut::new(&mut buf)]));
    dropped!("green/socket_macros.rs::write", stream.write(b"x"));
    dropped!("green/socket_macros.rs::write_all", stream.write_all(b"x"));
    dropped!("green/socket_macros.rs::write_vectored", stream.write_vectored(&[IoSlice::new(b"x")]));
    #[cfg(unix)]
    {
        use eventlet::hubs::{Interest, trampoline};
        dropped!("hubs/trampoline.rs::trampoline", trampoline(&listener, Interest::READ, None));
    }
}

/// Calls of what only green code has.
#[rustfmt::skip]
fn what_is_lent() {
    eventlet::run(|| scope(|scope| async move {
        let thread = scope.spawn(nothing);
        dropped!("scope/thread.rs::wait", thread.wait());
        let thread = scope.spawn(nothing);
        dropped!("scope/thread.rs::join", thread.join());
    }));
    eventlet::run(|| eventlet::green::thread::scope(|scope| async move {
        let thread = scope.spawn(nothing);
        dropped!("green/thread/scope.rs::join", thread.join());
    }));
    let pool = Rc::new(Builder::new().build(connect));
    dropped!("db_pool/mod.rs::get", pool.get());
    dropped!("db_pool/mod.rs::fill", pool.fill());
    eventlet::run(|| async move {
        let connection = pool.get().await.unwrap();
        dropped!("db_pool/connection.rs::put", connection.put());
        let connection = pool.get().await.unwrap();
        dropped!("db_pool/connection.rs::put_with", connection.put_with(cleaned));
    });
}

trait Site {
    #[green]
    fn page(&self) -> u32;

    #[green]
    fn title(&self) -> u32 {
        2
    }

    #[green(boxed)]
    fn index(&self) -> u32;
}

impl Site for u32 {
    #[green]
    fn page(&self) -> u32 {
        *self
    }

    #[green(boxed)]
    fn index(&self) -> u32 {
        *self
    }
}

/// What the macro writes.
#[rustfmt::skip]
fn of_the_macro() {
    dropped!("a function", number());
    dropped!("a function that may fail", success());
    dropped!("a method of a trait", 1_u32.page());
    dropped!("a method that a trait provides", 1_u32.title());
    dropped!("a method that is boxed", 1_u32.index());
    dropped!("a function of the library's", greenthread::killall_timeout([spawn(nothing)], LIMIT));
    dropped!("a function of the library's that never returns", greenthread::exit());
    dropped!("a function of the library's that may fail", TcpStream::connect("localhost:1"));
    dropped!("a boxed method of the library's", eventlet::iter::DynGreenIterator::next_boxed(&mut numbers()));
    dropped!("a step", numbers().next());
}

/// The functions that are to be called: those of features are not here.
fn public_and_by_hand() -> BTreeSet<String> {
    const FEATURES: [&str; 3] = ["socketio/", "websocket/", "wsgi/"];
    let functions = green_functions().into_iter();
    functions
        .filter(|function| function.is_public && !function.is_by_macro)
        .filter(|function| !FEATURES.iter().any(|feature| function.name.starts_with(feature)))
        .map(|function| function.name)
        .collect()
}

#[test]
fn a_call_that_never_ran_is_reported_at_the_line_that_made_it() {
    const SCENE: &str = "UNDRIVEN_SCENE";
    if std::env::var_os(SCENE).is_some() {
        branches();
        combinators();
        iterators();
        threads();
        primitives();
        sockets();
        what_is_lent();
        of_the_macro();
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["a_call_that_never_ran_is_reported_at_the_line_that_made_it", "--exact", "--nocapture"])
        .env(SCENE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    let mut called = BTreeSet::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, line) = line.rsplit_once(" at ").unwrap_or_else(|| panic!("one report too many: {line}"));
        called.insert(name.to_owned());
        if cfg!(debug_assertions) {
            let report = [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()];
            assert_eq!(report[0], "eventlet: a green call was dropped without having run", "{name}");
            let place = format!("note: it was made at {}:{line}:", file!());
            assert!(report[1].starts_with(&place), "{name}: {} instead of line {line}", report[1]);
            assert!(lines.next().unwrap_or_default().starts_with("help: "), "{name}");
        }
    }
    let forgotten: Vec<_> = public_and_by_hand().into_iter().filter(|name| !called.contains(name)).collect();
    assert!(forgotten.is_empty(), "no call of these is made here: {forgotten:#?}");
}
