//! `local-sync`, the channels and the semaphore that users of monoio and compio take.

use std::rc::Rc;

use local_sync::mpsc;
use local_sync::semaphore::OwnedSemaphorePermit;

use super::{Receiver, Semaphore, Sender};

pub type Permit = OwnedSemaphorePermit;

pub fn unbounded() -> (impl Sender, impl Receiver) {
    let (sender, receiver) = mpsc::unbounded::channel();
    (Unbounded(sender), UnboundedEnd(receiver))
}

pub fn bounded(room: usize) -> (impl Sender, impl Receiver) {
    let (sender, receiver) = mpsc::bounded::channel(room);
    (Bounded(sender), BoundedEnd(receiver))
}

pub fn semaphore(permits: usize) -> impl Semaphore<Permit = Permit> {
    Slots(Rc::new(local_sync::semaphore::Semaphore::new(permits)))
}

#[derive(Clone)]
struct Unbounded(mpsc::unbounded::Tx<u64>);
struct UnboundedEnd(mpsc::unbounded::Rx<u64>);
#[derive(Clone)]
struct Bounded(mpsc::bounded::Tx<u64>);
struct BoundedEnd(mpsc::bounded::Rx<u64>);
struct Slots(Rc<local_sync::semaphore::Semaphore>);

impl Sender for Unbounded {
    async fn send(&self, item: u64) {
        assert!(self.0.send(item).is_ok(), "the other end is there");
    }
}

impl Receiver for UnboundedEnd {
    async fn receive(&mut self) -> u64 {
        self.0.recv().await.expect("the other end is there")
    }
}

impl Sender for Bounded {
    async fn send(&self, item: u64) {
        assert!(self.0.send(item).await.is_ok(), "the other end is there");
    }
}

impl Receiver for BoundedEnd {
    async fn receive(&mut self) -> u64 {
        self.0.recv().await.expect("the other end is there")
    }
}

impl Semaphore for Slots {
    type Permit = Permit;

    async fn acquire(&self) -> Permit {
        self.0.clone().acquire_owned().await.expect("it is never closed")
    }
}
