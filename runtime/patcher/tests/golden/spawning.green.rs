#![cfg_attr(rustfmt, rustfmt_skip)]
//! A closure for a new thread is green, and so is what joins it.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

#[::eventlet::green] pub fn work<T: Send + 'static>(value: T) -> io::Result<T> {
    let worker = thread::spawn(#[::eventlet::green] move || value);
    /*green*/worker.join().map_err(|_| io::ErrorKind::Other.into())
}

#[::eventlet::green(no_switch)] pub fn begin() -> Receiver<u32> {
    let (sender, receiver) = channel();
    std::thread::spawn(#[::eventlet::green] move || {
        let _ = sender.send(1);
    });
    receiver
}
