#![cfg_attr(rustfmt, rustfmt_skip)]
//! Closures that are called by a name of the crate's.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
use std::net::TcpStream;

#[::eventlet::green] fn retry<F, T>(times: u32, mut ask: F) -> io::Result<T>
where
    F: ::core::ops::AsyncFnMut(&str) -> io::Result<T>,
{
    for _ in 1..times {
        if let Ok(value) = ask("again") {
            return Ok(value);
        }
    }
    ask("last")
}

#[::eventlet::green] pub fn first(stream: &mut TcpStream) -> io::Result<u8> {
    let read = #[::eventlet::green] async |stream: &mut TcpStream| -> io::Result<u8> {
        let mut byte = [0];
        /*green*/stream.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    retry(3, #[::eventlet::green] async |_| /*green*/read(stream))
}

#[::eventlet::green] pub fn nothing() -> io::Result<usize> {
    retry(1, #[::eventlet::green] async |how| Ok(how.len()))
}
