#![cfg_attr(rustfmt, rustfmt_skip)]
//! std's traits have green methods, whatever is in them. `fmt::Write` is another trait.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::fmt::Write as _;
use std::io::{self, Read, Write};

pub struct Upper<S>(pub S);

impl<S: Read> Read for Upper<S> {
    #[::eventlet::green] fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].make_ascii_uppercase();
        Ok(count)
    }
}

impl<S: io::Write> io::Write for Upper<S> {
    #[::eventlet::green] fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(&buf.to_ascii_uppercase())
    }

    #[::eventlet::green] fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub struct Text(String);

impl std::fmt::Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        write!(self.0, "{s}")
    }
}
