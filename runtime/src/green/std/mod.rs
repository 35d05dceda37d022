//! All of std, in which what blocks has a green twin by the same name.
//!
//! `use eventlet::green::std;` at the head of a module, and its `std::net::TcpStream`,
//! `std::sync::Mutex` and `std::thread::spawn` are the green ones; whatever never blocks is std's
//! own, the same type: `io::Error`, `Duration`, `SocketAddr`, `Arc`, all macros but
//! `thread_local!`.
//!
//! ```
//! use eventlet::green::std;
//! use std::io::{self, Read, Write};
//! use std::net::{TcpListener, TcpStream};
//! use std::sync::{Arc, Mutex};
//! use std::thread;
//!
//! #[eventlet::green]
//! fn serve(listener: TcpListener, served: Arc<Mutex<u32>>) -> io::Result<()> {
//!     let (mut client, _) = listener.accept()?; // suspends this green thread, blocks nobody
//!     client.write_all(b"hello")?;
//!     *served.lock().unwrap() += 1;
//!     Ok(())
//! }
//!
//! #[eventlet::green]
//! fn main() -> io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0")?;
//!     let address = listener.local_addr()?;
//!     let served = Arc::new(Mutex::new(0));
//!     let server = thread::spawn({
//!         let served = served.clone();
//!         move || serve(listener, served)
//!     });
//!     let mut text = String::new();
//!     TcpStream::connect(address)?.read_to_string(&mut text)?;
//!     server.join().unwrap()?;
//!     assert_eq!((text.as_str(), *served.lock().unwrap()), ("hello", 1));
//!     Ok(())
//! }
//! ```
//!
//! It redirects the module that it stands in, and no module inside that one. A whole crate is
//! redirected by the crate `eventlet-std`, whose root this is, in one line at the head of its root:
//! `extern crate eventlet_std as std;`.
//!
//! The page `docs/std.md` of the book lists what of std may block, with its twin or the reason why
//! it has none. The most frequent of the latter: a `println!` writes where it stands, since
//! what a macro writes is no call of the body (`writeln!(io::stdout(), …)` suspends); the methods
//! of `Path` that ask the file system are methods of std's type (`fs::metadata(path)` suspends).

// What is shadowed is shadowed by name: of two globs neither would win. A module that has a twin
// anywhere below it is written out.
pub use ::std::*;

#[doc(inline)]
pub use crate::__green_thread_local as thread_local;

/// std's `fs`: files and folders, on other OS threads.
pub mod fs {
    pub use ::std::fs::*;

    #[cfg(all(unix, not(target_os = "solaris")))]
    pub use crate::green::fs::TryLockError;
    pub use crate::green::fs::{
        DirBuilder, DirEntry, File, OpenOptions, ReadDir, canonicalize, copy, create_dir, create_dir_all,
        exists, hard_link, metadata, read, read_dir, read_link, read_to_string, remove_dir, remove_dir_all,
        remove_file, rename, set_permissions, symlink_metadata, write,
    };
}

/// std's `io`, whose traits have green methods.
pub mod io {
    pub use ::std::io::*;

    pub use crate::green::io::{
        BufRead, BufReader, BufWriter, Bytes, Chain, IntoInnerError, LineWriter, Lines, Read, Seek, Split,
        Take, Write, copy, read_to_string,
    };
    #[cfg(unix)]
    pub use crate::green::io::{
        PipeReader, PipeWriter, Stderr, StderrLock, Stdin, StdinLock, Stdout, StdoutLock, pipe, stderr,
        stdin, stdout,
    };

    /// The traits.
    pub mod prelude {
        pub use crate::green::io::prelude::{BufRead, Read, Seek, Write};
    }
}

/// std's `net`: sockets, and names that are looked up without holding the hub.
pub mod net {
    pub use ::std::net::*;

    pub use crate::green::net::{Incoming, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
}

/// std's `os`.
pub mod os {
    pub use ::std::os::*;

    /// std's `os::unix`.
    #[cfg(unix)]
    pub mod unix {
        pub use ::std::os::unix::*;

        /// std's `os::unix::fs`. What its traits add to files and options is methods of the green
        /// types.
        pub mod fs {
            pub use ::std::os::unix::fs::*;

            pub use crate::green::os::unix::fs::{chown, fchown, lchown, symlink};
        }

        /// std's `os::unix::net`: Unix sockets.
        pub mod net {
            pub use ::std::os::unix::net::*;

            pub use crate::green::os::unix::net::{Incoming, UnixDatagram, UnixListener, UnixStream};
        }
    }
}

/// std's `process`: children that are waited for without holding the hub.
#[cfg(unix)]
pub mod process {
    pub use ::std::process::*;

    pub use crate::green::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
}

/// std's `sync`, for green threads and for every OS thread.
pub mod sync {
    pub use ::std::sync::*;

    pub use crate::green::sync::{
        Barrier, BarrierWaitResult, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, OnceState, RwLock,
        RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
    };

    /// std's `sync::mpsc`: channels.
    pub mod mpsc {
        pub use ::std::sync::mpsc::*;

        pub use crate::green::sync::mpsc::{
            IntoIter, Iter, Receiver, Sender, SyncSender, TryIter, channel, sync_channel,
        };
    }
}

/// std's `thread`: green threads of this OS thread's hub.
pub mod thread {
    pub use ::std::thread::*;

    pub use crate::green::thread::{
        Builder, JoinHandle, LocalKey, Scope, ScopedJoinHandle, Thread, current, park, park_timeout, scope,
        sleep, spawn, yield_now,
    };
}
