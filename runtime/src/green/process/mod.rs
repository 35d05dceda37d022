//! Child processes: std's `process`, whose waits suspend.
//!
//! [`Command`] and [`Child`] have std's methods. Waiting for a process takes no OS thread and no
//! asking again and again on Linux: the hub watches a descriptor of the process. Elsewhere one
//! small OS thread per process that is waited for does so. No signal is used, so that handlers of
//! `SIGCHLD` are left alone, and no child but the one that is waited for is ever reaped.
//!
//! ```
//! use eventlet::green;
//! use eventlet::green::process::Command;
//!
//! #[green]
//! fn main() -> std::io::Result<()> {
//!     let output = Command::new("echo").arg("hello").output()?; // suspends this green thread, blocks nobody
//!     assert!(output.status.success());
//!     assert_eq!(output.stdout, b"hello\n");
//!     Ok(())
//! }
//! ```
//!
//! eventlet's `green.subprocess` and gevent's `subprocess`:
//!
//! | in Python | here |
//! |---|---|
//! | `Popen(…)` | [`Command::spawn`] |
//! | `call`, `check_call` | [`Command::status`] |
//! | `check_output`, `run` | [`Command::output`] |
//! | `popen.wait(timeout)`, `os.waitpid` | [`Child::wait_timeout`], [`Child::wait`] |
//! | `popen.poll`, `os.waitpid(…, WNOHANG)` | [`Child::try_wait`] |
//! | `os.killpg` | [`kill_group`], [`Child::send_signal_to_group`] |
//! | `os.execv…` | [`Command::exec`] |
//! | `popen.communicate(input, timeout)` | [`Child::communicate`] in [`with_timeout`](crate::with_timeout) |
//!
//! # A child that is let go
//!
//! Dropping a [`Child`] neither kills nor reaps it, as in std: it runs on, and when it has ended it
//! stays in the table of processes until this process ends, too. So does the child of a `status` or
//! `output` that a kill or timeout ended. To be sure of it [`spawn`](Command::spawn) it, and
//! [`kill`](Child::kill) and [`wait`](Child::wait) in the end.

mod child;
mod command;
mod communicate;
mod exit;
mod pipes;

pub use std::process::{ExitCode, ExitStatus, Output, Stdio, Termination, abort, exit, id};

pub use child::{Child, kill_group};
pub use command::Command;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
