//! Closures that are handed on or kept stay ordinary, and wait in place.
use std::io::{self, Read};
use std::net::TcpStream;

pub struct Task(Box<dyn FnMut() -> io::Result<u8>>);

impl Task {
    pub fn new<F: FnMut() -> io::Result<u8> + 'static>(work: F) -> Task {
        Task(/*kept*/Box::new(work))
    }
}

fn byte(stream: &mut TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    /*green*/stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

pub fn later(mut stream: TcpStream) -> Task {
    Task::new(move || /*green*/byte(&mut stream))
}

pub fn named(mut stream: TcpStream) -> Box<dyn FnMut() -> io::Result<u8>> {
    let read = move || /*kept*//*green*/byte(&mut stream);
    Box::new(read)
}
