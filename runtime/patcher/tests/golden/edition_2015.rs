//! What edition 2015 had: `try!`, and objects without `dyn`.
use std::io::{self, Read, Write};

pub fn copy(from: &mut Read, to: &mut Write) -> io::Result<u8> {
    let mut byte = [0];
    try!(/*green*/from.read_exact(&mut byte));
    try!(to.write_all(&[try!(upper(byte[0]))]));
    Ok(byte[0])
}

fn upper(byte: u8) -> io::Result<u8> {
    Ok(byte.to_ascii_uppercase())
}
