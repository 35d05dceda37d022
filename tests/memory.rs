//! What a hub keeps after a peak: next to nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::polled::Polled;
use eventlet::greenthread::killall;
use eventlet::queue::{LifoQueue, PriorityQueue};
use eventlet::tpool::ThreadPool;
use eventlet::{
    Event, GreenPool, Queue, Semaphore, debug, green, hubs, run, scope, sleep, spawn, spawn_after, sync,
    with_timeout,
};
use eventlet_tests::give_way;

/// Counts what each OS thread has allocated and not freed, and how often it has.
struct Counted;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    /// How often it has allocated.
    static MADE: Cell<u64> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // While an OS thread ends there is nobody to count for.
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
    if bytes > 0 {
        let _ = MADE.try_with(|made| made.set(made.get() + 1));
    }
}

fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).expect("no allocation is larger")
}

// SAFETY: everything is the system's own; the counting allocates nothing.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the caller's layout, as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        // SAFETY: what `alloc` gave, with its layout.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(signed(size) - signed(layout.size()));
        // SAFETY: what `alloc` gave, with its layout.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// What a hub's tables may keep, each of them a thousand places.
const LITTLE: isize = 192 * 1024;

const MANY: usize = 50_000;
const HOUR: Duration = Duration::from_secs(3600);

/// What is live now, before, at the height of a peak and after it.
struct Peak {
    what: &'static str,
    before: isize,
    height: isize,
}

impl Peak {
    fn begins(what: &'static str) -> Self {
        Peak { what, before: LIVE.get(), height: 0 }
    }

    fn is_at_its_height(&mut self) {
        self.height = LIVE.get() - self.before;
    }

    /// Asserts that it was one of `least` bytes at least, and that next to nothing of it is left once the hub has had
    /// nothing to do.
    #[green]
    fn ends(self, least: usize) {
        // Twice, because the first of these timers may lie where the others did.
        for _ in 0..2 {
            sleep(Duration::from_micros(1));
        }
        let Peak { what, before, height } = self;
        let kept = LIVE.get() - before;
        assert!(height >= signed(least), "{what}: a peak of {height} bytes");
        assert!(kept < LITTLE, "{what}: {kept} bytes are kept after a peak of {height}");
    }
}

#[green]
fn add_one(n: u32) -> u32 {
    give_way();
    n + 1
}

#[test]
fn a_hub_keeps_little_of_many_green_threads_and_those_who_stay_go_on() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("green threads");
        let event = Event::new();
        let early = event.clone();
        let stays = spawn(
            #[green]
            move || early.wait(),
        );
        let threads: Vec<_> = (0..MANY).map(|_| spawn(|| sleep(HOUR))).collect();
        give_way();
        peak.is_at_its_height();
        threads.iter().for_each(|thread| thread.kill());
        drop(threads);
        give_way();
        peak.ends(MANY * 100);
        // New ones take the places of old ones, and the one that stayed is itself.
        let again: Vec<_> = (0..3000).map(|n| spawn(move || add_one(n))).collect();
        let mut sum = 0;
        for thread in again {
            sum += thread.wait();
        }
        assert_eq!(sum, 3000 * 3001 / 2);
        event.send(7);
        assert_eq!(stays.wait(), 7);
    }
    run(scenario);
}

#[test]
fn a_hub_keeps_little_of_many_timers_and_those_that_stay_fire() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("timers");
        let fired = Rc::new(Cell::new(0));
        let note = fired.clone();
        let early = spawn_after(
            Duration::from_secs(1),
            #[green]
            move || note.set(note.get() + 1),
        );
        let mut timers: Vec<_> = (0..MANY)
            .map(|n| hubs::schedule_call_global(HOUR + Duration::from_nanos(n as u64), || {}))
            .collect();
        give_way();
        peak.is_at_its_height();
        // Every other one first, so that what is left is everywhere.
        let mut n = 0;
        timers.retain(|timer| {
            n += 1;
            if n % 2 == 0 {
                timer.cancel();
            }
            n % 2 != 0
        });
        timers.drain(..).for_each(|timer| timer.cancel());
        drop(timers);
        for _ in 0..100 {
            sleep(Duration::from_nanos(1));
        }
        peak.ends(MANY * 24);
        early.wait();
        assert_eq!(fired.get(), 1);
        assert!(with_timeout(Duration::from_secs(1), || sleep(HOUR)).is_err());
    }
    eventlet::testing::run_virtual(scenario);
}

#[test]
fn a_hub_keeps_little_of_many_descriptors_and_those_that_stay_are_watched() {
    #[green]
    fn reads(mut stream: UnixStream) -> u8 {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_or(0, |()| byte[0])
    }

    #[green]
    fn scenario(pairs: usize) {
        let mut peak = Peak::begins("descriptors");
        let (early, mut early_writer) = UnixStream::pair().unwrap();
        let stays = spawn(move || reads(early));
        let mut writers = Vec::new();
        let mut threads = Vec::new();
        for _ in 0..pairs {
            let (reader, writer) = UnixStream::pair().unwrap();
            threads.push(spawn(move || reads(reader)));
            writers.push(writer);
        }
        give_way();
        assert_eq!(hubs::get_hub().sources(), pairs + 1);
        peak.is_at_its_height();
        drop(writers);
        for thread in threads {
            assert_eq!(thread.wait(), 0);
        }
        peak.ends(pairs * 100);
        assert_eq!(hubs::get_hub().sources(), 1);
        // Those that come later get what is theirs.
        let mut later = Vec::new();
        for n in 0..200_u8 {
            let (reader, writer) = UnixStream::pair().unwrap();
            later.push((n, spawn(move || reads(reader)), writer));
        }
        give_way();
        for (n, thread, mut writer) in later {
            writer.write_all(&[n]).unwrap();
            assert_eq!(thread.wait(), n);
        }
        early_writer.write_all(b"x").unwrap();
        assert_eq!(stays.wait(), b'x');
    }
    let pairs = (allow_descriptors(17_000) - 500) / 2;
    run(move || scenario(pairs));
}

/// Raises this process's own limit, as far as it may, and gives what it has come to.
fn allow_descriptors(wanted: u64) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum })
        .expect("the soft limit may be set");
    usize::try_from(current).expect("it is a small number")
}

#[test]
fn a_line_keeps_little_of_many_who_waited_in_it() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("a line");
        let semaphore = Semaphore::new(0);
        for _ in 0..MANY {
            let semaphore = semaphore.clone();
            spawn(
                #[green]
                move || drop(semaphore.acquire()),
            );
        }
        give_way();
        peak.is_at_its_height();
        semaphore.release();
        while semaphore.waiting() > 0 {
            give_way();
        }
        give_way();
        peak.ends(MANY * 100);
        semaphore.acquire().forget();
    }
    run(scenario);
}

/// They stand everywhere in the table, and one at its end.
#[test]
fn a_hub_keeps_little_of_many_green_threads_wherever_those_are_who_stay() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("green threads");
        let event = Event::new();
        let mut stay = Vec::new();
        let mut go = Vec::new();
        for n in 1..=MANY {
            if n % 10_000 == 0 {
                let event = event.clone();
                stay.push(spawn(
                    #[green]
                    move || event.wait() + n,
                ));
            } else {
                go.push(spawn(|| sleep(HOUR)));
            }
        }
        give_way();
        peak.is_at_its_height();
        go.iter().rev().for_each(|thread| thread.kill());
        drop(go);
        peak.ends(MANY * 100);
        stay.remove(2).kill();
        event.send(1);
        let mut sum = 0;
        for thread in stay {
            sum += thread.wait();
        }
        assert_eq!(sum, 10_001 + 20_001 + 40_001 + 50_001);
    }
    run(scenario);
}

#[test]
fn a_hub_keeps_little_of_many_timers_that_are_cancelled_from_the_last_to_the_first() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("timers");
        let mut timers: Vec<_> = (0..MANY).map(|_| hubs::schedule_call_global(HOUR, || {})).collect();
        give_way();
        peak.is_at_its_height();
        while let Some(timer) = timers.pop() {
            timer.cancel();
        }
        drop(timers);
        give_way();
        peak.ends(MANY * 24);
    }
    eventlet::testing::run_virtual(scenario);
}

#[test]
fn a_queue_keeps_little_of_many_who_waited_to_put() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("a queue");
        let queue = Queue::bounded(1);
        for n in 0..MANY {
            let queue = queue.clone();
            spawn(
                #[green]
                move || assert!(queue.put([n; 4]).is_ok()),
            );
        }
        give_way();
        peak.is_at_its_height();
        for n in 0..MANY {
            assert_eq!(queue.get(), Ok([n; 4]));
        }
        give_way();
        peak.ends(MANY * 100);
        assert!(queue.put([7; 4]).is_ok());
        assert_eq!(queue.get(), Ok([7; 4]));
    }
    run(scenario);
}

#[test]
fn a_pool_keeps_little_of_many_members() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("a pool");
        let pool = GreenPool::new(MANY + 1);
        let event = Event::new();
        let early = event.clone();
        let stays = pool.spawn(
            #[green]
            move || early.wait(),
        );
        let end = Event::new();
        for _ in 0..MANY {
            let end = end.clone();
            pool.spawn_n(
                #[green]
                move || end.wait(),
            );
        }
        peak.is_at_its_height();
        end.send(());
        while pool.running() > 1 {
            give_way();
        }
        peak.ends(MANY * 100);
        event.send(7);
        assert_eq!(stays.wait(), 7);
        pool.waitall();
    }
    run(scenario);
}

#[test]
fn a_queue_keeps_little_of_many_items() {
    #[green]
    fn scenario() {
        let (queue, across) = (Queue::unbounded(), sync::Queue::unbounded());
        let (lowest, newest) = (PriorityQueue::unbounded(), LifoQueue::unbounded());
        let mut peak = Peak::begins("the items of queues");
        for n in 0..MANY {
            assert!(queue.try_put(n).is_ok() && across.try_put(n).is_ok());
            assert!(lowest.try_put(n).is_ok() && newest.try_put(n).is_ok());
        }
        peak.is_at_its_height();
        for _ in 0..MANY {
            assert!(queue.try_get().is_ok() && across.try_get().is_ok());
            assert!(lowest.try_get().is_ok() && newest.try_get().is_ok());
        }
        // Each who finds nothing gives half of it back.
        for _ in 0..10 {
            let limit = Duration::from_micros(1);
            assert!(queue.get_timeout(limit).is_err() && across.get_timeout(limit).is_err());
            assert!(lowest.try_get().is_err() && newest.try_get().is_err());
        }
        peak.ends(MANY * 4 * size_of::<usize>());
        assert!(queue.try_put(7).is_ok());
        assert_eq!(queue.get(), Ok(7));
    }
    run(scenario);
}

#[test]
fn a_scope_keeps_little_of_many_threads() {
    #[green]
    fn scenario() {
        scope(
            #[green]
            |s| {
                let mut peak = Peak::begins("the threads of a scope");
                let threads: Vec<_> = (0..MANY).map(|_| s.spawn(|| sleep(Duration::ZERO))).collect();
                peak.is_at_its_height();
                for thread in threads {
                    thread.wait();
                }
                peak.ends(MANY * 100);
                assert_eq!(s.spawn(|| add_one(7)).wait(), 8);
            },
        );
    }
    run(scenario);
}

#[test]
fn a_thread_pool_keeps_little_of_many_who_gave_up_waiting_for_its_calls() {
    #[green]
    fn scenario() {
        let mut peak = Peak::begins("those who wait for a thread pool");
        let pool = ThreadPool::new(1);
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let call = pool.spawn(move || ends.recv().is_err());
        let threads: Vec<_> = (0..MANY)
            .map(|_| {
                let pool = pool.clone();
                spawn(
                    #[green]
                    move || pool.join(),
                )
            })
            .collect();
        give_way();
        peak.is_at_its_height();
        killall(&threads);
        drop(threads);
        peak.ends(MANY * 100);
        drop(end);
        assert!(call.wait());
    }
    run(scenario);
}

/// How many descriptors the hub of this test was told are ready.
fn events() -> u64 {
    let name = std::thread::current().name().map(str::to_owned);
    let own = debug::hubs().into_iter().find(|hub| hub.os_thread == name);
    own.expect("a test has an OS thread with a name").events
}

#[test]
fn a_wait_of_a_polled_stream_allocates_nothing() {
    #[green]
    fn echo(mut stream: Polled<UnixStream>) {
        let mut byte = [0; 1];
        while poll_fn(|cx| stream.poll_read(cx, &mut byte)).await.unwrap() == 1 {
            poll_fn(|cx| stream.poll_write(cx, &byte)).await.unwrap();
        }
    }
    #[green]
    fn ask(stream: &mut Polled<UnixStream>, times: u32) {
        for _ in 0..times {
            poll_fn(|cx| stream.poll_write(cx, b"x")).await.unwrap();
            assert_eq!(poll_fn(|cx| stream.poll_read(cx, &mut [0; 1])).await.unwrap(), 1);
        }
    }
    #[green]
    fn scenario(limit: Option<Duration>) {
        let (one, other) = UnixStream::pair().unwrap();
        one.set_read_timeout(limit).unwrap();
        let mut stream = Polled::new(one);
        let echoing = spawn(move || echo(Polled::new(other)));
        ask(&mut stream, 10);
        let (told, made) = (events(), MADE.get());
        ask(&mut stream, 1000);
        assert_eq!(MADE.get(), made, "a limit of {limit:?}");
        assert!(events() - told >= 2000, "both have waited each time");
        drop(stream);
        echoing.wait();
    }
    for limit in [None, Some(HOUR)] {
        run(move || scenario(limit));
    }
}
