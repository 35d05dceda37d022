#![cfg_attr(rustfmt, rustfmt_skip)]
//! A method that a macro writes has the colour of its trait.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Write};

pub trait Value<W: Write> {
    fn size(&self) -> usize;

    #[::eventlet::green] fn send(&self, to: &mut W) -> io::Result<()>;
}

impl<W: Write> Value<W> for str {
    fn size(&self) -> usize {
        self.len()
    }

    #[::eventlet::green] fn send(&self, to: &mut W) -> io::Result<()> {
        /*green*/to.write_all(self.as_bytes())
    }
}

macro_rules! numbers {
    ($($ty:ident)*) => {$(
        impl<W: Write> Value<W> for $ty {
            fn size(&self) -> usize {
                self.to_string().len()
            }

            #[::eventlet::green] fn send(&self, to: &mut W) -> io::Result<()> {
                to.write_all(self.to_string().as_bytes())
            }
        }
    )*};
}

numbers!(u8 u16);
