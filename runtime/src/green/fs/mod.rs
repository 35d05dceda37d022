//! Files and folders: std's `fs`, with calls that suspend the green thread instead of blocking the
//! OS thread.
//!
//! No operating system tells when a file on a disk is ready, so that the calls are made on other OS
//! threads, those of [`tpool::execute`](crate::tpool::execute): each is a trip there and back. Put
//! a [`BufReader`](super::io::BufReader) or [`BufWriter`](super::io::BufWriter) around a [`File`]
//! for small pieces. Functions that std has deprecated are left out; all others are here, with
//! std's errors, which say besides what could not be done, and with which file: "cannot open
//! \"/no/such/file\": No such file or directory (os error 2)". (See [`io`](super::io#errors) for
//! what that means for their numbers.)
//!
//! ```
//! use eventlet::green;
//! use eventlet::green::{fs, io};
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let path = std::env::temp_dir().join(format!("eventlet-doc-{}", std::process::id()));
//!     fs::write(&path, "some text")?;
//!     assert_eq!(fs::read_to_string(&path)?, "some text");
//!     fs::remove_file(&path)
//! }
//! ```
//!
//! # What a kill or a timeout can lose
//!
//! A call that has not begun is not made. One that has begun goes on to its end on the other OS
//! thread, and nobody is told: a file may be written, renamed or removed after the caller was let
//! go, and a file that was opened is closed again. What goes to or comes from a [`File`] says more.
//!
//! gevent's `FileObjectThread`; eventlet leaves files to block the hub.

mod about;
mod dir;
mod file;
mod functions;
#[cfg(all(unix, not(target_os = "solaris")))]
mod lock;
mod open_options;

pub(in crate::green) use about::about;
pub use std::fs::{FileTimes, FileType, Metadata, Permissions};

pub use dir::{DirBuilder, DirEntry, ReadDir, read_dir};
pub use file::File;
pub use functions::{
    canonicalize, copy, create_dir, create_dir_all, exists, hard_link, metadata, read, read_link,
    read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions, symlink_metadata,
    write,
};
#[cfg(all(unix, not(target_os = "solaris")))]
pub use lock::TryLockError;
pub use open_options::OpenOptions;
