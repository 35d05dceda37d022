//! Queues, events and semaphores between OS threads.
