//! A descriptor that the hub knows, with the operating system's reads and writes: what every end of a pipe is.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

use crate::call::Green;
use crate::hub::sources::{Done, Reads, Source, Way, Writes};

/// A descriptor that does not block, whatever it stands for.
///
/// A terminal gives a line at a time and may have more, so that a short count says nothing here: the hub learns from
/// `WouldBlock` alone that there is nothing left.
pub(in crate::green) struct Descriptor {
    source: Source<OwnedFd>,
    /// It is known to the hub of this OS thread.
    _stays: PhantomData<*const ()>,
}

/// More buffers than this at once are an error of the operating system's; std leaves the others for the next call.
const MOST_BUFFERS: usize = 1024;

impl Descriptor {
    /// # Errors
    ///
    /// Whatever the operating system says when it is told not to block.
    pub(in crate::green) fn new(fd: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Descriptor { source: Source::new(fd), _stays: PhantomData })
    }

    pub(in crate::green) fn fd(&self) -> &OwnedFd {
        self.source.io()
    }

    /// Gives the descriptor back, which blocks again; the hub forgets it.
    pub(in crate::green) fn into_blocking(self) -> io::Result<OwnedFd> {
        let fd = self.source.into_inner();
        rustix::io::ioctl_fionbio(&fd, false)?;
        Ok(fd)
    }

    /// Another descriptor of the same thing.
    pub(in crate::green) fn try_clone(&self) -> io::Result<Self> {
        Descriptor::new(self.fd().try_clone()?)
    }

    pub(in crate::green) fn read(&self, buf: &mut [u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Reads, move |fd| rustix::io::read(fd, &mut *buf))
    }

    pub(in crate::green) fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let count = bufs.len().min(MOST_BUFFERS);
        self.when_ready(Reads, move |fd| rustix::io::readv(fd, &mut bufs[..count]))
    }

    pub(in crate::green) fn write(&self, buf: &[u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Writes, move |fd| rustix::io::write(fd, buf))
    }

    pub(in crate::green) fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let count = bufs.len().min(MOST_BUFFERS);
        self.when_ready(Writes, move |fd| rustix::io::writev(fd, &bufs[..count]))
    }

    fn when_ready<F>(&self, way: impl Way, mut operation: F) -> Green<impl Future<Output = io::Result<usize>>>
    where
        F: FnMut(&OwnedFd) -> rustix::io::Result<usize>,
    {
        let operation = move |fd: &OwnedFd| Ok(Done::new(operation(fd)?));
        Green::new(self.source.when_ready(way, operation))
    }
}

/// What the ends of pipes have in common: each is a type with a field `descriptor`, and is std's type of that name.
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
            /// Takes std's. From now on it does not block, nor does any other descriptor that was made of it with
            /// `try_clone`.
            ///
            /// # Errors
            ///
            /// Whatever the operating system says when it is told not to block.
            pub fn from_std(end: $std) -> std::io::Result<$type> {
                $type::try_from(std::os::fd::OwnedFd::from(end))
            }

            /// Gives std's back, which blocks, for another OS thread perhaps.
            ///
            /// # Errors
            ///
            /// Whatever the operating system says when it is told to block.
            pub fn into_std(self) -> std::io::Result<$std> {
                Ok(self.descriptor.into_blocking()?.into())
            }
        }

        /// Takes whatever can be read or written and waited for: a named pipe, a terminal, a device. From now on it
        /// does not block. (A regular file is always ready, and blocks the hub, as in eventlet.)
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
