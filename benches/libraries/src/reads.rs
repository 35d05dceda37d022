//! Reads of a byte that is there, of a green stream as it is and of one whose OS thread is checked.

use std::io::Write as _;
use std::os::unix::net::UnixStream as StdStream;

use eventlet::green;
use eventlet::green::io::{InPlace, Read};
use eventlet::green::std::os::unix::net::UnixStream;
use eventlet::hubs::Here;
use eventlet_bench_measure::{Measured, Stopwatch};

fn pair() -> (StdStream, UnixStream) {
    let (ours, theirs) = StdStream::pair().expect("two sockets");
    (ours, UnixStream::from(theirs))
}

fn send(writer: &mut StdStream) {
    writer.write_all(b"x").expect("there is room");
}

/// N reads of a stream that the compiler keeps on its OS thread.
#[green]
pub(crate) fn plain(n: u64) -> Measured {
    let (mut writer, mut stream) = pair();
    let mut space = [0; 1];
    let watch = Stopwatch::start();
    for _ in 0..n {
        send(&mut writer);
        assert_eq!(stream.read(&mut space).expect("the writer is there"), 1);
    }
    watch.stop(n)
}

/// The same of one that is kept there at run time.
#[green]
pub(crate) fn here(n: u64) -> Measured {
    let (mut writer, stream) = pair();
    let mut stream = Here::new(stream);
    let mut space = [0; 1];
    let watch = Stopwatch::start();
    for _ in 0..n {
        send(&mut writer);
        assert_eq!(stream.read(&mut space).expect("the writer is there"), 1);
    }
    watch.stop(n)
}

/// The same by std's trait, which waits in place.
#[green]
pub(crate) fn in_place(n: u64) -> Measured {
    let (mut writer, stream) = pair();
    let mut stream = InPlace::new(stream);
    let mut space = [0; 1];
    let watch = Stopwatch::start();
    for _ in 0..n {
        send(&mut writer);
        assert_eq!(std::io::Read::read(&mut stream, &mut space).expect("the writer is there"), 1);
    }
    watch.stop(n)
}
