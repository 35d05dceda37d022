//! An open file.

use std::fmt;
use std::fs::{self, FileTimes, Metadata, Permissions};
use std::io::{IoSlice, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::OpenOptions;
use crate::green::io::{Read, Result, Seek, SeekFrom, Write};
use crate::{green, tpool};

/// An open file: std's `File`, whose operations are made on other OS threads.
///
/// Reading, writing and seeking happen one at a time and in order, also through several references. One read or write
/// moves at most one mebibyte, through a buffer of its own.
///
/// Nothing is kept back in this type: what was written is with the operating system, and `flush` does nothing.
/// Dropping it closes the file; that happens here and now, as in std, and errors are lost. [`sync_all`](Self::sync_all)
/// shows them.
///
/// # What a kill or a timeout can lose
///
/// An operation that has begun goes on to its end, and the next one waits for that. So a read that is ended takes its
/// bytes with it, and the position is beyond them; a write that is ended may have been done. For certainty,
/// [`seek`](Seek::seek) to a place that is known.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::fs::{self, File};
/// use eventlet::green::io::{self, Read, Seek, Write};
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let path = std::env::temp_dir().join(format!("eventlet-doc-file-{}", std::process::id()));
///     let mut file = File::options().read(true).write(true).create(true).open(&path)?;
///     file.write_all(b"some text")?;
///     file.rewind()?;
///     let mut text = String::new();
///     file.read_to_string(&mut text)?;
///     assert_eq!(text, "some text");
///     fs::remove_file(&path)
/// }
/// ```
pub struct File {
    shared: Arc<Shared>,
}

/// What the other OS thread works on.
struct Shared {
    file: fs::File,
    /// Held by what moves the position: an operation that was let go of may still be at work.
    position: Mutex<()>,
}

/// How many bytes one operation moves at most.
const MOST: usize = 1 << 20;

impl File {
    /// Opens a file to read it. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn open<P: AsRef<Path>>(path: P) -> Result<File> {
        Self::options().read(true).open(path)
    }

    /// Opens a file to write it, emptied or new. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn create<P: AsRef<Path>>(path: P) -> Result<File> {
        Self::options().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a new file to read and write. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// std's; `AlreadyExists` if it is not new.
    #[green(crate = crate)]
    pub fn create_new<P: AsRef<Path>>(path: P) -> Result<File> {
        Self::options().read(true).write(true).create_new(true).open(path)
    }

    /// Opens a file in another way.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes a file of std's. Does not suspend.
    pub fn from_std(file: fs::File) -> Self {
        File { shared: Arc::new(Shared { file, position: Mutex::new(()) }) }
    }

    /// The file as std's. Does not suspend.
    ///
    /// # Errors
    ///
    /// That of `try_clone`, which is needed while an operation that was let go of is still at work.
    pub fn into_std(self) -> Result<fs::File> {
        Arc::try_unwrap(self.shared).map(|shared| shared.file).or_else(|shared| shared.file.try_clone())
    }

    /// Waits until everything that was written is on the disk. Suspends until then. A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn sync_all(&self) -> Result<()> {
        self.call(fs::File::sync_all).await
    }

    /// As [`sync_all`](Self::sync_all), for the contents alone. Suspends until then.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn sync_data(&self) -> Result<()> {
        self.call(fs::File::sync_data).await
    }

    /// Cuts the file to a size, or fills it up with zeros. Suspends until that is done; a kill or timeout does not stop
    /// it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_len(&self, size: u64) -> Result<()> {
        self.call(move |file| file.set_len(size)).await
    }

    /// What is known of the file. Suspends until it is known.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn metadata(&self) -> Result<Metadata> {
        self.call(fs::File::metadata).await
    }

    /// Another handle on the open file, with the same position. Does not suspend.
    ///
    /// Operations of the one do not wait for those of the other.
    ///
    /// # Errors
    ///
    /// std's.
    pub fn try_clone(&self) -> Result<File> {
        self.shared.file.try_clone().map(File::from_std)
    }

    /// Changes who may do what with the file. Suspends until that is done; a kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.call(move |file| file.set_permissions(permissions)).await
    }

    /// Sets when the file was read and written. Suspends until that is done; a kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_times(&self, times: FileTimes) -> Result<()> {
        self.call(move |file| file.set_times(times)).await
    }

    /// Sets when the file was written. Suspends until that is done; a kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_modified(&self, time: SystemTime) -> Result<()> {
        self.call(move |file| file.set_modified(time)).await
    }

    /// On another OS thread, whatever else is done with the file.
    async fn call<T>(&self, f: impl FnOnce(&fs::File) -> Result<T> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
    {
        let shared = self.shared.clone();
        tpool::execute(move || f(&shared.file)).await
    }

    /// On another OS thread, after what has moved the position before.
    async fn call_in_turn<T>(&self, f: impl FnOnce(&fs::File) -> Result<T> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
    {
        let shared = self.shared.clone();
        tpool::execute(move || {
            let _position = shared.position.lock().unwrap_or_else(PoisonError::into_inner);
            f(&shared.file)
        })
        .await
    }
}

impl Read for &File {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut bytes = vec![0; buf.len().min(MOST)];
        let bytes = self
            .call_in_turn(move |mut file| {
                let count = file.read(&mut bytes)?;
                bytes.truncate(count);
                Ok(bytes)
            })
            .await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for &File {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        let bytes = buf[..buf.len().min(MOST)].to_vec();
        self.call_in_turn(move |mut file| file.write(&bytes)).await
    }

    #[green(crate = crate)]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let mut bytes = vec![];
        for buf in bufs {
            bytes.extend_from_slice(&buf[..buf.len().min(MOST - bytes.len())]);
        }
        self.call_in_turn(move |mut file| file.write(&bytes)).await
    }

    /// Nothing is kept back: does not suspend.
    #[green(crate = crate)]
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.call_in_turn(move |mut file| file.seek(to)).await
    }
}

impl Read for File {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for File {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        (&*self).write(buf)
    }

    #[green(crate = crate)]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        (&*self).write_vectored(bufs)
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Seek for File {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        (&*self).seek(to)
    }
}

impl From<fs::File> for File {
    fn from(file: fs::File) -> Self {
        File::from_std(file)
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for File {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.shared.file.as_fd()
    }
}

#[cfg(unix)]
impl std::os::fd::AsRawFd for File {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.shared.file.as_raw_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.file.fmt(f)
    }
}
