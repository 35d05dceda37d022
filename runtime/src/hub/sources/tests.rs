use super::slot::{Drained, Parked};
use super::*;
use crate::hub::remote::Remote;
use crate::hub::task::TaskRef;
use crate::loom::Arc;

fn event(token: usize) -> Readiness {
    Readiness { token, readable: true, writable: false, hung_up: false, priority: false }
}

/// A server has one of each for every connection.
#[test]
#[cfg(all(target_pointer_width = "64", unix))]
fn what_a_connection_costs_stays_small() {
    use super::operation::Operation;
    use std::net::TcpStream;

    fn size_of_read<F>(_: fn(F)) -> usize {
        size_of::<Operation<'static, Reads, TcpStream, F>>()
    }
    assert_eq!(size_of::<Slot>(), 32);
    assert_eq!(size_of::<Source<TcpStream>>(), 32);
    assert_eq!(size_of_read(|_: &mut [u8]| {}), 40);
}

#[test]
fn an_event_for_a_descriptor_that_has_gone_reaches_nobody() {
    let remote = Arc::new(Remote::new());
    let mut sources = Sources::default();
    let first = sources.insert(7, true);
    assert!(sources.release(first.index).iter().all(Option::is_none));
    let second = sources.insert(7, true);
    assert_eq!(second.index, first.index);
    let mut waiter = Some(TaskRef::allocate(&remote, 1, || async {}).0.into());
    let slot = sources.slot(second.index);
    assert!(matches!(slot.park(Direction::Read, None, &mut waiter), Parked::Waits(1)));

    let mut woken = Vec::new();
    sources.deliver(&event(first.token()), true, |task| woken.push(task));
    sources.deliver(&event(usize::MAX), true, |task| woken.push(task));
    assert!(woken.is_empty());
    assert!(!sources.slot(second.index).is_ready(Direction::Read));
    sources.deliver(&event(second.token()), true, |task| woken.push(task));
    assert_eq!(woken.iter().map(Waiter::id).collect::<Vec<_>>(), [1]);
    assert!(sources.slot(second.index).is_ready(Direction::Read));
}

/// What a forgotten wait leaves in a slot is dropped by whoever frees it, when nothing is borrowed.
#[test]
fn who_was_forgotten_in_a_slot_comes_back_when_it_is_freed() {
    let remote = Arc::new(Remote::new());
    let mut sources = Sources::default();
    let index = sources.insert(7, true).index;
    let mut waiter = Some(TaskRef::allocate(&remote, 1, || async {}).0.into());
    assert!(matches!(sources.slot(index).park(Direction::Read, None, &mut waiter), Parked::Waits(1)));
    let [reader, writer] = sources.release(index);
    assert_eq!((reader.map(|task| task.id()), writer.is_some()), (Some(1), false));
    assert_eq!(sources.len(), 0);
}

#[test]
fn a_short_count_is_no_sign_once_something_out_of_the_ordinary_has_come() {
    let mut sources = Sources::default();
    let key = sources.insert(7, true);
    sources.deliver(&event(key.token()), true, drop);
    sources.slot(key.index).become_drained(Direction::Read, Drained::Short);
    assert!(!sources.slot(key.index).is_ready(Direction::Read));
    sources.deliver(&Readiness { priority: true, ..event(key.token()) }, true, drop);
    sources.slot(key.index).become_drained(Direction::Read, Drained::Short);
    assert!(sources.slot(key.index).is_ready(Direction::Read));
    sources.slot(key.index).become_drained(Direction::Read, Drained::Failed);
    assert!(!sources.slot(key.index).is_ready(Direction::Read));
    // Writes know no marks.
    sources.slot(key.index).become_drained(Direction::Write, Drained::Short);
    assert!(!sources.slot(key.index).is_ready(Direction::Write));
}

#[test]
fn a_short_count_is_no_sign_once_the_other_end_has_gone() {
    let mut sources = Sources::default();
    let key = sources.insert(7, true);
    sources.deliver(&Readiness { hung_up: true, ..event(key.token()) }, true, drop);
    sources.slot(key.index).become_drained(Direction::Read, Drained::Short);
    assert!(sources.slot(key.index).is_ready(Direction::Read));
    sources.slot(key.index).become_drained(Direction::Read, Drained::Failed);
    assert!(!sources.slot(key.index).is_ready(Direction::Read));
    // The event was none for writing.
    sources.slot(key.index).become_drained(Direction::Write, Drained::Short);
    assert!(!sources.slot(key.index).is_ready(Direction::Write));
}

/// It has disarmed both directions, so that the one without news has to arm itself again.
#[test]
fn without_edges_an_event_lets_both_directions_look_for_themselves() {
    let remote = Arc::new(Remote::new());
    for (is_edge, expected) in [(true, vec![1]), (false, vec![1, 2])] {
        let mut sources = Sources::default();
        let key = sources.insert(7, true);
        for (direction, id) in [(Direction::Read, 1), (Direction::Write, 2)] {
            let mut waiter = Some(TaskRef::allocate(&remote, id, || async {}).0.into());
            assert!(matches!(sources.slot(key.index).park(direction, None, &mut waiter), Parked::Waits(1)));
        }
        let mut woken = Vec::new();
        sources.deliver(&event(key.token()), is_edge, |task| woken.push(task.id()));
        assert_eq!(woken, expected);
    }
}

#[test]
fn a_wait_takes_back_only_its_own_word() {
    let remote = Arc::new(Remote::new());
    let task = |id| Some(TaskRef::allocate(&remote, id, || async {}).0.into());
    let mut slot = Slot::default();
    slot.begin(7, true);
    assert!(matches!(slot.park(Direction::Read, None, &mut task(1)), Parked::Waits(1)));
    assert!(
        matches!(slot.park(Direction::Read, None, &mut task(2)), Parked::Taken(first) if first.id() == 1)
    );
    // It is asked again, by another task than before.
    let mut renewed = task(3);
    assert!(matches!(slot.park(Direction::Read, Some(1), &mut renewed), Parked::Waits(1)));
    assert_eq!(renewed.map(|before| before.id()), Some(1));
    assert_eq!(slot.become_ready(Direction::Read, false).map(|woken| woken.id()), Some(3));
    // Somebody else has come meanwhile.
    assert!(matches!(slot.park(Direction::Read, None, &mut task(4)), Parked::Waits(2)));
    assert!(slot.leave(Direction::Read, 1).is_none());
    assert_eq!(slot.leave(Direction::Read, 2).map(|left| left.id()), Some(4));
    assert!(!slot.has_waiter());
}

/// A late event of each slot that has gone is kept, and delivered once the table has grown again.
#[test]
fn after_many_descriptors_the_table_is_small_and_no_stale_event_reaches_those_that_come_later() {
    const MANY: RawSource = 20_000;
    let remote = Arc::new(Remote::new());
    let mut sources = Sources::default();
    let mut stale = Vec::new();
    let stays = sources.insert(0, false);
    for round in 0..3 {
        let keys: Vec<Key> = (1..=MANY).map(|raw| sources.insert(raw, false)).collect();
        assert_eq!(sources.len(), keys.len() + 1);
        assert!(sources.slots.bytes() >= keys.len() * size_of::<Slot>());
        for &token in &stale {
            sources.deliver(&event(token), true, drop);
        }
        assert!(keys.iter().all(|key| !sources.slot(key.index).is_ready(Direction::Read)), "round {round}");
        for key in &keys {
            assert!(sources.release(key.index).iter().all(Option::is_none));
        }
        stale.extend(keys.iter().map(|key| key.token()));
        assert_eq!(sources.len(), 1);
        assert!(sources.is_roomy());
        sources.shrink();
        assert!(sources.slots.bytes() <= 2048 * size_of::<Slot>(), "{} bytes", sources.slots.bytes());
        // A free slot is no descriptor's, whatever is noted in it.
        assert!(!(1..=MANY).any(|raw| sources.close_raw(raw, &mut Vec::new())));
    }
    let mut waiter = Some(TaskRef::allocate(&remote, 1, || async {}).0.into());
    assert!(matches!(sources.slot(stays.index).park(Direction::Read, None, &mut waiter), Parked::Waits(1)));
    let mut woken = Vec::new();
    stale.iter().for_each(|&token| sources.deliver(&event(token), true, |task| woken.push(task.id())));
    assert!(woken.is_empty());
    sources.deliver(&event(stays.token()), true, |task| woken.push(task.id()));
    assert_eq!(woken, [1]);
}

/// In a long table the slots near its end are reached in another way than the others.
#[test]
fn a_slot_of_a_long_table_that_is_used_again_has_a_later_generation_wherever_it_lies() {
    let mut sources = Sources::default();
    let keys: Vec<Key> = (0..5000).map(|raw| sources.insert(raw, false)).collect();
    for key in [keys[10], keys[4990]] {
        let mut stale = Vec::from([key]);
        for _ in 0..3 {
            assert!(sources.release(key.index).iter().all(Option::is_none));
            let again = sources.insert(7, false);
            assert_eq!(again.index, key.index);
            stale.iter().for_each(|old| sources.deliver(&event(old.token()), true, drop));
            assert!(!sources.slot(again.index).is_ready(Direction::Read));
            stale.push(again);
        }
    }
}
