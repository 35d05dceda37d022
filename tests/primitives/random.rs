//! Random crowds of threads, checked against what must hold whatever they do.
//!
//! A seed that fails is printed; `EVENTLET_SEED=n` runs that one alone.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use eventlet::lock::{Mutex, RwLock};
use eventlet::queue::{GetError, PutError};
use eventlet::testing::run_virtual;
use eventlet::{Event, Exit, Queue, Semaphore, Thread, green, sleep, spawn};

use crate::support::{ms, turn};

/// xorshift64*.
#[derive(Clone)]
pub(crate) struct Random(Rc<Cell<u64>>);

impl Random {
    fn new(seed: u64) -> Self {
        Random(Rc::new(Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    pub(crate) fn below(&self, limit: u64) -> u64 {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub(crate) fn for_seeds<G: Future<Output = ()>>(count: u64, scenario: impl Fn(Random) -> G) {
    let asked = std::env::var("EVENTLET_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in asked.map_or(0..count, |seed: u64| seed..seed + 1) {
        let random = Random::new(seed);
        let result = catch_unwind(AssertUnwindSafe(|| run_virtual(|| scenario(random))));
        if let Err(panic) = result {
            eprintln!("failed with EVENTLET_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

/// Waits for its end, too.
#[green]
fn assert_not_panicked(thread: &Thread) {
    assert!(matches!(thread.join(), Ok(()) | Err(Exit::Killed)), "{thread:?} panicked");
}

/// Which items a queue took and gave.
#[derive(Default)]
struct Books {
    put: RefCell<Vec<u64>>,
    got: RefCell<Vec<u64>>,
    /// Items whose put was killed: they may be in or not.
    doubtful: RefCell<Vec<u64>>,
}

#[green]
fn putter(queue: Queue<u64>, books: Rc<Books>, random: Random, victims: Rc<RefCell<Vec<Thread>>>, base: u64) {
    for n in 0..8 {
        let item = base + n;
        books.doubtful.borrow_mut().push(item);
        let is_in = match random.below(4) {
            0 => queue.try_put(item).is_ok(),
            1 => match queue.put_timeout(item, ms(random.below(3))) {
                Ok(()) => true,
                Err(PutError::Full(back)) => {
                    assert_eq!(back, item, "another's item came back");
                    false
                }
                Err(PutError::ShutDown(_)) => unreachable!("nobody shuts it down"),
            },
            _ => queue.put(item).is_ok(),
        };
        books.doubtful.borrow_mut().retain(|other| *other != item);
        if is_in {
            books.put.borrow_mut().push(item);
        }
        if random.one_in(3) {
            // Perhaps the very getter that was just called.
            let victim = victims.borrow_mut().pop();
            if let Some(victim) = victim {
                victim.kill();
            }
        }
        if random.one_in(3) {
            sleep(ms(random.below(3)));
        }
    }
}

#[green]
fn getter(queue: Queue<u64>, books: Rc<Books>, random: Random) {
    for _ in 0..8 {
        let got = match random.below(4) {
            0 => queue.try_get(),
            1 => queue.get_timeout(ms(random.below(3))),
            _ => queue.get().map_err(GetError::from),
        };
        match got {
            Ok(item) => books.got.borrow_mut().push(item),
            Err(error) => assert_eq!(error, GetError::Empty, "nobody shuts it down"),
        }
        if random.one_in(3) {
            sleep(ms(random.below(3)));
        }
    }
}

#[green]
fn kill_some(threads: &[Thread], random: &Random) {
    for _ in 0..random.below(20) {
        sleep(ms(random.below(2)));
        threads[random.below(threads.len() as u64) as usize].kill();
    }
}

#[green]
fn queue_keeps_its_books(random: Random) {
    let capacity = random.below(4) as usize;
    let queue = if random.one_in(5) { Queue::unbounded() } else { Queue::bounded(capacity) };
    let books = Rc::new(Books::default());
    let mut threads = vec![];
    let victims: Rc<RefCell<Vec<Thread>>> = Rc::default();
    for _ in 0..random.below(8) {
        let (queue, books) = (queue.clone(), books.clone());
        let victim = spawn(
            #[green]
            move || {
                let item = queue.get().unwrap();
                books.got.borrow_mut().push(item);
            },
        );
        threads.push(victim.thread().clone());
        victims.borrow_mut().insert(0, victim.thread().clone());
    }
    for n in 0..2 + random.below(8) {
        let (queue, books, random) = (queue.clone(), books.clone(), random.clone());
        let victims = victims.clone();
        threads.push(match n % 2 {
            0 => spawn(move || putter(queue, books, random, victims, n * 1000)).thread().clone(),
            _ => spawn(move || getter(queue, books, random)).thread().clone(),
        });
    }
    if random.one_in(2) {
        kill_some(&threads, &random);
    }
    if random.one_in(2) {
        queue.resize([None, Some(0), Some(1), Some(3)][random.below(4) as usize]);
    }
    sleep(ms(100));
    // Nobody is forgotten: whoever still waits waits for what is not there.
    assert!(
        queue.putting() == 0 || queue.getting() == 0,
        "a putter and a getter wait for each other: {queue:?}"
    );
    assert!(queue.putting() == 0 || queue.is_full(), "a putter waits although there is room: {queue:?}");
    assert!(queue.getting() == 0 || queue.is_empty(), "a getter waits although there is an item: {queue:?}");
    while let Ok(item) = queue.try_get() {
        books.got.borrow_mut().push(item);
        turn();
    }
    for thread in &threads {
        thread.kill();
        assert_not_panicked(thread);
    }
    while let Ok(item) = queue.try_get() {
        books.got.borrow_mut().push(item);
    }
    let mut got = books.got.borrow().clone();
    got.sort_unstable();
    assert!(got.windows(2).all(|pair| pair[0] != pair[1]), "an item came out twice: {got:?}");
    for item in books.put.borrow().iter() {
        assert!(got.binary_search(item).is_ok(), "item {item} is lost");
    }
    for item in &got {
        let is_known = books.put.borrow().contains(item) || books.doubtful.borrow().contains(item);
        assert!(is_known, "item {item} came out and was not put");
    }
}

#[test]
fn a_queue_loses_and_doubles_nothing() {
    for_seeds(1500, queue_keeps_its_books);
}

/// Puts and gets that are never tried, killed or timed out come out in the order of a simple model, and serve the
/// threads in the order in which they came.
#[green]
fn queue_is_first_come_first_served(random: Random) {
    let queue = Queue::bounded(random.below(3) as usize);
    let asked: Rc<RefCell<VecDeque<u64>>> = Rc::default();
    let brought: Rc<RefCell<VecDeque<u64>>> = Rc::default();
    let mut getters = vec![];
    let mut putters = vec![];
    for n in 0..40 {
        if random.one_in(2) {
            let (queue, asked, brought) = (queue.clone(), asked.clone(), brought.clone());
            getters.push(spawn(
                #[green]
                move || {
                    asked.borrow_mut().push_back(n);
                    let item: u64 = queue.get().unwrap();
                    assert_eq!(brought.borrow_mut().pop_front(), Some(item), "items out of order");
                    assert_eq!(asked.borrow_mut().pop_front(), Some(n), "getters out of order");
                },
            ));
        } else {
            let (queue, brought) = (queue.clone(), brought.clone());
            putters.push(spawn(
                #[green]
                move || {
                    brought.borrow_mut().push_back(n);
                    queue.put(n).unwrap();
                },
            ));
        }
        for _ in 0..random.below(3) {
            turn();
        }
    }
    while putters.len() < getters.len() {
        let (queue, brought) = (queue.clone(), brought.clone());
        putters.push(spawn(
            #[green]
            move || {
                brought.borrow_mut().push_back(1000);
                queue.put(1000).unwrap();
            },
        ));
    }
    for getter in getters {
        getter.wait();
    }
    for putter in putters {
        putter.kill();
    }
}

#[test]
fn a_queue_serves_in_order() {
    for_seeds(1000, queue_is_first_come_first_served);
}

/// Who waits for a queue, by what for.
#[derive(Default)]
struct Waiters {
    put: Cell<usize>,
    get: Cell<usize>,
    peek: Cell<usize>,
    join: Cell<usize>,
    /// Items that somebody has taken and not reported done.
    at_work: Cell<usize>,
}

/// Counts one more while it lives.
struct Counted(Rc<Waiters>, fn(&Waiters) -> &Cell<usize>);

impl Counted {
    fn new(waiters: &Rc<Waiters>, which: fn(&Waiters) -> &Cell<usize>) -> Self {
        which(waiters).set(which(waiters).get() + 1);
        Counted(waiters.clone(), which)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let count = (self.1)(&self.0);
        count.set(count.get() - 1);
    }
}

/// Does one thing with a queue, and may wait for it.
#[green]
fn use_queue(queue: Queue<u64>, waiters: Rc<Waiters>, random: Random) {
    let limit = if random.one_in(3) { ms(random.below(4)) } else { Duration::MAX };
    match random.below(8) {
        0..3 => {
            let _waits = Counted::new(&waiters, |waiters| &waiters.put);
            let _ = if limit == Duration::MAX {
                queue.put(1).is_ok()
            } else {
                queue.put_timeout(1, limit).is_ok()
            };
        }
        3..6 => {
            let waits = Counted::new(&waiters, |waiters| &waiters.get);
            let got = if limit == Duration::MAX { queue.get().ok() } else { queue.get_timeout(limit).ok() };
            drop(waits);
            if got.is_some() {
                work(&queue, &waiters, ms(random.below(4)));
            }
        }
        6 => {
            let _waits = Counted::new(&waiters, |waiters| &waiters.peek);
            let _ = queue.peek_timeout(limit);
        }
        _ => {
            let _waits = Counted::new(&waiters, |waiters| &waiters.join);
            let _ = queue.join_timeout(limit);
        }
    }
}

/// Has an item, and reports it done afterwards. Of one that is killed meanwhile it is never said.
#[green]
fn work(queue: &Queue<u64>, waiters: &Waiters, time: Duration) {
    waiters.at_work.set(waiters.at_work.get() + 1);
    sleep(time);
    queue.task_done();
    waiters.at_work.set(waiters.at_work.get() - 1);
}

/// Nobody waits for what is there.
fn assert_nobody_is_forgotten(queue: &Queue<u64>, waiters: &Waiters) {
    let counts = [&waiters.put, &waiters.get, &waiters.peek, &waiters.join].map(Cell::get);
    let [put, get, peek, join] = counts;
    assert!(put == 0 || (queue.is_full() && !queue.is_shut_down()), "a putter is forgotten: {queue:?}");
    assert!(get == 0 || (queue.is_empty() && put == 0), "a getter is forgotten: {queue:?}, {put} put");
    assert!(peek == 0 || (queue.is_empty() && put == 0), "a peeker is forgotten: {queue:?}, {put} put");
    assert!(get + peek == 0 || !queue.is_shut_down(), "one waits for what is over: {queue:?}");
    assert!(join == 0 || queue.unfinished() > 0, "a joiner is forgotten: {queue:?}");
    assert_eq!(queue.unfinished(), queue.len() + waiters.at_work.get(), "{queue:?}");
    assert_eq!((queue.putting(), queue.getting()), (put, get), "{queue:?}");
}

#[green]
fn queue_forgets_nobody(random: Random) {
    let queue = match random.below(5) {
        0 => Queue::unbounded(),
        capacity => Queue::bounded(capacity as usize - 1),
    };
    let waiters = Rc::<Waiters>::default();
    let mut threads = vec![];
    for _ in 0..60 {
        match random.below(20) {
            0..11 => {
                let (queue, waiters, random) = (queue.clone(), waiters.clone(), random.clone());
                threads.push(spawn(move || use_queue(queue, waiters, random)).thread().clone());
            }
            11..13 => {
                let _ = queue.try_put(2);
            }
            13..15 => {
                if queue.try_get().is_ok() {
                    queue.task_done();
                }
            }
            15 if !threads.is_empty() => {
                threads[random.below(threads.len() as u64) as usize].kill();
            }
            16 => queue.resize([None, Some(0), Some(1), Some(3)][random.below(4) as usize]),
            17 if random.one_in(20) => queue.shutdown(),
            18 if random.one_in(20) => queue.shutdown_now(),
            // Sometimes before anybody who was called could come.
            _ => sleep(ms(random.below(3))),
        }
        if random.one_in(4) {
            // Whoever can go on has gone on, and no limit is over meanwhile.
            for _ in 0..20 {
                turn();
            }
            assert_nobody_is_forgotten(&queue, &waiters);
        }
    }
    sleep(ms(100));
    assert_nobody_is_forgotten(&queue, &waiters);
    for thread in &threads {
        thread.kill();
        assert_not_panicked(thread);
    }
    assert_eq!((queue.putting(), queue.getting()), (0, 0));
}

#[test]
fn a_queue_forgets_nobody() {
    for_seeds(3000, queue_forgets_nobody);
}

#[green]
fn borrower(semaphore: Semaphore, inside: Rc<Cell<usize>>, most: usize, random: Random) {
    for _ in 0..6 {
        let permit = match random.below(4) {
            0 => semaphore.try_acquire(),
            1 => semaphore.acquire_timeout(ms(random.below(3))).ok(),
            _ => Some(semaphore.acquire()),
        };
        let Some(permit) = permit else { continue };
        let _inside = Inside::enter(&inside, most);
        if random.one_in(2) {
            sleep(ms(random.below(3)));
        }
        drop(permit);
    }
}

/// Counts who is inside, however they leave.
struct Inside(Rc<Cell<usize>>);

impl Inside {
    fn enter(inside: &Rc<Cell<usize>>, most: usize) -> Self {
        inside.set(inside.get() + 1);
        assert!(inside.get() <= most, "{} are inside, and {most} may be", inside.get());
        Inside(inside.clone())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[green]
fn semaphore_keeps_its_count(random: Random) {
    let most = 1 + random.below(3) as usize;
    let semaphore = Semaphore::new(most);
    let inside = Rc::new(Cell::new(0));
    let threads: Vec<_> = (0..2 + random.below(8))
        .map(|_| {
            let (semaphore, inside, random) = (semaphore.clone(), inside.clone(), random.clone());
            spawn(move || borrower(semaphore, inside, most, random)).thread().clone()
        })
        .collect();
    kill_some(&threads, &random);
    sleep(ms(1000));
    // Nobody waits for ever, and every permit is back.
    for thread in &threads {
        assert!(thread.is_finished(), "{thread:?} was forgotten: {semaphore:?}");
        assert_not_panicked(thread);
    }
    assert_eq!((semaphore.available(), semaphore.waiting(), inside.get()), (most, 0, 0));
}

#[test]
fn a_semaphore_loses_and_doubles_no_permit() {
    for_seeds(1500, semaphore_keeps_its_count);
}

#[green]
fn locker(lock: Rc<RwLock<u64>>, mutex: Rc<Mutex<u64>>, random: Random) {
    for _ in 0..6 {
        let pause = random.one_in(2).then(|| ms(random.below(3)));
        match random.below(5) {
            0 => {
                let value = lock.read();
                let before = *value;
                sleep(pause.unwrap_or(Duration::ZERO));
                assert_eq!(*value, before, "a writer was in with a reader");
            }
            1 => {
                let mut value = lock.write();
                let before = *value;
                sleep(pause.unwrap_or(Duration::ZERO));
                *value = before + 1;
            }
            2 => drop(lock.read_timeout(ms(random.below(3)))),
            3 => drop(lock.write_timeout(ms(random.below(3)))),
            _ => {
                let mut value = mutex.lock();
                let before = *value;
                sleep(pause.unwrap_or(Duration::ZERO));
                *value = before + 1;
            }
        }
    }
}

#[green]
fn locks_forget_nobody(random: Random) {
    let (lock, mutex) = (Rc::new(RwLock::new(0)), Rc::new(Mutex::new(0)));
    let threads: Vec<_> = (0..2 + random.below(8))
        .map(|_| {
            let (lock, mutex, random) = (lock.clone(), mutex.clone(), random.clone());
            spawn(move || locker(lock, mutex, random)).thread().clone()
        })
        .collect();
    kill_some(&threads, &random);
    sleep(ms(1000));
    for thread in &threads {
        assert_not_panicked(thread);
    }
    assert!(lock.try_write().is_some() && mutex.try_lock().is_some());
}

#[test]
fn locks_exclude_and_forget_nobody() {
    for_seeds(1500, locks_forget_nobody);
}

#[green]
fn event_reaches_everybody(random: Random) {
    let event = Event::new();
    let heard = Rc::new(Cell::new(0));
    let mut expected = 0;
    for round in 0..5 {
        let threads: Vec<_> = (0..random.below(6))
            .map(|_| {
                let (event, heard) = (event.clone(), heard.clone());
                spawn(
                    #[green]
                    move || {
                        assert_eq!(event.wait(), round);
                        heard.set(heard.get() + 1);
                    },
                )
            })
            .collect();
        turn();
        for thread in &threads {
            match random.one_in(4) {
                true => thread.kill(),
                false => expected += 1,
            }
        }
        event.send(round);
        event.reset();
    }
    turn();
    assert_eq!((heard.get(), event.waiting()), (expected, 0));
}

#[test]
fn an_event_reaches_whoever_waited_for_it() {
    for_seeds(500, event_reaches_everybody);
}
