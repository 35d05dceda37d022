use super::*;
use crate::hub::remote::Remote;
use crate::hub::task::TaskRef;
use crate::loom::Arc;

/// A wheel, and beside it the list that it stands for.
struct Pair {
    remote: Arc<Remote>,
    wheel: Timers,
    /// In the order in which they were set.
    list: Vec<Entry>,
    /// Those whose time has not begun, with how long they are for a deadline.
    fresh: Vec<Entry>,
    set: u64,
    now: u64,
}

struct Entry {
    id: u64,
    deadline: u64,
    key: TimerKey,
    fired: bool,
}

impl Pair {
    fn new() -> Self {
        Pair {
            remote: Arc::new(Remote::new()),
            wheel: Timers::new(),
            list: Vec::new(),
            fresh: Vec::new(),
            set: 0,
            now: 0,
        }
    }

    fn set(&mut self, deadline: u64) {
        self.set += 1;
        let task: Waiter = TaskRef::allocate(&self.remote, self.set, || async {}).0.into();
        let key = self.wheel.set(Duration::from_nanos(deadline), task);
        self.list.push(Entry { id: self.set, deadline, key, fired: false });
    }

    fn set_later(&mut self, nanoseconds: u64) {
        self.set += 1;
        let task: Waiter = TaskRef::allocate(&self.remote, self.set, || async {}).0.into();
        let key = self.wheel.set_later(nanoseconds, task);
        self.fresh.push(Entry { id: self.set, deadline: nanoseconds, key, fired: false });
    }

    fn settle(&mut self) {
        assert_eq!(self.wheel.has_fresh(), !self.fresh.is_empty());
        if self.wheel.has_fresh() {
            self.wheel.settle(Duration::from_nanos(self.now));
        }
        for mut entry in self.fresh.drain(..) {
            entry.deadline = entry.deadline.saturating_add(self.now);
            self.list.push(entry);
        }
        assert!(!self.wheel.has_fresh());
    }

    fn cancel_fresh(&mut self, index: usize) {
        let entry = self.fresh.remove(index);
        assert!(!self.wheel.has_fired(entry.key));
        assert!(self.wheel.cancel(entry.key).is_some());
    }

    fn cancel(&mut self, index: usize) {
        let entry = self.list.remove(index);
        assert_eq!(self.wheel.has_fired(entry.key), entry.fired);
        assert_eq!(self.wheel.cancel(entry.key).is_none(), entry.fired);
    }

    /// Lets time pass, and sees that the same fires in both, in the same order. Gives the ids.
    fn advance(&mut self, now: u64) -> Vec<u64> {
        self.settle();
        self.now = self.now.max(now);
        let now = self.now;
        let mut due = Vec::new();
        self.wheel.fire(Duration::from_nanos(now), &mut due);
        let fired: Vec<u64> = due.iter().map(Waiter::id).collect();
        let is_due = |entry: &&mut Entry| !entry.fired && entry.deadline <= now && entry.deadline != NO_TIME;
        let mut expected: Vec<&mut Entry> = self.list.iter_mut().filter(is_due).collect();
        // Stable: equal deadlines stay in the order in which they were set.
        expected.sort_by_key(|entry| entry.deadline);
        expected.iter_mut().for_each(|entry| entry.fired = true);
        assert_eq!(fired, expected.iter().map(|entry| entry.id).collect::<Vec<_>>());
        self.check();
        fired
    }

    fn earliest(&self) -> Option<u64> {
        let waiting = self.list.iter().filter(|entry| !entry.fired && entry.deadline != NO_TIME);
        waiting.map(|entry| entry.deadline).min()
    }

    fn check(&mut self) {
        assert_eq!(
            self.wheel.len(),
            self.fresh.len() + self.list.iter().filter(|entry| !entry.fired).count()
        );
        self.settle();
        assert_eq!(self.wheel.len(), self.list.iter().filter(|entry| !entry.fired).count());
        let next = self.wheel.next_deadline().map(nanoseconds);
        assert_eq!(next.is_some(), self.earliest().is_some());
        assert!(next <= self.earliest(), "{next:?} is later than {:?}", self.earliest());
        let is_cancelled = |&&(_, index): &&(u64, u32)| self.wheel.nodes[index].task.is_none();
        assert_eq!(self.wheel.cancelled, self.wheel.current.iter().filter(is_cancelled).count());
    }
}

const HOUR: u64 = 3_600_000_000_000;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    /// Of any magnitude, so that every level of the wheel is met.
    fn distance(&mut self) -> u64 {
        let bits = self.below(63);
        let distance = self.roll() >> (63 - bits);
        // Often at the edge of a slot, or just beside it.
        match self.below(4) {
            0 => (distance >> TICK_BITS << TICK_BITS).wrapping_sub(self.below(2)),
            _ => distance,
        }
    }
}

#[test]
fn the_wheel_does_what_a_sorted_list_does() {
    for seed in 1..=200 {
        let mut dice = Dice(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let mut pair = Pair::new();
        for _ in 0..400 {
            match dice.below(12) {
                0..5 => {
                    let distance = dice.distance();
                    pair.set(pair.now.saturating_add(distance));
                }
                5 => {
                    // Equal deadlines, and such as are over.
                    let other = dice.below(pair.list.len() as u64 + 1) as usize;
                    let deadline = pair.list.get(other).map_or(0, |entry| entry.deadline);
                    pair.set(deadline);
                }
                6 if !pair.list.is_empty() => {
                    let index = dice.below(pair.list.len() as u64) as usize;
                    pair.cancel(index);
                }
                7 => {
                    let distance = dice.distance();
                    // The last instant is never reached.
                    pair.advance(pair.now.saturating_add(distance).min(NO_TIME - 1));
                }
                8 => {
                    pair.settle();
                    if let Some(next) = pair.wheel.next_deadline() {
                        pair.advance(nanoseconds(next));
                    }
                }
                9 => {
                    let distance = dice.distance();
                    // Longer than that is no limit.
                    pair.set_later(distance.min(NO_TIME - 1));
                }
                10 if !pair.fresh.is_empty() => {
                    let index = dice.below(pair.fresh.len() as u64) as usize;
                    pair.cancel_fresh(index);
                }
                _ => pair.check(),
            }
        }
        pair.advance(NO_TIME - 1);
        while !pair.list.is_empty() {
            pair.cancel(pair.list.len() - 1);
        }
        pair.check();
        assert_eq!(pair.wheel.len(), 0);
    }
}

#[test]
fn going_from_deadline_to_deadline_ends_on_every_level() {
    let mut pair = Pair::new();
    for bits in 0..64 {
        pair.set(1 << bits);
        pair.set((1 << bits) + 1);
    }
    let mut fired = 0;
    for _ in 0..2000 {
        let Some(next) = pair.wheel.next_deadline() else { break };
        fired += pair.advance(nanoseconds(next)).len();
    }
    assert_eq!(fired, 128);
}

#[test]
fn a_slot_with_more_timers_than_are_looked_at_fires_exactly() {
    let mut pair = Pair::new();
    let begin = 1 << (TICK_BITS + SLOT_BITS);
    for n in 0..200 {
        pair.set(begin + (200 - n) * 1000);
    }
    let mut steps = 0;
    while let Some(next) = pair.wheel.next_deadline() {
        pair.advance(nanoseconds(next));
        steps += 1;
    }
    assert!((200..=210).contains(&steps), "{steps}");
}

#[test]
fn what_never_fires_is_no_deadline() {
    let mut pair = Pair::new();
    for _ in 0..100 {
        pair.set(NO_TIME);
    }
    let forever = pair.wheel.set(Duration::MAX, TaskRef::allocate(&pair.remote, 0, || async {}).0.into());
    assert_eq!(pair.wheel.next_deadline(), None);
    assert!(pair.wheel.cancel(forever).is_some());
    assert_eq!(pair.advance(NO_TIME - 1), [0_u64; 0]);
    assert_eq!(pair.wheel.len(), 100);
    while !pair.list.is_empty() {
        pair.cancel(0);
    }
    assert_eq!(pair.wheel.len(), 0);
}

#[test]
fn cancelled_timers_leave_nothing_behind() {
    let mut pair = Pair::new();
    for round in 0..2000 {
        pair.set(round * 1_000_000 + 5);
        pair.cancel(0);
    }
    assert_eq!(pair.wheel.nodes.len(), 1);
    assert_eq!(pair.wheel.next_deadline(), None);
}

#[test]
fn an_empty_wheel_turns_back_and_a_full_one_stays_in_order() {
    let mut pair = Pair::new();
    pair.advance(1 << 50);
    pair.wheel.restart();
    pair.now = 0;
    assert_eq!(pair.wheel.tick, 0);
    pair.set(1 << 40);
    pair.advance(1 << 39);
    pair.wheel.restart();
    pair.now = 0;
    for deadline in [30, 10, 20, 10] {
        pair.set(deadline);
    }
    assert_eq!(pair.advance(15), [3, 5]);
    assert_eq!(pair.advance(1 << 40), [4, 2, 1]);
}

#[test]
fn a_renewed_timer_wakes_its_new_owner() {
    let mut pair = Pair::new();
    pair.set(10);
    let other: Waiter = TaskRef::allocate(&pair.remote, 77, || async {}).0.into();
    let key = pair.list[0].key;
    assert_eq!(pair.wheel.renew(key, other.clone()).id(), 1);
    let mut due = Vec::new();
    pair.wheel.fire(Duration::from_nanos(10), &mut due);
    assert_eq!(due.iter().map(Waiter::id).collect::<Vec<_>>(), [77]);
    // Once it has fired nobody is to be woken any more.
    assert_eq!(pair.wheel.renew(key, other).id(), 77);
    assert!(pair.wheel.has_fired(key));
    assert!(pair.wheel.cancel(key).is_none());
}

#[test]
fn within_a_few_ticks_the_wheel_does_what_a_sorted_list_does() {
    const FEW_TICKS: u64 = 3 << TICK_BITS;
    for seed in 1..=200 {
        let mut dice = Dice(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let mut pair = Pair::new();
        for _ in 0..600 {
            match dice.below(16) {
                0..7 => {
                    // Few different ones, so that many are equal.
                    let distance = dice.below(16) * (FEW_TICKS / 16);
                    pair.set((pair.now / 1000 * 1000).saturating_add(distance));
                }
                7..14 if !pair.list.is_empty() => {
                    let index = dice.below(pair.list.len() as u64) as usize;
                    pair.cancel(index);
                }
                14 => {
                    let time = dice.below(FEW_TICKS / 4);
                    pair.advance(pair.now + time);
                }
                15 if dice.below(8) == 0 => {
                    pair.wheel.restart();
                    pair.now = dice.below(pair.now + 1);
                }
                _ => pair.check(),
            }
        }
        pair.advance(u64::MAX >> 1);
        assert_eq!(pair.earliest(), None);
    }
}

#[test]
fn what_is_cancelled_between_others_of_its_tick_makes_room() {
    let mut pair = Pair::new();
    pair.set(1);
    pair.set(1000);
    for _ in 0..10_000 {
        pair.set(500);
        pair.cancel(2);
    }
    assert!(pair.wheel.nodes.len() < 100, "{} nodes for two timers", pair.wheel.nodes.len());
    // The same where the others are many, and where it is they that go.
    for deadline in 2..1000 {
        pair.set(deadline);
    }
    for _ in 0..990 {
        pair.cancel(5);
    }
    assert!(pair.wheel.current.len() < 100, "{} places for ten timers", pair.wheel.current.len());
    assert_eq!(pair.advance(u64::MAX >> 1).len(), 10);
}

#[test]
fn a_long_row_that_is_cancelled_from_its_front_gets_shorter() {
    let mut pair = Pair::new();
    let begin = 1 << (TICK_BITS + SLOT_BITS);
    let keys: Vec<TimerKey> = (0..100_000)
        .map(|n| {
            let task: Waiter = TaskRef::allocate(&pair.remote, n, || async {}).0.into();
            pair.wheel.set(Duration::from_nanos(begin + n), task)
        })
        .collect();
    let mut due = Vec::new();
    for (key, left) in keys[..99_990].iter().zip((10..100_000).rev()) {
        assert!(pair.wheel.cancel(*key).is_some());
        assert_eq!(pair.wheel.len(), left);
    }
    let places: usize = pair.wheel.slots.iter().map(|slot| slot.iter().count()).sum();
    assert_eq!(places, 10);
    // Few are left, so the earliest of them is known.
    assert_eq!(pair.wheel.next_deadline(), Some(Duration::from_nanos(begin + 99_990)));
    pair.wheel.fire(Duration::from_nanos(2 * begin), &mut due);
    assert_eq!(due.iter().map(Waiter::id).collect::<Vec<_>>(), (99_990..100_000).collect::<Vec<_>>());
}

/// Whether they are cancelled from the front of their rows, from the back, or fire.
#[test]
fn after_many_timers_the_wheel_keeps_little_and_those_that_are_left_fire() {
    let bytes = |wheel: &Timers| {
        let rows: usize = wheel.slots.iter().map(Slot::bytes).sum();
        wheel.nodes.bytes() + rows + 16 * (wheel.current.capacity() + wheel.sorted.capacity())
    };
    let mut pair = Pair::new();
    pair.set(HOUR + 1);
    let mut due = Vec::new();
    for round in 0..5 {
        let now = Duration::from_nanos(pair.now);
        let keys: Vec<TimerKey> = (0..50_000)
            .map(|n| {
                let task: Waiter = TaskRef::allocate(&pair.remote, n, || async {}).0.into();
                match round {
                    0 | 1 => pair.wheel.set(now + Duration::from_nanos(HOUR + n), task),
                    2 => pair.wheel.set(Duration::MAX, task),
                    3 => pair.wheel.set_later(HOUR, task),
                    _ => pair.wheel.set(now + Duration::from_nanos(1), task),
                }
            })
            .collect();
        assert!(bytes(&pair.wheel) >= 50_000 * size_of::<Node>());
        if round == 4 {
            pair.now += 1;
            pair.wheel.fire(Duration::from_nanos(pair.now), &mut due);
            assert_eq!(due.drain(..).count(), 50_000);
        }
        let mut cancel = |&key: &TimerKey| assert_eq!(pair.wheel.cancel(key).is_some(), round < 4);
        if round == 0 {
            keys.iter().for_each(&mut cancel)
        } else {
            keys.iter().rev().for_each(&mut cancel)
        }
        assert!(pair.wheel.is_roomy(), "round {round}");
        pair.wheel.shrink();
        assert!(bytes(&pair.wheel) < 70_000, "round {round}: {} bytes for one timer", bytes(&pair.wheel));
        pair.check();
    }
    pair.set(HOUR);
    assert_eq!(pair.advance(2 * HOUR), [2, 1]);
}
