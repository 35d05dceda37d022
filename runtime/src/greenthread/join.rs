//! Waiting for a green thread's end.

use std::fmt;

use crate::hub::Hub;
use crate::hub::suspend::{Wait, Waiting};
use crate::hub::task::TaskRef;
use crate::hub::wait_queue::Ticket;

/// Waits for a thread's end.
pub(crate) struct Ended {
    task: TaskRef,
    ticket: Option<Ticket>,
}

impl Ended {
    pub(crate) fn new(task: &TaskRef) -> Self {
        Ended { task: task.clone(), ticket: None }
    }
}

impl Wait for Ended {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        if self.task.is_done() {
            // Whoever waits for the end has been told of it.
            self.task.answer_for();
            return Some(());
        }
        let waiter = waiting.task();
        if waiter.id() == self.task.id() {
            return wait_for_oneself(waiting.hub, &waiter);
        }
        let left_over = self.task.with_extra(|extra| match self.ticket {
            None => {
                self.ticket = Some(extra.joiners.join(waiter));
                None
            }
            Some(ticket) => extra.joiners.renew(ticket, waiter),
        });
        drop(left_over);
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for green thread {} to end", self.task.id())
    }
}

/// Suspends once, to be told the line of the wait, then panics.
#[cold]
fn wait_for_oneself(hub: &Hub, waiter: &TaskRef) -> Option<()> {
    let Some(place) = hub.take_own_place() else {
        hub.ask_own_place(waiter);
        return None;
    };
    panic!(
        "green thread {} waits for its own end, which would never come\n\
         note: it waits {place}\n\
         help: let another green thread wait for it",
        waiter.id()
    );
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.task.if_extra(|extra| extra.joiners.leave(ticket));
            drop(left);
        }
    }
}
