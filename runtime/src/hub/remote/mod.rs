//! What other OS threads may touch of a hub: its inbox, and a way to wake it.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use super::payload::drop_payload;
use super::poller::{Notify, fork};
use crate::loom::{AtomicBool, Mutex, MutexGuard, fence};

#[cfg(all(test, loom))]
mod model;

/// The part of a hub that is shared between OS threads.
///
/// Its address is the hub's identity.
pub(crate) struct Remote {
    inbox: Mutex<Inbox>,
    /// There is mail. Looked at in every turn without taking the lock.
    has_mail: AtomicBool,
    /// The hub waits in its poller, or is about to. Whoever changes this exchanges it, so that of a
    /// post and a `before_sleep` one comes after the other and sees it.
    sleeps: AtomicBool,
    /// Which process it belongs to.
    generation: u32,
}

struct Inbox {
    mail: Vec<Mail>,
    notify: Option<Arc<dyn Notify>>,
    closed: bool,
}

/// What one OS thread asks of another one's hub.
pub(crate) enum Mail {
    /// Wake the task behind this waker.
    Wake(Waker),
    /// Call this on the hub's thread, between two resumptions.
    Call(Box<dyn FnOnce() + Send>),
    /// Stop: let `run` come back without its value.
    Stop,
}

impl Remote {
    pub(crate) fn new() -> Self {
        Remote {
            inbox: Mutex::new(Inbox { mail: Vec::new(), notify: None, closed: false }),
            has_mail: AtomicBool::new(false),
            sleeps: AtomicBool::new(false),
            generation: fork::generation(),
        }
    }

    /// Was the process forked since? Then the hub is in the parent, and cannot be reached from
    /// here.
    fn is_the_parents(&self) -> bool {
        self.generation != fork::generation()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        // Nothing panics while it holds this lock.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how a sleeping hub is woken from now on.
    pub(crate) fn set_notify(&self, notify: Arc<dyn Notify>) {
        // The one of before goes after the lock: it may be somebody else's code.
        let outgoing = self.inbox().notify.replace(notify);
        drop(outgoing);
    }

    /// Puts mail into the inbox and wakes the hub if it sleeps. Gives `false` if the hub has ended,
    /// or is another process's.
    pub(crate) fn post(&self, mail: Mail) -> bool {
        if self.is_the_parents() {
            return false;
        }
        let mut inbox = self.inbox();
        if inbox.closed {
            // The mail may hold wakers of this very inbox: they are dropped after the lock.
            drop(inbox);
            return false;
        }
        inbox.mail.push(mail);
        drop(inbox);
        self.has_mail.store(true, Ordering::Relaxed);
        // Either this finds that it sleeps, or the hub's next exchange finds this, and with it the
        // mail.
        if self.sleeps.swap(false, Ordering::Release) {
            self.notify();
        }
        true
    }

    /// Wakes the hub from its sleep.
    #[cold]
    fn notify(&self) {
        // Asked for now: a hub that sleeps does so in the poller that it has told of last.
        let notify = self.inbox().notify.clone();
        if let Some(notify) = notify {
            notify.notify();
        }
    }

    /// Says that the hub goes to sleep; `false` if there is mail, and then it must not.
    pub(crate) fn before_sleep(&self) -> bool {
        self.sleeps.swap(true, Ordering::Acquire);
        if self.has_mail() {
            self.after_sleep();
            return false;
        }
        true
    }

    pub(crate) fn after_sleep(&self) {
        // A store would cut off what the posts before it have released to the next `before_sleep`.
        self.sleeps.swap(false, Ordering::Relaxed);
    }

    pub(crate) fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Relaxed)
    }

    /// Takes what has arrived.
    pub(crate) fn collect(&self) -> Vec<Mail> {
        let mut inbox = self.inbox();
        // Cleared under the lock: mail that is posted after this sets it again.
        self.has_mail.store(false, Ordering::Relaxed);
        mem::take(&mut inbox.mail)
    }

    /// Refuses mail from now on, and drops what is there.
    pub(crate) fn close(&self) {
        let mut inbox = self.inbox();
        inbox.closed = true;
        let notify = inbox.notify.take();
        let mail = mem::take(&mut inbox.mail);
        drop(inbox);
        drop(notify);
        // Whatever it holds is somebody else's, and the OS thread is ending: nobody is left to hear
        // of a panic.
        for mail in mail {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(mail))) {
                drop_payload(payload);
            }
        }
    }

    /// No other OS thread has a handle or a waker, and none has left mail. Asked by the hub, which
    /// holds one count.
    pub(crate) fn is_beyond_reach(this: &crate::loom::Arc<Self>) -> bool {
        if crate::loom::Arc::strong_count(this) > 1 {
            return false;
        }
        // Whoever posted and then let go of its handle did so in this order; so must this.
        fence(Ordering::Acquire);
        !this.has_mail()
    }

    /// Has the hub ended?
    pub(crate) fn is_closed(&self) -> bool {
        self.is_the_parents() || self.inbox().closed
    }
}
