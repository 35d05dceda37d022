//! A closure for a new thread is green, and so is what joins it.
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

pub fn work<T: Send + 'static>(value: T) -> io::Result<T> {
    let worker = thread::spawn(move || value);
    /*green*/worker.join().map_err(|_| io::ErrorKind::Other.into())
}

pub fn begin() -> Receiver<u32> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let _ = sender.send(1);
    });
    receiver
}
