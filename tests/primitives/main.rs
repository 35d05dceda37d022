//! Events, semaphores, locks and queues: who is woken, in which order, and what a kill or a timeout leaves behind.

mod corolocal;
mod elsewhere;
mod event;
mod locks;
mod pools;
mod queue;
mod random;
mod semaphore;
mod support;
mod twins;
