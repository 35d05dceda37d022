//! In which order the items of a queue come out.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// Where a queue keeps its items: it decides which comes out next.
///
/// The queues of this module are built on it; it is sealed.
pub trait Storage<T>: sealed::Sealed {
    #[doc(hidden)]
    fn push(&mut self, item: T);
    #[doc(hidden)]
    fn pop(&mut self) -> Option<T>;
    /// The item that would come out after so many others.
    #[doc(hidden)]
    fn pop_after(&mut self, others: usize) -> Option<T>;
    #[doc(hidden)]
    fn first(&self) -> Option<&T>;
    #[doc(hidden)]
    fn size(&self) -> usize;
    /// For how many items there is memory.
    #[doc(hidden)]
    fn capacity(&self) -> usize;
    #[doc(hidden)]
    fn shrink_to(&mut self, capacity: usize);

    /// Asked when somebody finds no item: after a peak the memory goes, half of it each time.
    // Every get that has to wait asks, so the answer "there is none to give" lies in line.
    #[doc(hidden)]
    #[inline(always)]
    fn give_back_room(&mut self) {
        if self.capacity() > KEPT {
            give_back_room(self);
        }
    }
}

#[cold]
#[inline(never)]
fn give_back_room<T, S: Storage<T> + ?Sized>(items: &mut S) {
    if items.size() == 0
        && let Some(kept) = room_kept(items.capacity())
    {
        items.shrink_to(kept);
    }
}

/// Room for so few items is not worth giving back.
const KEPT: usize = 1024;

/// Room for how many items is kept of so much when there is none: half of it, so that a queue that
/// fills up again and again does not begin anew each time. `None` if that is nothing to speak of.
#[inline]
pub(crate) fn room_kept(capacity: usize) -> Option<usize> {
    (capacity > KEPT).then_some(KEPT.max(capacity / 2))
}

mod sealed {
    pub trait Sealed {}
}

/// First in, first out: the storage of a [`Queue`](super::Queue).
#[derive(Debug)]
pub struct Fifo<T>(VecDeque<T>);

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Fifo(VecDeque::new())
    }
}

impl<T> sealed::Sealed for Fifo<T> {}

impl<T> Storage<T> for Fifo<T> {
    #[inline]
    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn pop_after(&mut self, others: usize) -> Option<T> {
        self.0.remove(others)
    }

    fn first(&self) -> Option<&T> {
        self.0.front()
    }

    #[inline]
    fn size(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn shrink_to(&mut self, capacity: usize) {
        self.0.shrink_to(capacity);
    }
}

/// Last in, first out: the storage of a [`LifoQueue`](super::LifoQueue).
#[derive(Debug)]
pub struct Stack<T>(Vec<T>);

impl<T> Default for Stack<T> {
    fn default() -> Self {
        Stack(Vec::new())
    }
}

impl<T> sealed::Sealed for Stack<T> {}

impl<T> Storage<T> for Stack<T> {
    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn pop_after(&mut self, others: usize) -> Option<T> {
        let index = self.0.len().checked_sub(others + 1)?;
        Some(self.0.remove(index))
    }

    fn first(&self) -> Option<&T> {
        self.0.last()
    }

    fn size(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn shrink_to(&mut self, capacity: usize) {
        self.0.shrink_to(capacity);
    }
}

/// Lowest first, equal ones in the order in which they came: the storage of a
/// [`PriorityQueue`](super::PriorityQueue).
#[derive(Debug)]
pub struct Heap<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    pushed: u64,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    number: u64,
}

impl<T: Ord> Default for Heap<T> {
    fn default() -> Self {
        Heap { entries: BinaryHeap::new(), pushed: 0 }
    }
}

impl<T> sealed::Sealed for Heap<T> {}

impl<T: Ord> Storage<T> for Heap<T> {
    fn push(&mut self, item: T) {
        self.pushed += 1;
        self.entries.push(Reverse(Entry { item, number: self.pushed }));
    }

    fn pop(&mut self) -> Option<T> {
        self.entries.pop().map(|Reverse(entry)| entry.item)
    }

    fn pop_after(&mut self, others: usize) -> Option<T> {
        let before: Vec<_> = (0..others).map_while(|_| self.entries.pop()).collect();
        let item = self.pop();
        // They keep their numbers, and so their order.
        self.entries.extend(before);
        item
    }

    fn first(&self) -> Option<&T> {
        self.entries.peek().map(|Reverse(entry)| &entry.item)
    }

    fn size(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    fn shrink_to(&mut self, capacity: usize) {
        self.entries.shrink_to(capacity);
    }
}

impl<T: Ord> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.item.cmp(&other.item).then(self.number.cmp(&other.number))
    }
}

impl<T: Ord> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Entry<T> {}

/// Items that are all alike: only their number is kept.
#[derive(Default)]
pub(crate) struct Units(pub(crate) usize);

impl sealed::Sealed for Units {}

impl Storage<()> for Units {
    fn push(&mut self, (): ()) {
        self.0 += 1;
    }

    fn pop(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }

    fn pop_after(&mut self, others: usize) -> Option<()> {
        if self.0 > others { self.pop() } else { None }
    }

    fn first(&self) -> Option<&()> {
        (self.0 > 0).then_some(&())
    }

    fn size(&self) -> usize {
        self.0
    }

    fn capacity(&self) -> usize {
        0
    }

    fn shrink_to(&mut self, _capacity: usize) {}
}
