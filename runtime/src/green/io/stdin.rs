//! The standard input of this process.

use std::io::{self, IsTerminal};
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};

use super::Read;
use crate::green;
use crate::hubs::{Interest, trampoline};

/// The standard input of this process: std's `stdin`, with reads that suspend. Does not suspend.
///
/// Other processes may share it, so it is left in the blocking mode: the hub waits until there is something to read.
/// If one of those takes that away in the same moment, the read blocks until there is more. A regular file is always
/// ready, and its reads block for as long as the disk takes.
///
/// It has no buffer. Put a [`BufReader`](super::BufReader) around it to read lines, and keep that: what it holds is not
/// seen by another one, nor by std's.
///
/// # Examples
///
/// ```no_run
/// use eventlet::green;
/// use eventlet::green::io::{BufRead, BufReader, stdin};
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let mut input = BufReader::new(stdin());
///     let mut line = String::new();
///     while input.read_line(&mut line)? > 0 {
///         println!("{}", line.trim());
///         line.clear();
///     }
///     Ok(())
/// }
/// ```
///
/// `sys.stdin` through eventlet's `tpool` or gevent's `FileObject`.
pub fn stdin() -> Stdin {
    Stdin { stdin: io::stdin(), _stays: PhantomData }
}

/// The standard input of this process. [`stdin`] makes one.
///
/// A read suspends until there is something to read, or the end; a kill or timeout there loses nothing. One green
/// thread may read it at a time: a second gets the error `ResourceBusy`.
#[derive(Debug)]
pub struct Stdin {
    stdin: io::Stdin,
    /// It is waited for by the hub of this OS thread.
    _stays: PhantomData<*const ()>,
}

impl Read for Stdin {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        trampoline(&self.stdin, Interest::READ, None)?;
        Ok(rustix::io::read(&self.stdin, buf)?)
    }
}

impl Stdin {
    /// Is somebody typing there? Does not suspend.
    pub fn is_terminal(&self) -> bool {
        self.stdin.is_terminal()
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }
}
