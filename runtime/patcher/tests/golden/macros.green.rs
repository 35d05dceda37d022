#![cfg_attr(rustfmt, rustfmt_skip)]
//! A macro of the crate's, whose arguments make green calls.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
use std::net::TcpStream;

macro_rules! tri {
    ($e:expr) => {
        match $e {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

#[::eventlet::green(macros(tri))] pub fn byte(stream: &mut TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    /*macro*/tri!(stream.read_exact(&mut byte));
    Ok(byte[0])
}
