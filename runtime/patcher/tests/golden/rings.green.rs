#![cfg_attr(rustfmt, rustfmt_skip)]
//! Functions that call each other: one of them has its calls on the heap.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io;
use std::net::TcpStream;

#[::eventlet::green] pub fn connect(address: &str, redirects: u32) -> io::Result<TcpStream> {
    match /*green*/TcpStream::connect(address) {
        Err(_) if redirects > 0 => /*green*/redirect(redirects - 1),
        stream => stream,
    }
}

#[::eventlet::green(boxed)] fn redirect(redirects: u32) -> io::Result<TcpStream> {
    /*boxed*/connect("127.0.0.1:1", redirects)
}
