//! Reading and writing that may suspend: std's `io` with green methods.
//!
//! [`Read`], [`Write`], [`BufRead`] and [`Seek`] have std's methods and std's rules. Their required
//! methods are green functions, so a type of one's own implements them in plain green code:
//!
//! ```
//! use eventlet::green;
//! use eventlet::green::io::{self, Read};
//!
//! /// Gives every byte of another reader in upper case.
//! struct Upper<R>(R);
//!
//! impl<R: Read> Read for Upper<R> {
//!     #[green]
//!     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
//!         let count = self.0.read(buf)?;
//!         buf[..count].make_ascii_uppercase();
//!         Ok(count)
//!     }
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let mut text = String::new();
//!     Upper("quiet".as_bytes()).read_to_string(&mut text)?;
//!     assert_eq!(text, "QUIET");
//!     Ok(())
//! }
//! ```
//!
//! Types of std that never block (`&[u8]`, [`Cursor`], `Vec<u8>`, [`empty`] and their kind)
//! implement them too, and do not suspend.
//!
//! In an ordinary function of a module that uses the green [`Write`], [`fmt_into`] formats into a
//! `Vec<u8>`.
//!
//! # Behind a `dyn`
//!
//! A trait with green methods cannot be made into an object. Each has a twin that can: [`DynRead`],
//! [`DynWrite`], [`DynBufRead`], [`DynSeek`], and [`DynStream`] for both directions. Every reader
//! is a `DynRead`, and `dyn DynRead` is a reader; a call through it costs one allocation.
//!
//! ```
//! use eventlet::green;
//! use eventlet::green::io::{self, DynRead, Read};
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let mut source: Box<dyn DynRead> = if true { Box::new("text".as_bytes()) } else { Box::new(io::empty()) };
//!     let mut text = String::new();
//!     source.read_to_string(&mut text)?;
//!     assert_eq!(text, "text");
//!     Ok(())
//! }
//! ```
//!
//! # For code that knows std's traits
//!
//! Somebody else's parser that reads from a `std::io::Read` cannot suspend. [`InPlace`] has std's
//! traits around a green stream; its reads and writes wait where they stand, and hold the hub for
//! as long.
//!
//! # What a kill or a timeout can lose
//!
//! One `read` or `write` loses nothing: either it happened or it did not. Methods that make several
//! of them (`read_exact`, `write_all`, [`copy`]) can be ended between two, and how much was done by
//! then is not told, as after an error of std's. `read_to_end` and `read_to_string` keep what they
//! have read in the caller's buffer; `read_until`, `read_line`, `lines` and `split` give it [back
//! to the reader](BufRead::put_back), for the next call.
//!
//! # Errors
//!
//! An error of the operating system's says what could not be done: "cannot read: Connection reset
//! by peer (os error 104)", "cannot connect to 127.0.0.1:1: Connection refused (os error 111)".
//! That holds for all of [`green`](mod@crate::green): sockets, pipes, files, processes. What it
//! tells a program is as in std, with one difference:
//!
//! * its [kind](Error::kind) is that of the operating system's error, so that a `match` on the kind
//!   needs no change;
//! * its number is read by [`raw_os_error`]. The method of that name, [`Error::raw_os_error`],
//!   gives `None`: std keeps either a number in an error or another error, and here it is another,
//!   a [`Refused`]. Code that is ported from std and compares numbers
//!   (`error.raw_os_error() == Some(libc::EMFILE)`) calls the function instead of the method.
//!   (Naming the operation was thought to be worth that: most programs ask for the kind, and every
//!   program shows its errors.)
//!
//! `WouldBlock` is not wrapped where it says that a call would have to wait: that is an answer and
//! no failure.
//!
//! ```
//! use eventlet::green;
//! use eventlet::green::io::{ErrorKind, raw_os_error};
//! use eventlet::green::net::TcpListener;
//!
//! #[green]
//! fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0")?;
//!     let taken = listener.local_addr()?;
//!     let error = TcpListener::bind(taken).unwrap_err();
//!     assert!(error.to_string().starts_with(&format!("cannot listen at {taken}: ")));
//!     assert_eq!(error.kind(), ErrorKind::AddrInUse);
//!     assert!(error.raw_os_error().is_none() && raw_os_error(&error).is_some());
//!     Ok(())
//! }
//! ```

pub use crate::hub::failed::{Refused, raw_os_error};

mod adaptors;
mod buf_read;
mod buf_reader;
mod buf_writer;
mod copy;
#[cfg(unix)]
#[macro_use]
mod descriptor;
mod erased;
mod fmt_into;
mod in_place;
mod line_writer;
#[cfg(unix)]
mod outlet;
mod partial;
#[cfg(unix)]
mod pipe;
mod read;
mod seek;
mod std_types;
#[cfg(unix)]
mod stdin;
#[cfg(unix)]
mod stdout;
mod write;

pub use std::io::{
    Cursor, Empty, Error, ErrorKind, IoSlice, IoSliceMut, IsTerminal, Repeat, Result, SeekFrom, Sink,
    WriterPanicked, empty, repeat, sink,
};

pub use adaptors::{Bytes, Chain, Take};
pub use buf_read::{BufRead, Lines, Split};
pub use buf_reader::BufReader;
pub use buf_writer::{BufWriter, IntoInnerError};
pub use copy::copy;
pub use erased::{DynBufRead, DynRead, DynSeek, DynStream, DynWrite};
pub use fmt_into::fmt_into;
pub use in_place::InPlace;
pub use line_writer::LineWriter;
#[cfg(unix)]
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use read::{Read, read_to_string};
pub use seek::Seek;
#[cfg(unix)]
pub use stdin::{Stdin, StdinLock, stdin};
#[cfg(unix)]
pub use stdout::{Stderr, StderrLock, Stdout, StdoutLock, stderr, stdout};
pub use write::Write;

#[cfg(unix)]
pub(in crate::green) use descriptor::Descriptor;

/// The traits, for `use eventlet::green::io::prelude::*`.
pub mod prelude {
    pub use super::{BufRead, Read, Seek, Write};
}

/// The size of a buffer that nobody has chosen, as in std.
const DEFAULT_SIZE: usize = 8 * 1024;
