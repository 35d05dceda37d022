//! The standard input of this process.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IsTerminal};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::Rc;

use super::{BufRead, BufReader, IoSliceMut, Lines, Read};
use crate::green;
use crate::hub::current;
use crate::hub::failed::cannot;
use crate::hub::suspend::until;
use crate::hubs::{Interest, trampoline};
use crate::semaphore::permits::Permits;

/// The standard input of this process: std's `stdin`, with reads that suspend. Does not suspend.
///
/// Other processes may share it, so its mode is left as it is: the hub waits until there is
/// something to read. If one of those takes that away in the same moment, the read waits again in
/// the non-blocking mode, and in the blocking mode it blocks until there is more. A regular file is
/// always ready, and its reads block for as long as the disk takes.
///
/// As in std there is one buffer, which all handles share, and one of the green threads at a time
/// reads: others wait in line. The buffer is that of this OS thread's hub; what it holds is not
/// seen by another one, nor by std's.
///
/// # Examples
///
/// ```no_run
/// use eventlet::green;
/// use eventlet::green::io::stdin;
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let mut name = String::new();
///     stdin().read_line(&mut name)?;
///     for line in stdin().lines() {
///         println!("{}: {}", name.trim(), line?);
///     }
///     Ok(())
/// }
/// ```
///
/// `sys.stdin` through eventlet's `tpool` or gevent's `FileObject`.
pub fn stdin() -> Stdin {
    let shared = current::with(|hub| hub.extensions.get::<Shared>());
    Stdin { shared, stdin: io::stdin() }
}

/// The standard input of this process. [`stdin`] makes one.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing: what was read is in the buffer for the next call, the beginning
/// of a line included.
pub struct Stdin {
    shared: Rc<Shared>,
    stdin: io::Stdin,
}

/// What the handles of a hub share.
struct Shared {
    line: Permits,
    /// Taken by whoever has the permit.
    reader: RefCell<Option<BufReader<Raw>>>,
}

impl Default for Shared {
    fn default() -> Self {
        let reader = BufReader::new(Raw(io::stdin()));
        Shared { line: Permits::new(1), reader: RefCell::new(Some(reader)) }
    }
}

impl Stdin {
    /// Takes the standard input for this green thread alone, until what this gives is dropped.
    /// Suspends while another one has it.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets it.
    #[green(crate = crate)]
    pub fn lock(&self) -> StdinLock<'static> {
        until(self.shared.line.acquire("the standard input")).await;
        let reader = self.shared.reader.borrow_mut().take();
        StdinLock { shared: self.shared.clone(), reader, _std: PhantomData }
    }

    /// Appends a line, its `\n` included, and says how many bytes; none at the end. Suspends until
    /// then.
    ///
    /// # Errors
    ///
    /// As [`BufRead::read_line`].
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next call gives the whole line.
    #[green(crate = crate)]
    pub fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        let mut lock = self.lock();
        lock.read_line(buf)
    }

    /// The lines, without their ends. It has the standard input [to itself](Self::lock) until it is
    /// dropped; suspends until it has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets it.
    #[green(crate = crate)]
    pub fn lines(self) -> Lines<StdinLock<'static>> {
        self.lock().lines()
    }

    /// Is somebody typing there? Does not suspend.
    pub fn is_terminal(&self) -> bool {
        self.stdin.is_terminal()
    }
}

macro_rules! reads_locked {
    ($($type:ty),*) => {$(
        impl Read for $type {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let mut lock = self.lock();
                lock.read(buf)
            }

            #[green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let mut lock = self.lock();
                lock.read_vectored(bufs)
            }
        }
    )*};
}

reads_locked!(Stdin, &Stdin);

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.stdin.as_raw_fd()
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

/// The standard input, which nobody else in this hub reads meanwhile: [`Stdin::lock`] gives it.
/// (The lifetime is for std's interface.)
pub struct StdinLock<'a> {
    shared: Rc<Shared>,
    /// There until the lock is dropped.
    reader: Option<BufReader<Raw>>,
    _std: PhantomData<&'a ()>,
}

impl StdinLock<'_> {
    fn reader(&mut self) -> &mut BufReader<Raw> {
        self.reader.as_mut().expect("who has the permit has the reader")
    }
}

impl Read for StdinLock<'_> {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader().read(buf)
    }

    #[green(crate = crate)]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.reader().read_vectored(bufs)
    }
}

impl BufRead for StdinLock<'_> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader().fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader().consume(amount);
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        self.reader().put_back(bytes)
    }
}

impl Drop for StdinLock<'_> {
    fn drop(&mut self) {
        *self.shared.reader.borrow_mut() = self.reader.take();
        self.shared.line.give_back();
    }
}

impl fmt::Debug for StdinLock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdinLock").finish_non_exhaustive()
    }
}

/// Without a buffer.
struct Raw(io::Stdin);

impl Read for Raw {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            trampoline(&self.0, Interest::READ, None)?;
            match rustix::io::read(&self.0, &mut *buf) {
                // Somebody who shares it made it non-blocking, and somebody else was faster.
                Err(rustix::io::Errno::AGAIN) => {}
                result => return result.map_err(|error| cannot(|| "read")(error.into())),
            }
        }
    }
}
