//! Random crowds at both twins beside a model that is as plain as can be.
//!
//! The model knows the contract, and in which order the hub resumes threads: whoever was made ready first. What the
//! threads do, and how a handle answers in between, has to be the same to the letter. A seed that fails is printed;
//! `EVENTLET_SEED=n` runs that one alone.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::time::Duration;

use eventlet::queue::{GetError, PutError, ShutDown};
use eventlet::{Thread, green, sleep, spawn};

use super::event::Events;
use super::queue::{MakeQueue, Queues};
use super::semaphore::{Permit, Semaphores};
use crate::random::{Random, for_seeds};
use crate::support::{Log, ms, turn};

type Id = usize;

/// How a wait of the model stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Waits,
    /// Woken for what it waits for, and not resumed yet.
    Called,
}

/// A line: who came first stands first.
#[derive(Default)]
struct Line(VecDeque<(Id, Place)>);

impl Line {
    fn join(&mut self, id: Id) {
        self.0.push_back((id, Place::Waits));
    }

    fn place(&self, id: Id) -> Option<Place> {
        self.0.iter().find(|(other, _)| *other == id).map(|(_, place)| *place)
    }

    fn leave(&mut self, id: Id) {
        self.0.retain(|(other, _)| *other != id);
    }

    fn count(&self, place: Place) -> usize {
        self.0.iter().filter(|(_, other)| *other == place).count()
    }

    fn call_first(&mut self, hub: &mut Hub) -> bool {
        let Some((id, place)) = self.0.iter_mut().find(|(_, place)| *place == Place::Waits) else {
            return false;
        };
        *place = Place::Called;
        hub.wake(*id);
        true
    }

    /// As many are called as there is for them to take.
    fn call_for(&mut self, supply: usize, hub: &mut Hub) {
        while self.count(Place::Called) < supply && self.call_first(hub) {}
        while self.count(Place::Called) > supply {
            let last = self.0.iter_mut().rfind(|(_, place)| *place == Place::Called);
            last.expect("some are called").1 = Place::Waits;
        }
    }
}

/// The hub of the model.
#[derive(Default)]
struct Hub {
    ready: VecDeque<Id>,
    /// When a wait is too late; equal ones in the order in which they were set.
    limits: BTreeMap<(Duration, usize), Id>,
    set: usize,
    now: Duration,
    log: Vec<String>,
}

impl Hub {
    fn wake(&mut self, id: Id) {
        if !self.ready.contains(&id) {
            self.ready.push_back(id);
        }
    }

    fn limit(&mut self, id: Id, limit: Option<Duration>) {
        if let Some(limit) = limit {
            self.set += 1;
            self.limits.insert((self.now + limit, self.set), id);
        }
    }

    fn ends(&mut self, id: Id, outcome: impl Debug) {
        self.log.push(format!("{id}: {outcome:?}"));
        self.forget(id);
    }

    fn forget(&mut self, id: Id) {
        self.ready.retain(|other| *other != id);
        self.limits.retain(|_, other| *other != id);
    }
}

/// What is modelled: a thing that threads wait for.
trait Model {
    /// Goes on with a thread that is ready.
    fn resume(&mut self, id: Id, hub: &mut Hub);

    /// Takes a thread out of wherever it waits.
    fn remove(&mut self, id: Id, hub: &mut Hub);

    /// What a wait says when it is too late.
    fn too_late(&mut self, id: Id) -> String;
}

/// One round: everybody who is ready now.
fn model_turn(model: &mut impl Model, hub: &mut Hub) {
    for _ in 0..hub.ready.len() {
        let id = hub.ready.pop_front().expect("only who has run is taken out meanwhile");
        model.resume(id, hub);
    }
}

/// Until nobody is ready any more, and then on to another time.
fn model_sleep(model: &mut impl Model, hub: &mut Hub, time: Duration) {
    let until = hub.now + time;
    loop {
        while !hub.ready.is_empty() {
            model_turn(model, hub);
        }
        let Some((&(when, number), &id)) = hub.limits.first_key_value() else { break };
        if when > until {
            break;
        }
        hub.limits.remove(&(when, number));
        hub.now = when;
        let outcome = model.too_late(id);
        hub.log.push(format!("{id}: {outcome}"));
        hub.forget(id);
        model.remove(id, hub);
    }
    hub.now = until;
}

fn model_kill(model: &mut impl Model, hub: &mut Hub, id: Id) {
    hub.forget(id);
    model.remove(id, hub);
}

/// Limits are over between the milliseconds at which the script goes on.
fn some_limit(random: &Random) -> Option<Duration> {
    random.one_in(2).then(|| ms(random.below(4)) + Duration::from_micros(500))
}

// Queues.

#[derive(Clone, Copy, Debug)]
enum Does {
    Get,
    Put(u32),
    Peek,
    Join,
}

#[derive(Default)]
struct QueueModel {
    items: VecDeque<u32>,
    capacity: usize,
    is_shut_down: bool,
    unfinished: usize,
    offers: VecDeque<(Id, u32)>,
    /// Putters whose item moved in, and that have not been resumed since.
    accepted: Vec<Id>,
    getters: Line,
    peekers: Line,
    joiners: Line,
    threads: BTreeMap<Id, (Does, Option<Duration>)>,
}

impl QueueModel {
    fn has_room(&self) -> bool {
        self.items.len() < self.capacity
    }

    fn supply(&self) -> usize {
        self.items.len() + if self.is_shut_down { 0 } else { self.offers.len() }
    }

    fn is_over(&self) -> bool {
        self.is_shut_down && self.items.is_empty()
    }

    fn nothing(&self) -> GetError {
        if self.is_shut_down { GetError::ShutDown } else { GetError::Empty }
    }

    fn first(&self) -> Option<u32> {
        let offered = self.offers.front().filter(|_| !self.is_shut_down);
        self.items.front().copied().or(offered.map(|(_, item)| *item))
    }

    fn insert(&mut self, item: u32) {
        self.items.push_back(item);
        self.unfinished += 1;
    }

    fn admit(&mut self, hub: &mut Hub) {
        if let Some((id, item)) = self.offers.pop_front() {
            self.insert(item);
            self.accepted.push(id);
            hub.wake(id);
        }
    }

    /// Takes the item behind those for which so many others were called.
    fn take(&mut self, others: usize, hub: &mut Hub) -> Option<u32> {
        while self.items.len() <= others && !self.is_shut_down && !self.offers.is_empty() {
            self.admit(hub);
        }
        let item = self.items.remove(others)?;
        if self.has_room() && !self.is_shut_down {
            self.admit(hub);
        }
        Some(item)
    }

    fn call(&mut self, hub: &mut Hub) {
        let supply = if self.is_over() { usize::MAX } else { self.supply() };
        if supply > 0 || self.is_shut_down {
            self.peekers.call_for(usize::MAX, hub);
        }
        if self.unfinished == 0 {
            self.joiners.call_for(usize::MAX, hub);
        }
        self.getters.call_for(supply, hub);
    }

    fn try_get(&mut self, hub: &mut Hub) -> Result<u32, GetError> {
        let item = self.take(0, hub).ok_or(self.nothing());
        self.call(hub);
        item
    }

    fn try_put(&mut self, item: u32, hub: &mut Hub) -> Result<(), PutError<u32>> {
        let is_awaited = self.capacity == 0 && self.offers.is_empty() && self.getters.count(Place::Waits) > 0;
        if self.is_shut_down {
            return Err(PutError::ShutDown(item));
        }
        if !self.has_room() && !is_awaited {
            return Err(PutError::Full(item));
        }
        self.insert(item);
        self.call(hub);
        Ok(())
    }

    fn shut_down(&mut self, is_immediate: bool, hub: &mut Hub) {
        self.is_shut_down = true;
        if is_immediate {
            self.unfinished = self.unfinished.saturating_sub(self.items.len());
            self.items.clear();
        }
        self.offers.iter().for_each(|(id, _)| hub.wake(*id));
        self.call(hub);
    }

    fn resize(&mut self, capacity: usize, hub: &mut Hub) {
        self.capacity = capacity;
        while self.has_room() && !self.is_shut_down && !self.offers.is_empty() {
            self.admit(hub);
        }
        self.call(hub);
    }

    fn task_done(&mut self, hub: &mut Hub) {
        self.unfinished -= 1;
        self.call(hub);
    }

    fn get(&mut self, id: Id, limit: Option<Duration>, hub: &mut Hub) {
        let may_take = match self.getters.place(id) {
            None => self.getters.count(Place::Called) == 0 && (self.supply() > 0 || self.is_over()),
            Some(place) => place == Place::Called,
        };
        if may_take {
            let others = self.getters.0.iter().take_while(|(other, _)| *other != id).count();
            let others = if self.getters.place(id).is_some() { others } else { 0 };
            self.getters.leave(id);
            let item = self.take(others, hub).ok_or(ShutDown(()));
            self.call(hub);
            hub.ends(id, item);
        } else if self.getters.place(id).is_none() {
            self.getters.join(id);
            self.call(hub);
            hub.limit(id, limit);
        }
    }

    fn put(&mut self, id: Id, item: u32, limit: Option<Duration>, hub: &mut Hub) {
        if self.accepted.contains(&id) {
            self.accepted.retain(|other| *other != id);
            hub.ends(id, Ok::<_, ShutDown<u32>>(()));
        } else if self.is_shut_down {
            self.offers.retain(|(other, _)| *other != id);
            hub.ends(id, Err::<(), _>(item));
        } else if self.offers.iter().all(|(other, _)| *other != id) {
            let has_room = self.has_room();
            if has_room {
                self.insert(item);
            } else {
                self.offers.push_back((id, item));
            }
            self.call(hub);
            if has_room {
                hub.ends(id, Ok::<_, ShutDown<u32>>(()));
            } else {
                hub.limit(id, limit);
            }
        }
    }

    fn peek(&mut self, id: Id, limit: Option<Duration>, hub: &mut Hub) {
        if let Some(item) = self.first() {
            self.peekers.leave(id);
            hub.ends(id, Ok::<_, ShutDown>(item));
        } else if self.is_shut_down {
            self.peekers.leave(id);
            hub.ends(id, Err::<u32, _>(ShutDown(())));
        } else {
            match self.peekers.place(id) {
                None => hub.limit(id, limit),
                Some(Place::Waits) => return,
                // Called for what is gone by now.
                Some(Place::Called) => self.peekers.leave(id),
            }
            self.peekers.join(id);
        }
    }

    fn join(&mut self, id: Id, limit: Option<Duration>, hub: &mut Hub) {
        match self.joiners.place(id) {
            None if self.unfinished > 0 => {
                self.joiners.join(id);
                hub.limit(id, limit);
            }
            Some(Place::Waits) => {}
            _ => {
                self.joiners.leave(id);
                hub.ends(id, "joined");
            }
        }
    }
}

impl Model for QueueModel {
    fn resume(&mut self, id: Id, hub: &mut Hub) {
        let (does, limit) = self.threads[&id];
        match does {
            Does::Get => self.get(id, limit, hub),
            Does::Put(item) => self.put(id, item, limit, hub),
            Does::Peek => self.peek(id, limit, hub),
            Does::Join => self.join(id, limit, hub),
        }
    }

    fn remove(&mut self, id: Id, hub: &mut Hub) {
        self.accepted.retain(|other| *other != id);
        self.offers.retain(|(other, _)| *other != id);
        self.getters.leave(id);
        self.peekers.leave(id);
        self.joiners.leave(id);
        self.call(hub);
    }

    fn too_late(&mut self, id: Id) -> String {
        match self.threads[&id].0 {
            Does::Get | Does::Peek => "too late".to_owned(),
            Does::Put(item) => format!("{item} is too late"),
            Does::Join => "too late".to_owned(),
        }
    }
}

#[green]
fn use_queue<Q: Queues<u32>>(id: Id, queue: Q, does: Does, limit: Option<Duration>, log: Log) {
    let outcome = match (does, limit) {
        (Does::Get, None) => format!("{:?}", queue.get()),
        (Does::Get, Some(limit)) => got(queue.get_timeout(limit)),
        (Does::Put(item), None) => format!("{:?}", queue.put(item).map_err(|ShutDown(item)| item)),
        (Does::Put(item), Some(limit)) => match queue.put_timeout(item, limit) {
            Ok(()) => "Ok(())".to_owned(),
            Err(PutError::ShutDown(item)) => format!("Err({item})"),
            Err(PutError::Full(item)) => format!("{item} is too late"),
        },
        (Does::Peek, None) => format!("{:?}", queue.peek()),
        (Does::Peek, Some(limit)) => got(queue.peek_timeout(limit)),
        (Does::Join, None) => {
            queue.join();
            format!("{:?}", "joined")
        }
        (Does::Join, Some(limit)) => match queue.join_timeout(limit) {
            Ok(()) => format!("{:?}", "joined"),
            Err(_) => "too late".to_owned(),
        },
    };
    log.add(format!("{id}: {outcome}"));
}

fn got(got: Result<u32, GetError>) -> String {
    match got {
        Ok(item) => format!("Ok({item})"),
        Err(GetError::Empty) => "too late".to_owned(),
        Err(GetError::ShutDown) => format!("{:?}", Err::<u32, _>(ShutDown(()))),
    }
}

#[green]
fn queue_is_as_its_model<Q: MakeQueue<u32>>(random: Random, steps: u32) {
    let capacity = [0, 0, 1, 2, usize::MAX][random.below(5) as usize];
    let queue = Q::bounded(capacity);
    let mut model = QueueModel { capacity, ..QueueModel::default() };
    let (mut hub, log) = (Hub::default(), Log::new());
    let mut threads: Vec<Thread> = vec![];
    // Mostly those wait that bring, or those that take.
    let lean = 1 + random.below(8);
    for step in 0..steps {
        match random.below(24) {
            0..12 => {
                let does = match random.below(11) {
                    9 => Does::Peek,
                    10 => Does::Join,
                    which if which < lean => Does::Get,
                    _ => Does::Put(step),
                };
                let (id, limit) = (threads.len(), some_limit(&random));
                model.threads.insert(id, (does, limit));
                hub.wake(id);
                let (queue, log) = (queue.clone(), log.clone());
                threads.push(spawn(move || use_queue(id, queue, does, limit, log)).thread().clone());
            }
            12..14 => assert_eq!(queue.try_put(step), model.try_put(step, &mut hub)),
            14..16 => assert_eq!(queue.try_get(), model.try_get(&mut hub)),
            16 => assert_eq!(queue.try_peek(), model.first().ok_or(model.nothing())),
            17..19 if !threads.is_empty() => {
                let id = random.below(threads.len() as u64) as usize;
                threads[id].kill();
                model_kill(&mut model, &mut hub, id);
            }
            19 if model.unfinished > 0 => {
                queue.task_done();
                model.task_done(&mut hub);
            }
            20 if random.one_in(3) => {
                let capacity = [None, Some(0), Some(1), Some(3)][random.below(4) as usize];
                queue.resize(capacity);
                model.resize(capacity.unwrap_or(usize::MAX), &mut hub);
            }
            21 if random.one_in(8) && step % 100 > 80 => {
                let is_immediate = random.one_in(2);
                if is_immediate {
                    queue.shutdown_now()
                } else {
                    queue.shutdown()
                }
                model.shut_down(is_immediate, &mut hub);
            }
            22 => {
                let time = ms(1 + random.below(3));
                sleep(time);
                model_sleep(&mut model, &mut hub, time);
            }
            _ => {
                turn();
                model_turn(&mut model, &mut hub);
            }
        }
        assert_eq!(log.take(), std::mem::take(&mut hub.log), "step {step}: {queue:?}");
        let getting = model.getters.0.len();
        let putting = if model.is_shut_down { 0 } else { model.offers.len() };
        assert_eq!(
            (queue.len(), queue.getting(), queue.putting(), queue.unfinished(), queue.is_full()),
            (model.items.len(), getting, putting, model.unfinished, !model.has_room()),
            "step {step}"
        );
    }
    for thread in &threads {
        thread.kill();
    }
    assert_eq!((queue.getting(), queue.putting()), (0, 0));
}

#[test]
fn a_queue_of_one_hub_is_as_its_model() {
    for_seeds(1500, |random| queue_is_as_its_model::<eventlet::Queue<u32>>(random, 120));
}

#[test]
fn a_long_line_at_a_queue_of_one_hub_is_as_its_model() {
    for_seeds(5, |random| queue_is_as_its_model::<eventlet::Queue<u32>>(random, 5000));
}

#[test]
fn a_queue_of_all_os_threads_is_as_its_model() {
    for_seeds(1500, |random| queue_is_as_its_model::<eventlet::sync::Queue<u32>>(random, 120));
}

#[test]
fn a_long_line_at_a_queue_of_all_os_threads_is_as_its_model() {
    for_seeds(5, |random| queue_is_as_its_model::<eventlet::sync::Queue<u32>>(random, 5000));
}

// Semaphores.

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// Keeps the permit.
    Acquire,
    /// Gives it back at once.
    Wait,
}

#[derive(Default)]
struct SemaphoreModel {
    free: usize,
    line: Line,
    threads: BTreeMap<Id, (Takes, Option<Duration>)>,
}

impl SemaphoreModel {
    fn release(&mut self, hub: &mut Hub) {
        self.free += 1;
        self.line.call_for(self.free, hub);
    }

    fn try_acquire(&mut self, hub: &mut Hub) -> bool {
        let is_free = self.free > 0;
        self.free -= usize::from(is_free);
        self.line.call_for(self.free, hub);
        is_free
    }
}

impl Model for SemaphoreModel {
    fn resume(&mut self, id: Id, hub: &mut Hub) {
        let (takes, limit) = self.threads[&id];
        match self.line.place(id) {
            None if self.free <= self.line.count(Place::Called) => {
                self.line.join(id);
                return hub.limit(id, limit);
            }
            Some(Place::Waits) => return,
            _ => {}
        }
        self.line.leave(id);
        self.free -= 1;
        if takes == Takes::Wait {
            self.release(hub);
            return hub.ends(id, self.free - self.line.count(Place::Called));
        }
        hub.ends(id, "has it");
    }

    fn remove(&mut self, id: Id, hub: &mut Hub) {
        self.line.leave(id);
        self.line.call_for(self.free, hub);
    }

    fn too_late(&mut self, _: Id) -> String {
        "too late".to_owned()
    }
}

#[green]
fn use_semaphore<S: Semaphores>(id: Id, semaphore: S, takes: Takes, limit: Option<Duration>, log: Log) {
    let outcome = match (takes, limit) {
        (Takes::Wait, _) => format!("{:?}", semaphore.wait()),
        (Takes::Acquire, None) => {
            semaphore.acquire().forget();
            format!("{:?}", "has it")
        }
        (Takes::Acquire, Some(limit)) => match semaphore.acquire_timeout(limit) {
            Ok(permit) => {
                permit.forget();
                format!("{:?}", "has it")
            }
            Err(_) => "too late".to_owned(),
        },
    };
    log.add(format!("{id}: {outcome}"));
}

#[green]
fn semaphore_is_as_its_model<S: Semaphores>(random: Random, steps: u32) {
    let free = random.below(3) as usize;
    let semaphore = S::new(free);
    let mut model = SemaphoreModel { free, ..SemaphoreModel::default() };
    let (mut hub, log) = (Hub::default(), Log::new());
    let mut threads: Vec<Thread> = vec![];
    for step in 0..steps {
        match random.below(16) {
            0..6 => {
                let takes = if random.one_in(5) { Takes::Wait } else { Takes::Acquire };
                let limit = some_limit(&random).filter(|_| takes == Takes::Acquire);
                let id = threads.len();
                model.threads.insert(id, (takes, limit));
                hub.wake(id);
                let (semaphore, log) = (semaphore.clone(), log.clone());
                threads.push(spawn(move || use_semaphore(id, semaphore, takes, limit, log)).thread().clone());
            }
            6..10 => {
                semaphore.release();
                model.release(&mut hub);
            }
            10 => {
                let permit = semaphore.try_acquire();
                assert_eq!(permit.is_some(), model.try_acquire(&mut hub));
                if let Some(permit) = permit {
                    permit.forget();
                }
            }
            11..13 if !threads.is_empty() => {
                let id = random.below(threads.len() as u64) as usize;
                threads[id].kill();
                model_kill(&mut model, &mut hub, id);
            }
            13 => {
                let time = ms(1 + random.below(3));
                sleep(time);
                model_sleep(&mut model, &mut hub, time);
            }
            _ => {
                turn();
                model_turn(&mut model, &mut hub);
            }
        }
        assert_eq!(log.take(), std::mem::take(&mut hub.log), "step {step}: {semaphore:?}");
        let waiting = model.line.0.len();
        assert_eq!((semaphore.available(), semaphore.waiting()), (model.free, waiting), "step {step}");
    }
    for thread in &threads {
        thread.kill();
    }
    assert_eq!(semaphore.waiting(), 0);
}

#[test]
fn a_semaphore_of_one_hub_is_as_its_model() {
    for_seeds(1000, |random| semaphore_is_as_its_model::<eventlet::Semaphore>(random, 120));
}

#[test]
fn a_long_line_at_a_semaphore_of_one_hub_is_as_its_model() {
    for_seeds(5, |random| semaphore_is_as_its_model::<eventlet::Semaphore>(random, 5000));
}

#[test]
fn a_semaphore_of_all_os_threads_is_as_its_model() {
    for_seeds(1000, |random| semaphore_is_as_its_model::<eventlet::sync::Semaphore>(random, 120));
}

#[test]
fn a_long_line_at_a_semaphore_of_all_os_threads_is_as_its_model() {
    for_seeds(5, |random| semaphore_is_as_its_model::<eventlet::sync::Semaphore>(random, 5000));
}

// Events.

#[derive(Default)]
struct EventModel {
    value: Option<u32>,
    /// Who waits for the next value.
    line: Line,
    /// What those get who were woken.
    woken: BTreeMap<Id, u32>,
    limits: BTreeMap<Id, Option<Duration>>,
}

impl EventModel {
    fn try_send(&mut self, value: u32, hub: &mut Hub) -> Result<(), u32> {
        if self.value.is_some() {
            return Err(value);
        }
        self.set(value, hub);
        Ok(())
    }

    fn set(&mut self, value: u32, hub: &mut Hub) {
        self.value = Some(value);
        for (id, _) in std::mem::take(&mut self.line.0) {
            self.woken.insert(id, value);
            hub.wake(id);
        }
    }
}

impl Model for EventModel {
    fn resume(&mut self, id: Id, hub: &mut Hub) {
        if let Some(value) = self.woken.remove(&id) {
            hub.ends(id, value);
        } else if let Some(value) = self.value {
            hub.ends(id, value);
        } else {
            self.line.join(id);
            hub.limit(id, self.limits[&id]);
        }
    }

    fn remove(&mut self, id: Id, _: &mut Hub) {
        self.line.leave(id);
        self.woken.remove(&id);
    }

    fn too_late(&mut self, _: Id) -> String {
        "too late".to_owned()
    }
}

#[green]
fn use_event<E: Events<u32>>(id: Id, event: E, limit: Option<Duration>, log: Log) {
    let outcome = match limit {
        None => event.wait().to_string(),
        Some(limit) => event.wait_timeout(limit).map_or("too late".to_owned(), |value| value.to_string()),
    };
    log.add(format!("{id}: {outcome}"));
}

#[green]
fn event_is_as_its_model<E: Events<u32>>(random: Random) {
    let (event, mut model) = (E::default(), EventModel::default());
    let (mut hub, log) = (Hub::default(), Log::new());
    let mut threads: Vec<Thread> = vec![];
    for step in 0..100 {
        match random.below(16) {
            0..6 => {
                let (id, limit) = (threads.len(), some_limit(&random));
                model.limits.insert(id, limit);
                hub.wake(id);
                let (event, log) = (event.clone(), log.clone());
                threads.push(spawn(move || use_event(id, event, limit, log)).thread().clone());
            }
            6 => assert_eq!(event.try_send(step), model.try_send(step, &mut hub)),
            7 => {
                event.set(step);
                model.set(step, &mut hub);
            }
            8..10 => assert_eq!(event.try_reset(), model.value.take().is_some()),
            10..12 if !threads.is_empty() => {
                let id = random.below(threads.len() as u64) as usize;
                threads[id].kill();
                model_kill(&mut model, &mut hub, id);
            }
            12 => {
                let time = ms(1 + random.below(3));
                sleep(time);
                model_sleep(&mut model, &mut hub, time);
            }
            _ => {
                turn();
                model_turn(&mut model, &mut hub);
            }
        }
        assert_eq!(log.take(), std::mem::take(&mut hub.log), "step {step}: {event:?}");
        assert_eq!((event.poll(), event.waiting()), (model.value, model.line.0.len()), "step {step}");
    }
    for thread in &threads {
        thread.kill();
    }
    assert_eq!(event.waiting(), 0);
}

#[test]
fn an_event_of_one_hub_is_as_its_model() {
    for_seeds(1000, event_is_as_its_model::<eventlet::Event<u32>>);
}

#[test]
fn an_event_of_all_os_threads_is_as_its_model() {
    for_seeds(1000, event_is_as_its_model::<eventlet::sync::Event<u32>>);
}
