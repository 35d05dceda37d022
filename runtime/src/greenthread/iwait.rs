//! Threads one by one, as they end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::green;
use crate::greenthread::{Link, Thread};
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::waiter_cell::WaiterCell;
use crate::iter::GreenIterator;

/// Gives each of the threads when it has ended, the first to end first.
///
/// The iterator's steps suspend until the next thread has ended. What a step gives has ended, so
/// waiting for it does not suspend. Dropping the iterator early leaves the other threads as they
/// are.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::iwait;
///
/// #[green]
/// fn after(ms: u64) -> u64 {
///     sleep(Duration::from_millis(ms));
///     ms
/// }
///
/// #[green]
/// fn main() {
///     let mut order = vec![];
///     for thread in iwait([30, 1, 15].map(|ms| spawn(move || after(ms)))) {
///         order.push(thread.wait());
///     }
///     assert_eq!(order, [1, 15, 30]);
/// }
/// ```
///
/// gevent's `iwait`; with a count, `iwait(…).take(count)`.
pub fn iwait<J: AsRef<Thread>>(threads: impl IntoIterator<Item = J>) -> Iwait<J> {
    let ended = Rc::new(EndedThreads::default());
    let threads: Vec<Option<J>> = threads.into_iter().map(Some).collect();
    let links = threads.iter().flatten().enumerate().map(|(index, thread)| {
        let ended = ended.clone();
        thread.as_ref().link(move |_| ended.push(index))
    });
    let links = links.collect();
    Iwait { left: threads.len(), threads, links, ended }
}

/// The iterator that [`iwait`] makes.
pub struct Iwait<J: AsRef<Thread>> {
    threads: Vec<Option<J>>,
    links: Vec<Link>,
    left: usize,
    ended: Rc<EndedThreads>,
}

#[derive(Default)]
struct EndedThreads {
    indices: RefCell<VecDeque<usize>>,
    waiter: WaiterCell,
}

impl EndedThreads {
    fn push(&self, index: usize) {
        self.indices.borrow_mut().push_back(index);
        self.waiter.wake();
    }
}

impl<J: AsRef<Thread>> GreenIterator for Iwait<J> {
    type Item = J;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<J> {
        if self.left == 0 {
            return None;
        }
        let index = until(NextEnded(&self.ended)).await;
        self.left -= 1;
        self.threads[index].take()
    }
}

impl<J: AsRef<Thread>> fmt::Debug for Iwait<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iwait").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<J: AsRef<Thread>> Drop for Iwait<J> {
    fn drop(&mut self) {
        for (thread, link) in self.threads.iter().zip(&self.links) {
            if let Some(thread) = thread {
                thread.as_ref().unlink(*link);
            }
        }
    }
}

struct NextEnded<'a>(&'a EndedThreads);

impl Wait for NextEnded<'_> {
    type Output = usize;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<usize> {
        let index = self.0.indices.borrow_mut().pop_front();
        if index.is_none() {
            self.0.waiter.register(waiting.waiter());
        }
        index
    }

    fn is_settled(&self) -> bool {
        self.0.waiter.is_registered()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for one of several threads to end")
    }
}

impl Drop for NextEnded<'_> {
    fn drop(&mut self) {
        self.0.waiter.clear();
    }
}
