#![cfg_attr(rustfmt, rustfmt_skip)]
//! What edition 2015 had: `try!`, and objects without `dyn`.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read, Write};

#[::eventlet::green] pub fn copy(from: &mut dyn ::eventlet::green::io::DynRead, to: &mut dyn ::eventlet::green::io::DynWrite) -> io::Result<u8> {
    let mut byte = [0];
    (/*green*/from.read_exact(&mut byte))?;
    (to.write_all(&[(upper(byte[0]))?]))?;
    Ok(byte[0])
}

fn upper(byte: u8) -> io::Result<u8> {
    Ok(byte.to_ascii_uppercase())
}
