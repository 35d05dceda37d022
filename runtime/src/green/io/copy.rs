//! From a reader to a writer.

use super::partial::is_interruption;
use super::{DEFAULT_SIZE, Read, Result, Write};
use crate::green;

/// Copies everything up to the reader's end into the writer, and says how many bytes. Suspends
/// while either does.
///
/// The buffer holds 8 KiB. The writer is not flushed, as in std.
///
/// # Cancel safety
///
/// A kill or timeout loses at most what was read and not yet written, which is no more than the
/// buffer.
///
/// # Errors
///
/// The reader's and the writer's; what was written by then stays written.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::io;
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let mut target = Vec::new();
///     assert_eq!(io::copy(&mut "source".as_bytes(), &mut target)?, 6);
///     assert_eq!(target, b"source");
///     Ok(())
/// }
/// ```
#[green(crate = crate)]
pub fn copy<R, W>(reader: &mut R, writer: &mut W) -> Result<u64>
where
    R: Read + ?Sized,
    W: Write + ?Sized,
{
    let mut buffer = vec![0; DEFAULT_SIZE];
    let mut total = 0;
    loop {
        let result = reader.read(&mut buffer);
        if is_interruption(&result) {
            continue;
        }
        match result? {
            0 => return Ok(total),
            count => {
                writer.write_all(&buffer[..count])?;
                total += count as u64;
            }
        }
    }
}
