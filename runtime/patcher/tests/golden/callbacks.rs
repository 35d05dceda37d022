//! Closures that are called by a name of the crate's.
use std::io::{self, Read};
use std::net::TcpStream;

fn retry<F, T>(times: u32, mut ask: F) -> io::Result<T>
where
    F: FnMut(&str) -> io::Result<T>,
{
    for _ in 1..times {
        if let Ok(value) = ask("again") {
            return Ok(value);
        }
    }
    ask("last")
}

pub fn first(stream: &mut TcpStream) -> io::Result<u8> {
    let read = |stream: &mut TcpStream| -> io::Result<u8> {
        let mut byte = [0];
        /*green*/stream.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    retry(3, |_| /*green*/read(stream))
}

pub fn nothing() -> io::Result<usize> {
    retry(1, |how| Ok(how.len()))
}
