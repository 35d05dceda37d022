#![cfg_attr(rustfmt, rustfmt_skip)]
//! Closures that are handed on or kept stay ordinary, and wait in place.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
use std::net::TcpStream;

pub struct Task(Box<dyn FnMut() -> io::Result<u8>>);

impl Task {
    pub fn new<F: FnMut() -> io::Result<u8> + 'static>(work: F) -> Task {
        Task(/*kept*/Box::new(work))
    }
}

#[::eventlet::green] fn byte(stream: &mut TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    /*green*/stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[::eventlet::green(in_place)] pub fn later(mut stream: TcpStream) -> Task {
    Task::new(#[::eventlet::green(in_place)] move || /*green*/byte(&mut stream))
}

#[::eventlet::green(in_place)] pub fn named(mut stream: TcpStream) -> Box<dyn FnMut() -> io::Result<u8>> {
    let read = #[::eventlet::green(in_place)] move || /*kept*//*green*/byte(&mut stream);
    Box::new(read)
}
