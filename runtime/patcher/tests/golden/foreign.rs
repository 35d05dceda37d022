//! Code that knows std's own traits is given a stream that has them, and waits in place.
use std::fs::File;
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

pub fn count(path: &str) -> io::Result<u64> {
    let mut file = /*green*/File::open(path)?;
    Ok(theirs::count(/*foreign*/&mut file))
}
