//! A method that a macro writes has the colour of its trait.
use std::io::{self, Write};

pub trait Value<W: Write> {
    fn size(&self) -> usize;

    fn send(&self, to: &mut W) -> io::Result<()>;
}

impl<W: Write> Value<W> for str {
    fn size(&self) -> usize {
        self.len()
    }

    fn send(&self, to: &mut W) -> io::Result<()> {
        /*green*/to.write_all(self.as_bytes())
    }
}

macro_rules! numbers {
    ($($ty:ident)*) => {$(
        impl<W: Write> Value<W> for $ty {
            fn size(&self) -> usize {
                self.to_string().len()
            }

            fn send(&self, to: &mut W) -> io::Result<()> {
                to.write_all(self.to_string().as_bytes())
            }
        }
    )*};
}

numbers!(u8 u16);
