#![cfg_attr(rustfmt, rustfmt_skip)]
//! Code that knows std's own traits is given a stream that has them, and waits in place.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::fs::File;
use std::io;

mod theirs {
    pub fn count(_: impl eventlet_reads::Read) -> u64 {
        0
    }

    pub mod eventlet_reads {
        extern crate std as theirs;
        pub use self::theirs::io::Read;
    }
}

#[::eventlet::green] pub fn count(path: &str) -> io::Result<u64> {
    let mut file = /*green*/File::open(path)?;
    Ok(theirs::count(/*foreign*/::eventlet::green::io::InPlace::new(&mut file)))
}
