//! The queues by name, and how each is made.

use std::fmt;
use std::mem::take;
use std::ops::Deref;

use super::{AnyQueue, Fifo, Heap, Iter, Stack};
use crate::hub::flat::drop_flat;
use crate::iter::IntoGreenIterator;

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident over $storage:ident $(where T: $bound:path)?) => {
        $(#[$doc])*
        pub struct $name<T>(AnyQueue<T, $storage<T>>);

        impl<T: 'static $(+ $bound)?> $name<T> { // items that borrow want `borrowing`
            /// A queue without a limit: no put ever waits.
            pub fn unbounded() -> Self {
                Self::bounded(usize::MAX)
            }

            /// A queue with room for so many items. With room for none it is a channel: see the
            /// [module](crate::queue#capacity).
            ///
            /// Items that borrow want [`borrowing`](Self::borrowing).
            pub fn bounded(capacity: usize) -> Self {
                $name(AnyQueue::new($storage::default(), capacity, |items| drop_flat(take(items))))
            }
        }

        impl<T $(: $bound)?> $name<T> {
            /// A queue with room for so many items, which may borrow; `usize::MAX` is no limit.
            ///
            /// It differs from [`bounded`](Self::bounded) in one thing: where its items hold queues
            /// of their own, in which there are queues again, and so on, these are dropped one
            /// inside the other, as fields are. What borrows cannot be put off until the one before
            /// is gone.
            ///
            /// ```
            #[doc = concat!("use eventlet::queue::", stringify!($name), ";")]
            ///
            /// let text = String::from("a borrowed word");
            #[doc = concat!("let words = ", stringify!($name), "::borrowing(1);")]
            /// words.try_put(&text[11..]).unwrap();
            /// assert_eq!(words.try_get(), Ok("word"));
            /// ```
            pub fn borrowing(capacity: usize) -> Self {
                $name(AnyQueue::new($storage::default(), capacity, |_| ()))
            }
        }

        impl<T> Deref for $name<T> {
            type Target = AnyQueue<T, $storage<T>>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                $name(self.0.clone())
            }
        }

        /// Two handles are equal if they are on [one queue](AnyQueue::ptr_eq), whatever lies in it.
        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<T> Eq for $name<T> {}

        /// Without a limit.
        impl<T: 'static $(+ $bound)?> Default for $name<T> {
            fn default() -> Self {
                Self::unbounded()
            }
        }

        /// A queue without a limit in which these items lie.
        impl<T: 'static $(+ $bound)?> FromIterator<T> for $name<T> {
            fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
                let queue = Self::unbounded();
                for item in items {
                    // There is room, and nobody else to shut it down.
                    let _ = queue.try_put(item);
                }
                queue
            }
        }

        impl<T $(: $bound)?> IntoGreenIterator for &$name<T> {
            type Item = T;
            type IntoIter = Iter<T, $storage<T>>;

            fn into_green_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }

        impl<T $(: $bound)?> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

kind! {
    /// A queue whose next item is the oldest. What it can do stands at [`AnyQueue`].
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::{Queue, green, spawn};
    ///
    /// #[green]
    /// fn add_up(numbers: Queue<u32>) -> u32 {
    ///     let mut sum = 0;
    ///     for number in &numbers {
    ///         sum += number;
    ///     }
    ///     sum
    /// }
    ///
    /// #[green]
    /// fn main() -> Result<(), eventlet::queue::ShutDown<u32>> {
    ///     let numbers = Queue::bounded(2);
    ///     let adder = spawn({
    ///         let numbers = numbers.clone();
    ///         move || add_up(numbers)
    ///     });
    ///     for number in 1..=4 {
    ///         numbers.put(number)?; // suspends while two lie there
    ///     }
    ///     numbers.shutdown();
    ///     assert_eq!(adder.wait(), 10);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// eventlet's `Queue` and `LightQueue`, gevent's `Queue`, `SimpleQueue`, `JoinableQueue` and,
    /// with room for none, `Channel`.
    Queue over Fifo
}

kind! {
    /// A queue whose next item is the newest. What it can do stands at [`AnyQueue`].
    ///
    /// ```
    /// use eventlet::queue::LifoQueue;
    ///
    /// let queue: LifoQueue<_> = [1, 2, 3].into_iter().collect();
    /// assert_eq!(queue.try_get(), Ok(3));
    /// ```
    ///
    /// eventlet's and gevent's `LifoQueue`.
    LifoQueue over Stack
}

kind! {
    /// A queue whose next item is the lowest, and of equal ones the oldest. What it can do stands
    /// at [`AnyQueue`].
    ///
    /// [`Reverse`](std::cmp::Reverse) puts the highest first. To order by something other than the
    /// item, put pairs.
    ///
    /// ```
    /// use eventlet::queue::PriorityQueue;
    ///
    /// let queue: PriorityQueue<_> = [(2, "tea"), (1, "fire")].into_iter().collect();
    /// assert_eq!(queue.try_get(), Ok((1, "fire")));
    /// ```
    ///
    /// eventlet's and gevent's `PriorityQueue`.
    PriorityQueue over Heap where T: Ord
}
