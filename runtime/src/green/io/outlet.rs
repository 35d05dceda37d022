//! Writing to a descriptor that others share, without blocking and without making it non-blocking
//! for them.

use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::green;
use crate::hub::failed::cannot;
use crate::hubs::{Interest, trampoline};
use crate::tpool;

/// A stream of std's, and the way to write to it.
pub(super) struct Outlet<S> {
    /// Another OS thread may be writing to it.
    stream: Arc<S>,
    way: OnceCell<Way>,
}

/// The ways, the first that fits.
enum Way {
    /// A second description of the same pipe or terminal, which is ours and does not block.
    Own(OwnedFd),
    /// Each call says that it is not to block.
    Socket,
    /// It is never slow because of a reader.
    Direct,
    /// Somebody else blocks. The lock is held by a write that was let go of, too.
    Threads(Arc<Mutex<()>>),
}

impl<S: AsFd + Send + Sync + 'static> Outlet<S> {
    pub(super) fn new(stream: S) -> Self {
        Outlet { stream: Arc::new(stream), way: OnceCell::new() }
    }

    /// Writes some of `buf`. Suspends until there is room.
    #[green(crate = crate)]
    pub(super) fn write(&self, buf: &[u8]) -> io::Result<usize> {
        let stream = &self.stream;
        match self.way.get_or_init(|| way(stream)) {
            Way::Own(own) => when_writable(own, || rustix::io::write(own, buf)),
            Way::Socket => when_writable(stream, || send(stream, buf)),
            Way::Direct => rustix::io::write(stream, buf).map_err(cannot_write),
            Way::Threads(in_turn) => {
                let (stream, in_turn, bytes) = (stream.clone(), in_turn.clone(), buf.to_vec());
                tpool::execute_io(move || {
                    let _in_turn = in_turn.lock().unwrap_or_else(PoisonError::into_inner);
                    rustix::io::write(&stream, &bytes).map_err(cannot_write)
                })
            }
        }
    }
}

/// Writes, and waits whenever there is no room.
#[green(crate = crate)]
fn when_writable<F: AsFd>(fd: &F, mut write: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
    loop {
        match write() {
            Err(rustix::io::Errno::AGAIN) => trampoline(fd, Interest::WRITE, None)?,
            result => return result.map_err(cannot_write),
        }
    }
}

fn cannot_write(error: rustix::io::Errno) -> io::Error {
    cannot(|| "write")(error.into())
}

/// What can be done with a stream like this.
fn way(stream: &impl AsFd) -> Way {
    let others = || Way::Threads(Arc::default());
    let Ok(kind) = stream.as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata()) else {
        return others();
    };
    let kind = kind.file_type();
    if kind.is_file() {
        Way::Direct
    } else if kind.is_socket() && cfg!(any(target_os = "linux", target_os = "android")) {
        Way::Socket
    } else if kind.is_fifo() || kind.is_char_device() {
        open_again(stream).map_or_else(others, Way::Own)
    } else {
        others()
    }
}

/// Opens what a descriptor stands for a second time, to write to it without blocking, where the
/// system can.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_again(stream: &impl AsFd) -> Option<OwnedFd> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{Mode, OFlags};

    let path = format!("/proc/self/fd/{}", stream.as_fd().as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_again(_: &impl AsFd) -> Option<OwnedFd> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn send(stream: &impl AsFd, buf: &[u8]) -> rustix::io::Result<usize> {
    use rustix::net::SendFlags;

    rustix::net::send(stream, buf, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn send(stream: &impl AsFd, buf: &[u8]) -> rustix::io::Result<usize> {
    rustix::io::write(stream, buf)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Writes from one green thread while another counts its turns, and gives the count.
    #[green(crate = crate)]
    fn turns_beside<S: AsFd + Send + Sync + 'static>(outlet: Outlet<S>) -> io::Result<usize> {
        let writer = crate::spawn(
            #[green]
            move || outlet.write(b"text"),
        );
        let mut turns = 0;
        while !writer.is_finished() {
            crate::sleep(std::time::Duration::ZERO);
            turns += 1;
        }
        assert_eq!(writer.wait()?, 4);
        Ok(turns)
    }

    #[green]
    #[test]
    fn each_kind_of_stream_has_its_way() {
        let (mut reader, writer) = io::pipe().unwrap();
        assert!(matches!(way(&writer), Way::Own(_)));
        assert_eq!(turns_beside(Outlet::new(writer)).unwrap(), 1);
        let mut text = String::new();
        Read::read_to_string(&mut reader, &mut text).unwrap();
        assert_eq!(text, "text");

        let (mut one, other) = UnixStream::pair().unwrap();
        assert!(matches!(way(&other), Way::Socket));
        assert_eq!(turns_beside(Outlet::new(other)).unwrap(), 1);
        text.clear();
        Read::read_to_string(&mut one, &mut text).unwrap();
        assert_eq!(text, "text");

        assert!(matches!(way(&File::open("/proc/self/exe").unwrap()), Way::Direct));
        let nowhere = File::options().write(true).open("/dev/null").unwrap();
        assert!(matches!(way(&nowhere), Way::Own(_)));
    }

    #[green]
    #[test]
    fn what_has_no_way_of_its_own_is_written_by_another_os_thread() {
        let (mut reader, writer) = io::pipe().unwrap();
        assert!(turns_beside(by_threads(writer)).unwrap() > 0);
        let mut text = String::new();
        Read::read_to_string(&mut reader, &mut text).unwrap();
        assert_eq!(text, "text");
    }

    #[green]
    #[test]
    fn a_pipe_that_nobody_reads_is_broken_whichever_way() {
        let broken = || {
            let (reader, writer) = io::pipe().unwrap();
            drop(reader);
            writer
        };
        for outlet in [Outlet::new(broken()), by_threads(broken())] {
            assert_eq!(outlet.write(b"text").unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
    }

    fn by_threads<S: AsFd + Send + Sync + 'static>(stream: S) -> Outlet<S> {
        let outlet = Outlet::new(stream);
        assert!(outlet.way.set(Way::Threads(Arc::default())).is_ok());
        outlet
    }
}
