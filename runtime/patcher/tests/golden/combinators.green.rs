#![cfg_attr(rustfmt, rustfmt_skip)]
//! std's combinators have green twins.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; #[allow(unused_imports)] use ::eventlet::prelude::*; use std::io::{self, Read};
use std::net::TcpStream;

pub mod client { #[allow(unused_imports)] use ::eventlet::prelude::*;
    use super::*;

    #[::eventlet::green] pub fn connect(address: Option<&str>) -> Option<io::Result<TcpStream>> {
        address.green_map(#[::eventlet::green] |address| /*green*/TcpStream::connect(address))
    }
}

#[::eventlet::green] pub fn word(address: Option<&str>) -> Option<io::Result<u16>> {
    address.green_map(/*green*/twice)
}

#[::eventlet::green] fn twice(address: &str) -> io::Result<u16> {
    let stream = /*green*/TcpStream::connect(address);
    Ok(u16::from(/*green*/byte(stream)?) * 2)
}

#[::eventlet::green] pub fn byte(stream: io::Result<TcpStream>) -> io::Result<u8> {
    stream.green_and_then(#[::eventlet::green] |mut stream| {
        let mut byte = [0];
        /*green*/stream.read_exact(&mut byte)?;
        Ok(byte[0])
    })
}
