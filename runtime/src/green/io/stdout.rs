//! The standard output and the standard error of this process.

use std::fmt;
use std::io::{self, IsTerminal};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::Rc;

use super::outlet::Outlet;
use super::{IoSlice, Write};
use crate::green;
use crate::hub::current;
use crate::hub::suspend::until;
use crate::semaphore::permits::Permits;

macro_rules! standard_stream {
    ($(#[doc = $of_function:literal])* $function:ident,
     $(#[doc = $of_type:literal])* $type:ident, $lock:ident, $shared:ident, $std:ident, $what:literal) => {
        $(#[doc = $of_function])*
        pub fn $function() -> $type {
            $type { shared: current::with(|hub| hub.extensions.get::<$shared>()), std: io::$function() }
        }

        $(#[doc = $of_type])*
        pub struct $type {
            shared: Rc<$shared>,
            std: io::$std,
        }

        /// What the handles of a hub share.
        struct $shared {
            line: Permits,
            outlet: Outlet<io::$std>,
        }

        impl Default for $shared {
            fn default() -> Self {
                $shared { line: Permits::new(1), outlet: Outlet::new(io::$function()) }
            }
        }

        impl $type {
            /// Takes it for this green thread alone, until what this gives is dropped. Suspends
            /// while another one has it.
            ///
            /// # Cancel safety
            ///
            /// A kill or timeout here loses nothing: the next in line gets it.
            #[green(crate = crate)]
            pub fn lock(&self) -> $lock<'static> {
                until(self.shared.line.acquire($what)).await;
                $lock { shared: self.shared.clone(), _std: PhantomData }
            }

            /// Is it a terminal? Does not suspend.
            pub fn is_terminal(&self) -> bool {
                self.std.is_terminal()
            }
        }

        standard_stream!(writes $type);
        standard_stream!(writes &$type);

        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        /// For a child process to have.
        impl From<$type> for std::process::Stdio {
            fn from(stream: $type) -> std::process::Stdio {
                stream.std.into()
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }

        /// The stream, to which nobody else in this hub writes meanwhile: `lock` gives it. (The
        /// lifetime is for std's interface.)
        pub struct $lock<'a> {
            shared: Rc<$shared>,
            _std: PhantomData<&'a ()>,
        }

        impl Write for $lock<'_> {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.shared.outlet.write(buf)
            }

            /// There is no buffer here: nothing happens.
            #[green(crate = crate)]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Drop for $lock<'_> {
            fn drop(&mut self) {
                self.shared.line.give_back();
            }
        }

        impl fmt::Debug for $lock<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($lock)).finish_non_exhaustive()
            }
        }
    };
    (writes $type:ty) => {
        impl Write for $type {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                let mut lock = self.lock();
                lock.write(buf)
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let mut lock = self.lock();
                lock.write_vectored(bufs)
            }

            #[green(crate = crate)]
            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                let mut lock = self.lock();
                lock.write_all(buf)
            }

            /// There is no buffer here: nothing happens.
            #[green(crate = crate)]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}

standard_stream!(
    /// The standard output of this process: std's `stdout`, with writes that suspend. Does not
    /// suspend.
    ///
    /// A slow reader of it (a pipe that is full, a terminal that is stopped) holds up whoever
    /// writes, and no other green thread; `println!` would hold up the hub. One green thread at a
    /// time writes, in the order in which they came, so that the text of a `write!` or `write_all`
    /// stays in one piece.
    ///
    /// Other processes may share it, so it is left in the blocking mode. On Linux the hub opens a
    /// pipe or a terminal a second time for itself; a socket is told with each write not to block;
    /// a regular file is written as std does, for as long as the disk takes; anything else is
    /// written by another OS thread. (Which of these it is, the first write of an OS thread finds
    /// out.)
    ///
    /// There is no buffer: put a [`LineWriter`](super::LineWriter) or
    /// [`BufWriter`](super::BufWriter) around it, and [`flush`](Write::flush) that. What `print!`
    /// has not handed on yet, a line without its end, comes later than what is written here.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::io::{Write, stdout};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     writeln!(stdout(), "one line")?;
    ///     let mut out = stdout().lock();
    ///     out.write_all(b"two lines, ")?;
    ///     out.write_all(b"and nothing of anybody else's between them\n")
    /// }
    /// ```
    ///
    /// `sys.stdout` through eventlet's `tpool` or gevent's `FileObject`.
    stdout,
    /// The standard output of this process. [`stdout`] makes one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout in a `write` loses nothing, except where another OS thread writes: there
    /// it may happen nevertheless. How much of a `write_all` was written by then is not told.
    Stdout, StdoutLock, SharedStdout, Stdout, "the standard output"
);

standard_stream!(
    /// The standard error of this process: std's `stderr`, with writes that suspend. Does not
    /// suspend.
    ///
    /// All that [`stdout`] says holds here. (`eprintln!` has no buffer either, so that its text
    /// stays in order with what is written here.)
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::io::{Write, stderr};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     writeln!(stderr(), "a line in the log")
    /// }
    /// ```
    stderr,
    /// The standard error of this process. [`stderr`] makes one.
    ///
    /// # Cancel safety
    ///
    /// As with [`Stdout`].
    Stderr, StderrLock, SharedStderr, Stderr, "the standard error"
);
