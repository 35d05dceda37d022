//! A process that was started.

use std::io;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::process::{self, ExitStatus, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::communicate::Talk;
use super::{ChildStderr, ChildStdin, ChildStdout, exit};
use crate::green;
use crate::green::os::unix::net::Pauses;
use crate::hub::failed::{cannot, cannot_now};
use crate::hub::sources::{Direction, Done, Reads, Source};
use crate::timeout::with_timeout;

/// A child process: std's `Child`, with waits that suspend.
/// [`Command::spawn`](super::Command::spawn) makes one.
///
/// Dropping it neither kills nor reaps the process, as in std: see [the module](super).
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::io::{BufRead, BufReader, Write};
/// use eventlet::green::process::{Command, Stdio};
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
///     let mut input = child.stdin.take().unwrap();
///     let mut answers = BufReader::new(child.stdout.take().unwrap());
///
///     input.write_all(b"one\n")?;
///     let mut line = String::new();
///     answers.read_line(&mut line)?;
///     assert_eq!(line, "one\n");
///
///     drop(input); // `cat` reads the end
///     assert!(child.wait()?.success());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Child {
    /// Writes to its standard input, if that is [`Stdio::piped`](super::Stdio::piped).
    pub stdin: Option<ChildStdin>,
    /// Reads its standard output, if that is [`Stdio::piped`](super::Stdio::piped).
    pub stdout: Option<ChildStdout>,
    /// Reads its standard error, if that is [`Stdio::piped`](super::Stdio::piped).
    pub stderr: Option<ChildStderr>,
    process: process::Child,
    ending: Ending,
    pub(super) talk: Talk,
}

impl Child {
    /// Takes a child of std's, with its pipes.
    ///
    /// # Errors
    ///
    /// The operating system's, of making the pipes non-blocking.
    pub fn from_std(mut process: process::Child) -> io::Result<Child> {
        take_pipes(&mut process).map(|pipes| Self::with_pipes(process, pipes))
    }

    /// As [`from_std`](Self::from_std), for a child that nobody else has: it ends with an error.
    pub(super) fn started(mut process: process::Child) -> io::Result<Child> {
        let pipes = take_pipes(&mut process).inspect_err(|_| {
            // There is one error to return, and a process that was killed is not waited for long.
            let _ = process.kill().and_then(|()| process.wait());
        });
        pipes.map(|pipes| Self::with_pipes(process, pipes))
    }

    fn with_pipes(process: process::Child, (stdin, stdout, stderr): Pipes) -> Child {
        Child { stdin, stdout, stderr, process, ending: Ending::default(), talk: Talk::default() }
    }

    /// Its number with the operating system. gevent's `pid`.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the process has ended, and says how. Suspends until then; other green threads go
    /// on.
    ///
    /// Closes [`stdin`](Self::stdin) first, as std does, so that the child does not wait for more.
    /// Its output pipes are not read: a child with more to say than they hold waits for a reader,
    /// and [`communicate`](Self::communicate) is one. Once the process has ended the answer stays
    /// the same.
    ///
    /// eventlet's and gevent's `wait` (eventlet asks every 10 ms; here the operating system
    /// notifies the hub).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the process goes on, and can be waited for again.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: that somebody else has reaped the child, for instance
    /// because the process ignores `SIGCHLD`; that there is no descriptor left to watch it with.
    #[green(crate = crate)]
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.stdin = None;
        self.ending.wait(&mut self.process, None)
    }

    /// Waits for at most `limit`, and gives `None` if the process still runs then. Suspends until
    /// then.
    ///
    /// Like [`wait`](Self::wait) it closes `stdin` first, and loses nothing. The process goes on;
    /// wait again, or [`kill`](Self::kill) it. `wait(timeout)` of both, with a value in place of
    /// `TimeoutExpired`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::green;
    /// use eventlet::green::process::Command;
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("sleep").arg("1000").spawn()?;
    ///     assert_eq!(child.wait_timeout(Duration::from_millis(10))?, None);
    ///     child.kill()?;
    ///     assert!(!child.wait()?.success());
    ///     Ok(())
    /// }
    /// ```
    #[green(crate = crate)]
    pub fn wait_timeout(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        self.stdin = None;
        match self.ending.wait(&mut self.process, Some(limit)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(None),
            result => result.map(Some),
        }
    }

    /// Says how the process has ended, or `None` if it still runs. Does not suspend, and leaves
    /// `stdin` open. gevent's `poll`.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        ask_once(&mut self.process)
    }

    /// Closes `stdin`, reads both outputs to their ends and waits. Suspends until all of that is
    /// done.
    ///
    /// There is no limit on how much is read.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses what was read and lets go of the child;
    /// [`communicate`](Self::communicate) keeps both.
    ///
    /// # Errors
    ///
    /// As [`communicate`](Self::communicate).
    #[green(crate = crate)]
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        self.stdin = None;
        self.communicate(b"")
    }

    /// Forces the process to end (`SIGKILL`). Does not suspend and does not wait:
    /// [`wait`](Self::wait) does.
    ///
    /// Nothing happens if it has ended already.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill().map_err(cannot(|| "kill the process"))
    }

    /// Asks the process to end (`SIGTERM`). Does not suspend. gevent's `terminate`.
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Self::send_signal).
    pub fn terminate(&mut self) -> io::Result<()> {
        self.send_signal(Signal::TERM.as_raw())
    }

    /// Sends a signal to the process group that the child leads, by the operating system's number:
    /// to the child, and to all that it has started and that have not left the group. Does not
    /// suspend.
    ///
    /// The child leads one if it was started with
    /// [`process_group(0)`](super::Command::process_group). The group goes on when the child has
    /// ended, for as long as there is somebody in it; once it is empty and the child was waited
    /// for, its number may be another group's. Python's `os.killpg`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no such signal; whatever the operating system says: that there is
    /// no such group (any more).
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::io::Read;
    /// use eventlet::green::process::{Command, Stdio};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let mut shell = Command::new("sh");
    ///     shell.args(["-c", "sleep 1000 & echo begun; wait"]).process_group(0).stdout(Stdio::piped());
    ///     let mut child = shell.spawn()?;
    ///     let mut output = child.stdout.take().unwrap();
    ///     output.read_exact(&mut [0; 6])?;
    ///     child.send_signal_to_group(15)?; // SIGTERM, also to the `sleep`
    ///     assert!(!child.wait()?.success());
    ///     output.read_to_end(&mut vec![])?; // nobody is left who could write there
    ///     Ok(())
    /// }
    /// ```
    pub fn send_signal_to_group(&self, signal: i32) -> io::Result<()> {
        kill_group(self.process.id(), signal)
    }

    /// Sends it a signal, by the operating system's number. Does not suspend.
    ///
    /// Nothing happens if it has ended already: its number may be another process's by then.
    /// gevent's `send_signal`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no such signal; whatever the operating system says.
    pub fn send_signal(&mut self, signal: i32) -> io::Result<()> {
        let signal = signal_of(signal)?;
        match ask_once(&mut self.process)? {
            Some(_) => Ok(()),
            None => kill_process(Pid::from_child(&self.process), signal).map_err(cannot_signal),
        }
    }
}

type Pipes = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

fn take_pipes(process: &mut process::Child) -> io::Result<Pipes> {
    Ok((
        process.stdin.take().map(ChildStdin::from_std).transpose()?,
        process.stdout.take().map(ChildStdout::from_std).transpose()?,
        process.stderr.take().map(ChildStderr::from_std).transpose()?,
    ))
}

/// Sends a signal to the process group with that number, by the operating system's number. Does not
/// suspend. Python's `os.killpg`.
///
/// # Errors
///
/// `InvalidInput` if there is no such signal, or for the groups 0 and 1 (which the operating system
/// takes for one's own, and for every process there is); what the operating system says: that there
/// is no such group, or that it is somebody else's.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::process::{Command, kill_group};
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let mut child = Command::new("sleep").arg("1000").process_group(0).spawn()?;
///     kill_group(child.id(), 15)?; // SIGTERM
///     assert!(!child.wait()?.success());
///     assert!(kill_group(child.id(), 15).is_err());
///     Ok(())
/// }
/// ```
pub fn kill_group(group: u32, signal: i32) -> io::Result<()> {
    let signal = signal_of(signal)?;
    let Some(group) = i32::try_from(group).ok().filter(|group| *group > 1).and_then(Pid::from_raw) else {
        let message = format!("there is no process group with the number {group}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    kill_process_group(group, signal).map_err(cannot_signal)
}

/// # Errors
///
/// `InvalidInput` if there is no such signal.
fn signal_of(number: i32) -> io::Result<Signal> {
    Signal::from_named_raw(number).ok_or_else(|| {
        let message = format!("there is no signal with the number {number}");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}

/// What the hub knows of the process's end; nothing until the first wait that finds it running.
#[derive(Default)]
struct Ending {
    watched: Option<Source<OwnedFd>>,
    /// It is known to the hub of this OS thread.
    _stays: PhantomData<*const ()>,
}

impl Ending {
    #[green(crate = crate)]
    fn wait(&mut self, process: &mut process::Child, limit: Option<Duration>) -> io::Result<ExitStatus> {
        if let Some(status) = ask_once(process)? {
            return Ok(status);
        }
        let watched = match &mut self.watched {
            Some(watched) => watched,
            none => {
                let ended = exit::watch(Pid::from_child(process));
                none.insert(Source::new(ended.map_err(cannot_now(|| "watch the process"))?))
            }
        };
        watched.set_limit(Direction::Read, limit);
        let status = watched
            .when_ready(Reads, |ended| match ask_once(process)? {
                None if !exit::has_told(ended)? => Err(io::ErrorKind::WouldBlock.into()),
                status => Ok(Done::new(status)),
            })
            .await?;
        let status = match status {
            Some(status) => status,
            None => ask_within(process, limit)?,
        };
        self.watched = None;
        Ok(status)
    }
}

/// Nothing here can tell of the end (a sandbox may know neither pidfds nor `waitid`), so this asks,
/// at growing pauses.
#[green(crate = crate)]
fn ask_within(process: &mut process::Child, limit: Option<Duration>) -> io::Result<ExitStatus> {
    match limit {
        Some(limit) => with_timeout(limit, || ask(process))?,
        None => ask(process),
    }
}

#[green(crate = crate)]
fn ask(process: &mut process::Child) -> io::Result<ExitStatus> {
    let mut pauses = Pauses::default();
    loop {
        if let Some(status) = ask_once(process)? {
            return Ok(status);
        }
        pauses.pause();
    }
}

fn ask_once(process: &mut process::Child) -> io::Result<Option<ExitStatus>> {
    process.try_wait().map_err(cannot(|| "wait for the process"))
}

fn cannot_signal(error: rustix::io::Errno) -> io::Error {
    cannot(|| "send the signal")(error.into())
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.watched.is_some() { "watched" } else { "not watched" })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Stdio};
    use super::*;
    use crate::testing::run_clean;

    fn cat_that_nothing_tells_of() -> Child {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        // What a watching thread leaves that may not wait: a pipe without a writer.
        let (ended, writer) = io::pipe().unwrap();
        drop(writer);
        child.ending.watched = Some(Source::new(ended.into()));
        child
    }

    #[test]
    fn a_child_is_waited_for_where_nothing_can_tell_of_its_end() {
        run_clean(|| async {
            // `wait` closes its input, so that it ends.
            assert!(cat_that_nothing_tells_of().wait().await.unwrap().success());
        });
    }

    #[test]
    fn a_limit_holds_where_nothing_can_tell_of_the_end() {
        run_clean(|| async {
            let mut child = cat_that_nothing_tells_of();
            let stdin = child.stdin.take();
            assert_eq!(child.wait_timeout(Duration::from_millis(3)).await.unwrap(), None);
            drop(stdin);
            assert!(child.wait().await.unwrap().success());
        });
    }
}
