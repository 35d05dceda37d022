use std::collections::VecDeque;

use super::*;
use crate::hub::remote::Remote;
use crate::hub::task::TaskRef;
use crate::loom::Arc;

struct Tasks(Arc<Remote>);

impl Tasks {
    fn new() -> Self {
        Tasks(Arc::new(Remote::new()))
    }

    fn task(&self, id: u64) -> Waiter {
        TaskRef::allocate(&self.0, id, || async {}).0.into()
    }
}

fn ids(tasks: &[Waiter]) -> Vec<u64> {
    tasks.iter().map(Waiter::id).collect()
}

#[test]
fn first_come_is_first_called() {
    let tasks = Tasks::new();
    let mut list = WaitList::<()>::default();
    for id in 1..=4 {
        list.enqueue(tasks.task(id));
    }
    assert_eq!(list.notify_first().map(|task| task.id()), Some(1));
    assert_eq!(ids(&list.notify_all()), [2, 3, 4]);
    assert!(list.is_empty());
    assert!(list.notify_first().is_none());
}

#[test]
fn leaving_says_whether_one_was_called() {
    let tasks = Tasks::new();
    let mut list = WaitList::<()>::default();
    let tickets: Vec<Ticket> = (1..=3).map(|id| list.enqueue(tasks.task(id))).collect();
    assert!(!list.dequeue(tickets[1]).was_notified);
    list.notify_first();
    assert!(list.is_notified(tickets[0]) && !list.is_notified(tickets[2]));
    assert!(list.dequeue(tickets[0]).was_notified);
    assert_eq!(list.len(), 1);
    assert_eq!(ids(&list.notify_all()), [3]);
    assert!(list.dequeue(tickets[2]).was_notified);
}

#[test]
fn a_renewed_place_keeps_its_turn() {
    let tasks = Tasks::new();
    let mut list = WaitList::<()>::default();
    let ticket = list.enqueue(tasks.task(1));
    list.enqueue(tasks.task(2));
    assert_eq!(list.renew(ticket, tasks.task(7)).map(|task| task.id()), Some(1));
    assert_eq!(ids(&list.notify_all()), [7, 2]);
    assert!(list.dequeue(ticket).was_notified);
}

#[test]
fn a_line_does_what_a_queue_does_and_uses_its_places_again() {
    let tasks = Tasks::new();
    for seed in 1..=100_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut roll = move |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % limit as u64) as usize
        };
        let mut list = WaitList::<()>::default();
        let mut queue: VecDeque<u64> = VecDeque::new();
        let mut held: Vec<(u64, Ticket)> = Vec::new();
        for id in 1..300 {
            match roll(4) {
                0 | 1 if held.len() < 20 => {
                    held.push((id, list.enqueue(tasks.task(id))));
                    queue.push_back(id);
                }
                2 => assert_eq!(list.notify_first().map(|task| task.id()), queue.pop_front()),
                _ if !held.is_empty() => {
                    let (id, ticket) = held.swap_remove(roll(held.len()));
                    let waiting = queue.iter().position(|waiting| *waiting == id);
                    if let Some(index) = waiting {
                        queue.remove(index);
                    }
                    assert_eq!(list.dequeue(ticket).was_notified, waiting.is_none());
                }
                _ => {}
            }
            assert_eq!(list.len(), queue.len());
        }
        assert_eq!(ids(&list.notify_all()), Vec::from(queue));
        assert!(list.places.len() <= 20);
    }
}

#[test]
fn the_last_of_a_long_line_takes_its_memory_along_and_is_told_what_it_was() {
    let tasks = Tasks::new();
    let mut list = WaitList::<()>::default();
    for is_notified in [true, false] {
        let tickets: Vec<Ticket> = (0..3000).map(|id| list.enqueue(tasks.task(id))).collect();
        // The last to leave is one from the middle.
        let (last, others) = (tickets[1500], tickets.iter().filter(|&&ticket| ticket != tickets[1500]));
        for &ticket in others {
            assert!(!list.dequeue(ticket).was_notified);
        }
        assert!(list.places.capacity() >= 3000);
        if is_notified {
            assert_eq!(list.notify_first().map(|task| task.id()), Some(1500));
        }
        assert_eq!(list.dequeue(last).was_notified, is_notified);
        assert_eq!((list.len(), list.notified(), list.places.capacity()), (0, 0, 0));
        assert_eq!(list.first(), None);
    }
    let ticket = list.enqueue(tasks.task(7));
    assert_eq!((ticket.index(), list.notify_first().map(|task| task.id())), (0, Some(7)));
    assert!(list.dequeue(ticket).was_notified);
}
