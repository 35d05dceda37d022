//! Pipes, of which one end reads what the other writes.

use std::io;

use super::Descriptor;
use crate::hub::failed::cannot;

/// Makes a pipe: std's `pipe`, with ends that suspend. Does not suspend.
///
/// A read suspends while the pipe is empty and a writer is left; a write while it is full and a
/// reader is left. The operating system sets the size of a pipe, 64 kB on Linux. Children of this
/// process do not inherit the ends, unless one is handed to them as their
/// [`Stdio`](std::process::Stdio).
///
/// # Cancel safety
///
/// A kill or timeout in a read or write loses nothing: it happened as a whole, or not at all.
///
/// # Errors
///
/// Whatever the operating system says: too many descriptors.
///
/// # Examples
///
/// ```
/// use eventlet::green::io::{Read, Write, pipe};
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let (mut reader, mut writer) = pipe()?;
///     spawn(#[green] move || writer.write_all(b"through the pipe"));
///     let mut text = String::new();
///     reader.read_to_string(&mut text)?; // up to the end, which comes when the writer is dropped
///     assert_eq!(text, "through the pipe");
///     Ok(())
/// }
/// ```
///
/// eventlet's `GreenPipe`, gevent's `FileObject`; put a [`BufReader`](super::BufReader) or
/// [`BufWriter`](super::BufWriter) around an end to read lines or to write little at a time.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe().map_err(cannot(|| "make a pipe"))?;
    let reader = PipeReader { descriptor: Descriptor::unshared(reader.into())? };
    Ok((reader, PipeWriter { descriptor: Descriptor::unshared(writer.into())? }))
}

/// The end of a [`pipe`] that reads: std's `PipeReader`.
///
/// It reads the end when every writer is gone, those that children were given included.
pub struct PipeReader {
    descriptor: Descriptor,
}

/// The end of a [`pipe`] that writes: std's `PipeWriter`.
///
/// A write gives the error `BrokenPipe` when every reader is gone. It has no buffer, so that
/// nothing is left to flush when it is dropped.
pub struct PipeWriter {
    descriptor: Descriptor,
}

end_of_pipe!(PipeReader, io::PipeReader, reads);
end_of_pipe!(PipeWriter, io::PipeWriter, writes);

impl PipeReader {
    /// Another reader of the same pipe, with a descriptor of its own. What one reads the other does
    /// not; one that is given to a child or to std blocks there, and the other does not here.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn try_clone(&self) -> io::Result<PipeReader> {
        Ok(PipeReader { descriptor: self.descriptor.try_clone()? })
    }
}

impl PipeWriter {
    /// Another writer of the same pipe, with a descriptor of its own: the reader reads the end when
    /// both are gone. One that is given to a child or to std blocks there, and the other does not
    /// here.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn try_clone(&self) -> io::Result<PipeWriter> {
        Ok(PipeWriter { descriptor: self.descriptor.try_clone()? })
    }
}
