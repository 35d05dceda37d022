//! State machines in a ring, stepped in turn.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use eventlet_bench_measure::{Measured, Stopwatch, sum_below};

/// A state machine; `Done` ends it.
trait Machine {
    fn step(&mut self, ready: &mut Ready) -> Step;
}

enum Step {
    /// To the end of the ring.
    Again,
    /// Somebody else has it now, or will put it back.
    Parked,
    Done,
}

#[derive(Default)]
struct Ready(VecDeque<Box<dyn Machine>>);

impl Ready {
    /// Steps what is in the ring, until it is empty.
    fn run(&mut self) {
        while let Some(mut machine) = self.0.pop_front() {
            match machine.step(self) {
                Step::Again => self.0.push_back(machine),
                Step::Parked => std::mem::forget(machine),
                Step::Done => {}
            }
        }
    }
}

/// Stores its index where the one who joins finds it.
struct Index {
    index: u64,
    result: Rc<Cell<Option<u64>>>,
}

impl Machine for Index {
    fn step(&mut self, _: &mut Ready) -> Step {
        self.result.set(Some(self.index));
        Step::Done
    }
}

pub fn spawn_join(n: u64) -> Measured {
    let mut ready = Ready::default();
    let watch = Stopwatch::start();
    let spawn = |index| {
        let result = Rc::new(Cell::new(None));
        ready.0.push_back(Box::new(Index { index, result: result.clone() }));
        result
    };
    let results: Vec<_> = (0..n).map(spawn).collect();
    ready.run();
    let sum: u64 = results.into_iter().map(|result| result.take().expect("it has run")).sum();
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

struct Yielder(u64);

impl Machine for Yielder {
    fn step(&mut self, _: &mut Ready) -> Step {
        if self.0 == 0 {
            return Step::Done;
        }
        self.0 -= 1;
        Step::Again
    }
}

pub fn yields(machines: u64, n: u64) -> Measured {
    let mut ready = Ready::default();
    let watch = Stopwatch::start();
    ready.0.extend((0..machines).map(|_| Box::new(Yielder(n)) as Box<dyn Machine>));
    ready.run();
    watch.stop(machines * n)
}

/// Yields once, then gives its slot back.
struct Job {
    yielded: bool,
    slots: Rc<Cell<usize>>,
    done: Rc<Cell<u64>>,
}

impl Machine for Job {
    fn step(&mut self, _: &mut Ready) -> Step {
        if !std::mem::replace(&mut self.yielded, true) {
            return Step::Again;
        }
        self.done.set(self.done.get() + 1);
        self.slots.set(self.slots.get() + 1);
        Step::Done
    }
}

pub fn pool(n: u64) -> Measured {
    let (slots, done) = (Rc::new(Cell::new(1000)), Rc::new(Cell::new(0)));
    let mut ready = Ready::default();
    let watch = Stopwatch::start();
    let mut left = n;
    while left > 0 {
        while left > 0 && slots.get() > 0 {
            slots.set(slots.get() - 1);
            left -= 1;
            ready.0.push_back(Box::new(Job { yielded: false, slots: slots.clone(), done: done.clone() }));
        }
        ready.run();
    }
    let measured = watch.stop(n);
    assert_eq!(done.get(), n);
    measured
}

/// One queue with at most one waiting taker and any number of waiting putters.
#[derive(Default)]
struct Channel {
    items: VecDeque<u64>,
    taker: Option<Box<dyn Machine>>,
    putters: VecDeque<Box<dyn Machine>>,
}

/// Sends what it has received on.
struct Echoer {
    from: Rc<RefCell<Channel>>,
    to: Rc<RefCell<Channel>>,
    left: u64,
    /// The one that begins counts up and adds up.
    sum: Option<Rc<Cell<u64>>>,
}

impl Echoer {
    fn send(&self, item: u64, ready: &mut Ready) {
        let mut to = self.to.borrow_mut();
        to.items.push_back(item);
        if let Some(taker) = to.taker.take() {
            ready.0.push_back(taker);
        }
    }
}

impl Machine for Echoer {
    fn step(&mut self, ready: &mut Ready) -> Step {
        while self.left > 0 {
            let Some(item) = self.from.borrow_mut().items.pop_front() else {
                // The machine stays where it is; the channel holds the pointer to it meanwhile.
                let me: *mut Echoer = self;
                // SAFETY: `me` came out of the box that the loop forgets when it hears `Parked`.
                self.from.borrow_mut().taker = Some(unsafe { Box::from_raw(me) });
                return Step::Parked;
            };
            self.left -= 1;
            match &self.sum {
                Some(sum) => {
                    sum.set(sum.get() + item);
                    if self.left > 0 {
                        self.send(item + 1, ready);
                    }
                }
                None => self.send(item, ready),
            }
        }
        Step::Done
    }
}

pub fn ping_pong(n: u64) -> Measured {
    let (there, back) =
        (Rc::new(RefCell::new(Channel::default())), Rc::new(RefCell::new(Channel::default())));
    let sum = Rc::new(Cell::new(0));
    let mut ready = Ready::default();
    let watch = Stopwatch::start();
    there.borrow_mut().items.push_back(0);
    let first = Echoer { from: back.clone(), to: there.clone(), left: n, sum: Some(sum.clone()) };
    ready.0.push_back(Box::new(first));
    ready.0.push_back(Box::new(Echoer { from: there, to: back, left: n, sum: None }));
    ready.run();
    let measured = watch.stop(n);
    assert_eq!(sum.get(), sum_below(n));
    measured
}

struct Producer {
    channel: Rc<RefCell<Channel>>,
    room: usize,
    next: u64,
    end: u64,
}

impl Machine for Producer {
    fn step(&mut self, ready: &mut Ready) -> Step {
        let me: *mut Self = self;
        let mut channel = self.channel.borrow_mut();
        while self.next < self.end {
            if channel.items.len() >= self.room {
                // SAFETY: as in `Echoer::step`.
                channel.putters.push_back(unsafe { Box::from_raw(me) });
                return Step::Parked;
            }
            channel.items.push_back(self.next);
            self.next += 1;
            if let Some(taker) = channel.taker.take() {
                ready.0.push_back(taker);
            }
        }
        Step::Done
    }
}

struct Consumer {
    channel: Rc<RefCell<Channel>>,
    left: u64,
    sum: Rc<Cell<u64>>,
}

impl Machine for Consumer {
    fn step(&mut self, ready: &mut Ready) -> Step {
        let me: *mut Self = self;
        let mut channel = self.channel.borrow_mut();
        while self.left > 0 {
            let Some(item) = channel.items.pop_front() else {
                // SAFETY: as in `Echoer::step`.
                channel.taker = Some(unsafe { Box::from_raw(me) });
                return Step::Parked;
            };
            self.left -= 1;
            self.sum.set(self.sum.get() + item);
            if let Some(putter) = channel.putters.pop_front() {
                ready.0.push_back(putter);
            }
        }
        Step::Done
    }
}

pub fn fan_in(n: u64, room: usize) -> Measured {
    const PRODUCERS: u64 = 1000;
    let each = n / PRODUCERS;
    let channel = Rc::new(RefCell::new(Channel::default()));
    let sum = Rc::new(Cell::new(0));
    let mut ready = Ready::default();
    let watch = Stopwatch::start();
    let total = PRODUCERS * each;
    ready.0.push_back(Box::new(Consumer { channel: channel.clone(), left: total, sum: sum.clone() }));
    for producer in 0..PRODUCERS {
        let (next, end) = (producer * each, (producer + 1) * each);
        ready.0.push_back(Box::new(Producer { channel: channel.clone(), room, next, end }));
    }
    ready.run();
    let measured = watch.stop(total);
    assert_eq!(sum.get(), sum_below(total));
    measured
}
