#![cfg_attr(rustfmt, rustfmt_skip)]
//! The crate's own trait over std's, behind a `dyn`.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read, Write};
use std::net::TcpStream;

pub trait Stream: ::eventlet::green::io::DynRead + ::eventlet::green::io::DynWrite {} impl ::eventlet::green::io::Read for dyn Stream + '_ { #[::eventlet::green] fn read(&mut self, buf: &mut [u8]) -> ::eventlet::green::io::Result<usize> { ::eventlet::green::io::DynRead::dyn_read(self, buf) } } impl ::eventlet::green::io::Write for dyn Stream + '_ { #[::eventlet::green] fn write(&mut self, buf: &[u8]) -> ::eventlet::green::io::Result<usize> { ::eventlet::green::io::DynWrite::dyn_write(self, buf) } #[::eventlet::green] fn flush(&mut self) -> ::eventlet::green::io::Result<()> { ::eventlet::green::io::DynWrite::dyn_flush(self) } }

impl<T> Stream for T where T: Read + Write {}

#[::eventlet::green] pub fn open(address: &str) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(/*green*/TcpStream::connect(address)?))
}

#[::eventlet::green] pub fn echo(stream: &mut Box<dyn Stream>) -> io::Result<()> {
    let mut byte = [0];
    /*green*/stream.read_exact(&mut byte)?;
    stream.write_all(&byte)
}
