#![cfg_attr(rustfmt, rustfmt_skip)]
//! The crate's root: std is another crate for all of it, and its lints are taken out.






#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; /// The first item.
use std::io;

mod inner {
    pub fn kind(error: &std::io::Error) -> std::io::ErrorKind {
        error.kind()
    }
}

pub fn is_gone(error: &io::Error) -> bool {
    inner::kind(error) == ::std::io::ErrorKind::BrokenPipe
}
