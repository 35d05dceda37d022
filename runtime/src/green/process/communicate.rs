//! All of a child's input and output at once, to be gone on with after an interruption.

use std::fmt;
use std::io;
use std::process::Output;

use super::{Child, ChildStdin};
use crate::branch::try_join3;
use crate::green;
use crate::green::io::{Read, Write};

/// What has been said so far.
#[derive(Default)]
pub(super) struct Talk {
    input: Vec<u8>,
    /// How much of the input the child has been given.
    written: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Child {
    /// Writes `input` to the child and closes its `stdin`, reads both outputs to their ends, all at
    /// once, and waits. Suspends until all of that is done.
    ///
    /// [`received`](Self::received) shows the former, and a later `communicate` goes on, with its
    /// own `input` after what is left of the earlier. Its [`Output`] has everything from the
    /// beginning.
    ///
    /// An output that is not piped, or whose pipe was taken out of the child, is empty in the
    /// answer. A child that does not want all of its input is no error. The end of an output comes
    /// when nobody has the pipe open any more: a process that the child has left behind can keep it
    /// open for long, so limit the call or read the pipes yourself. There is no limit on how much
    /// is read; [`take`](Read::take) of a pipe sets one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: what was read, and what is still to be written, stays
    /// in the child.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is `input` and `stdin` is not piped, or closed already; whatever the
    /// operating system says of the pipes and of the wait. What was read by then stays, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::green::process::{Command, Stdio};
    /// use eventlet::{green, with_timeout};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let mut shell = Command::new("sh");
    ///     shell.args(["-c", "echo first; read line; sleep 0.1; echo $line"]);
    ///     let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    ///
    ///     let output = match with_timeout(Duration::from_millis(10), || child.communicate(b"second\n")) {
    ///         Ok(output) => output?,
    ///         Err(_) => child.communicate(b"")?, // goes on, and nothing is missing
    ///     };
    ///     assert_eq!(output.stdout, b"first\nsecond\n");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// `communicate` of both libraries; a limit is [`with_timeout`](crate::with_timeout)'s.
    #[green(crate = crate)]
    pub fn communicate(&mut self, input: &[u8]) -> io::Result<Output> {
        if !input.is_empty() && self.stdin.is_none() {
            let message = "the child's stdin is closed or was never piped\n\
                 help: set `stdin(Stdio::piped())`, and give all of the input before the last of it is written";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let Talk { input: pending, written, stdout, stderr } = &mut self.talk;
        pending.extend_from_slice(input);
        try_join3(
            || feed(&mut self.stdin, pending, written),
            || drain(&mut self.stdout, stdout),
            || drain(&mut self.stderr, stderr),
        )?;
        let status = self.wait()?;
        let Talk { stdout, stderr, .. } = std::mem::take(&mut self.talk);
        Ok(Output { status, stdout, stderr })
    }

    /// What an interrupted [`communicate`](Self::communicate) has read so far: of stdout, and of
    /// stderr. Empty after one that came to its end. Does not suspend. The partial output of
    /// Python's `TimeoutExpired`.
    pub fn received(&self) -> (&[u8], &[u8]) {
        (&self.talk.stdout, &self.talk.stderr)
    }
}

/// How much, and not what: it may be long, and a secret.
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Talk");
        shown.field("to_write", &(self.input.len() - self.written));
        shown.field("stdout", &self.stdout.len()).field("stderr", &self.stderr.len()).finish()
    }
}

/// Writes what is left of the input, and closes the pipe.
#[green(crate = crate)]
fn feed(pipe: &mut Option<ChildStdin>, input: &mut Vec<u8>, written: &mut usize) -> io::Result<()> {
    if let Some(writer) = pipe {
        while *written < input.len() {
            match writer.write(&input[*written..]) {
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                Err(error) => return Err(error),
            }
        }
    }
    *pipe = None;
    (*input, *written) = (Vec::new(), 0);
    Ok(())
}

/// Reads a pipe to its end, and closes it.
#[green(crate = crate)]
fn drain<R: Read>(pipe: &mut Option<R>, output: &mut Vec<u8>) -> io::Result<()> {
    if let Some(reader) = pipe {
        reader.read_to_end(output)?;
    }
    *pipe = None;
    Ok(())
}
