#![cfg_attr(rustfmt, rustfmt_skip)]
//! A method of the crate's own trait has one colour everywhere; behind a `dyn` its calls are boxed.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
use std::net::TcpStream;

pub trait Source {
    #[::eventlet::green] fn byte(&mut self) -> io::Result<u8>;

    fn name(&self) -> &str;

    #[::eventlet::green] fn word(&mut self) -> io::Result<u16> {
        let high = /*green*/self.byte()?;
        Ok(u16::from_be_bytes([high, self.byte()?]))
    }
}

impl Source for TcpStream {
    #[::eventlet::green] fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        /*green*/self.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn name(&self) -> &str {
        "a stream"
    }
}

impl Source for u8 {
    #[::eventlet::green] fn byte(&mut self) -> io::Result<u8> {
        Ok(*self)
    }

    fn name(&self) -> &str {
        "a byte"
    }
}

pub trait Sink {
    #[::eventlet::green(boxed)] fn take(&mut self, byte: u8) -> io::Result<()>;
}

impl Sink for Vec<Box<dyn Sink>> {
    #[::eventlet::green(boxed)] fn take(&mut self, byte: u8) -> io::Result<()> {
        for sink in self {
            /*green*/sink.take(byte)?;
        }
        Ok(())
    }
}
