//! A descriptor that the hub knows, with the operating system's reads and writes: what every end of
//! a pipe is.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::marker::PhantomData;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::OFlags;

use crate::call::Green;
use crate::green;
use crate::hub::failed::cannot;
use crate::hub::sources::{Done, Reads, Source, Way, Writes};

/// A descriptor that does not block, whatever it stands for.
///
/// A terminal gives a line at a time and may have more, so that a short count says nothing here:
/// the hub learns from `WouldBlock` alone that there is nothing left.
///
/// Whether it blocks belongs to the open file description, which others may share: other
/// descriptors here, a child, whoever handed it over. A pipe is therefore opened anew, so that its
/// mode is ours alone. What cannot be opened anew is told not to block before each operation, and
/// put back as it was in the end.
pub(in crate::green) struct Descriptor {
    source: Source<Mode>,
    /// It is known to the hub of this OS thread.
    _stays: PhantomData<*const ()>,
}

/// More buffers than this at once are an error of the operating system's; std leaves the others for
/// the next call.
const MOST_BUFFERS: usize = 1024;
const KEEP_FROM_BLOCKING: &str = "keep the descriptor from blocking";

impl Descriptor {
    /// Takes a descriptor that others may share.
    ///
    /// # Errors
    ///
    /// The operating system's, of making it non-blocking.
    pub(in crate::green) fn new(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self::of(Mode::taken(fd).map_err(cannot(|| KEEP_FROM_BLOCKING))?))
    }

    /// Takes a descriptor that nobody shares.
    ///
    /// # Errors
    ///
    /// The operating system's, of making it non-blocking.
    pub(in crate::green) fn unshared(fd: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true).map_err(|error| cannot(|| KEEP_FROM_BLOCKING)(error.into()))?;
        Ok(Self::of(Mode { fd: Some(fd), shared: false, puts_back: false }))
    }

    fn of(mode: Mode) -> Self {
        Descriptor { source: Source::new(mode), _stays: PhantomData }
    }

    pub(in crate::green) fn fd(&self) -> &OwnedFd {
        self.source.io().fd()
    }

    /// Gives the descriptor back, which blocks again; the hub forgets it.
    pub(in crate::green) fn into_blocking(self) -> io::Result<OwnedFd> {
        let fd = self.source.into_inner().into_fd();
        rustix::io::ioctl_fionbio(&fd, false)
            .map_err(|error| cannot(|| "let the descriptor block")(error.into()))?;
        Ok(fd)
    }

    /// Another descriptor of the same thing.
    pub(in crate::green) fn try_clone(&self) -> io::Result<Self> {
        let mode = self.source.io();
        let fd = mode.fd().try_clone().map_err(cannot(|| "duplicate the descriptor"))?;
        let mut other = Mode::taken(fd).map_err(cannot(|| KEEP_FROM_BLOCKING))?;
        other.puts_back |= other.shared && mode.puts_back;
        Ok(Self::of(other))
    }

    #[green(by_hand = "it hands another call on")]
    pub(in crate::green) fn read(&self, buf: &mut [u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Reads, move |fd| rustix::io::read(fd, &mut *buf))
    }

    #[green(by_hand = "it hands another call on")]
    pub(in crate::green) fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let count = bufs.len().min(MOST_BUFFERS);
        self.when_ready(Reads, move |fd| rustix::io::readv(fd, &mut bufs[..count]))
    }

    #[green(by_hand = "it hands another call on")]
    pub(in crate::green) fn write(&self, buf: &[u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Writes, move |fd| rustix::io::write(fd, buf))
    }

    #[green(by_hand = "it hands another call on")]
    pub(in crate::green) fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let count = bufs.len().min(MOST_BUFFERS);
        self.when_ready(Writes, move |fd| rustix::io::writev(fd, &bufs[..count]))
    }

    #[green(by_hand = "a wait, and little else")]
    fn when_ready<F>(&self, way: impl Way, mut operation: F) -> Green<impl Future<Output = io::Result<usize>>>
    where
        F: FnMut(&OwnedFd) -> rustix::io::Result<usize>,
    {
        let operation = move |mode: &Mode| {
            if mode.shared {
                // Somebody else may have let it block meanwhile, and then the hub would stop.
                rustix::io::ioctl_fionbio(mode.fd(), true)?;
            }
            Ok(Done::new(operation(mode.fd())?))
        };
        Green::new(self.source.when_ready(way, operation))
    }
}

/// A descriptor that does not block, and who else may see that.
struct Mode {
    /// `None` only on the way out, in `into_fd`.
    fd: Option<OwnedFd>,
    /// Others may share its description.
    shared: bool,
    /// It did block when it came, and does so again when it goes.
    puts_back: bool,
}

impl Mode {
    fn taken(mut fd: OwnedFd) -> io::Result<Self> {
        if open_anew(&mut fd) {
            return Ok(Mode { fd: Some(fd), shared: false, puts_back: false });
        }
        let puts_back = !rustix::fs::fcntl_getfl(&fd)?.contains(OFlags::NONBLOCK);
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Mode { fd: Some(fd), shared: true, puts_back })
    }

    fn fd(&self) -> &OwnedFd {
        self.fd.as_ref().expect("the descriptor is taken only when this is consumed")
    }

    fn into_fd(mut self) -> OwnedFd {
        self.fd.take().expect("the descriptor is taken only when this is consumed")
    }
}

impl AsFd for Mode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd().as_fd()
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        if let Some(fd) = self.fd.as_ref().filter(|_| self.puts_back) {
            // It could be told not to block, so that it can be told to.
            let _ = rustix::io::ioctl_fionbio(fd, false);
        }
    }
}

/// Gives a pipe's descriptor a description of its own, which does not block, under its number.
/// `false` says that the descriptor is as it was: it is no pipe, or `/proc` is not there, or may
/// not be asked. (A terminal's other end would be another terminal, and a socket cannot be opened.)
#[cfg(target_os = "linux")]
fn open_anew(fd: &mut OwnedFd) -> bool {
    use rustix::fs::{FileType, Mode as Permissions, fcntl_getfl, fstat, open};

    let mut try_it = || {
        if FileType::from_raw_mode(fstat(&*fd)?.st_mode) != FileType::Fifo {
            return Ok::<_, rustix::io::Errno>(false);
        }
        let kept = fcntl_getfl(&*fd)? & (OFlags::ACCMODE | OFlags::DIRECT | OFlags::APPEND);
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let anew = open(path, kept | OFlags::NONBLOCK | OFlags::CLOEXEC, Permissions::empty())?;
        rustix::io::dup3(&anew, fd, rustix::io::DupFlags::CLOEXEC)?;
        Ok(true)
    };
    try_it().unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
fn open_anew(_: &mut OwnedFd) -> bool {
    false
}

/// What the ends of pipes have in common: each is a type with a field `descriptor`, and is std's
/// type of that name.
macro_rules! end_of_pipe {
    ($type:ident, $std:ty, reads) => {
        end_of_pipe!(common $type, $std);
        end_of_pipe!(read $type);
        end_of_pipe!(read &$type);
    };
    ($type:ident, $std:ty, writes) => {
        end_of_pipe!(common $type, $std);
        end_of_pipe!(write $type);
        end_of_pipe!(write &$type);
    };
    (common $type:ident, $std:ty) => {
        impl $type {
            /// Takes std's. Other descriptors of it, made with `try_clone` or in another process,
            /// stay as they are: on Linux the pipe is opened anew, under the same number; elsewhere
            /// they do not block as long as this lives.
            ///
            /// # Errors
            ///
            /// The operating system's, of making it non-blocking.
            pub fn from_std(end: $std) -> std::io::Result<$type> {
                $type::try_from(std::os::fd::OwnedFd::from(end))
            }

            /// Gives std's back, which blocks, for another OS thread perhaps.
            ///
            /// # Errors
            ///
            /// The operating system's, of making it blocking.
            pub fn into_std(self) -> std::io::Result<$std> {
                Ok(self.descriptor.into_blocking()?.into())
            }
        }

        /// Takes whatever can be read or written and waited for: a named pipe, a terminal, a
        /// device. If others share what is no pipe (another process the terminal), it does not
        /// block for them either as long as this lives; in the end it is put back as it was. (A
        /// regular file is always ready, and blocks the hub, as in eventlet.)
        impl TryFrom<std::os::fd::OwnedFd> for $type {
            type Error = std::io::Error;

            fn try_from(fd: std::os::fd::OwnedFd) -> std::io::Result<$type> {
                Ok($type { descriptor: $crate::green::io::Descriptor::new(fd)? })
            }
        }

        impl TryFrom<$type> for std::os::fd::OwnedFd {
            type Error = std::io::Error;

            fn try_from(end: $type) -> std::io::Result<std::os::fd::OwnedFd> {
                end.descriptor.into_blocking()
            }
        }

        raw_descriptor!(
            $type,
            |fd| Self::try_from(fd).expect("what is open can be told not to block"),
            |end| std::os::fd::OwnedFd::try_from(end).expect("what was told not to block can be told to")
        );

        /// For a child process to have; it blocks again.
        ///
        /// # Panics
        ///
        /// If the operating system refuses to let it block, which it does not for pipes.
        impl From<$type> for std::process::Stdio {
            fn from(end: $type) -> std::process::Stdio {
                end.descriptor.into_blocking().expect("what was told not to block can be told to").into()
            }
        }

        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.descriptor.fd().as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.descriptor.fd().as_raw_fd()
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type)).field(self.descriptor.fd()).finish()
            }
        }
    };
    (read $type:ty) => {
        impl $crate::green::io::Read for $type {
            #[$crate::green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.descriptor.read(buf)
            }

            #[$crate::green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                self.descriptor.read_vectored(bufs)
            }
        }
    };
    (write $type:ty) => {
        impl $crate::green::io::Write for $type {
            #[$crate::green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                self.descriptor.write(buf)
            }

            #[$crate::green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                self.descriptor.write_vectored(bufs)
            }

            /// There is no buffer here: nothing happens.
            #[$crate::green(crate = crate)]
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}
