//! An open file.

use std::fmt;
use std::fs::{self, FileTimes, Metadata, Permissions};
use std::io::{IoSlice, Read as _, Seek as _, Write as _};
#[cfg(unix)]
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::OpenOptions;
#[cfg(all(unix, not(target_os = "solaris")))]
use super::lock::{self, Kind, TryLockError};
use crate::green::io::{Read, Result, Seek, SeekFrom, Write};
use crate::hub::failed::cannot;
use crate::{green, tpool};

/// An open file: std's `File`, whose operations are made on other OS threads.
///
/// Reading, writing and seeking happen one at a time and in order, also through several references.
/// One read or write moves at most one mebibyte, through a buffer of its own.
///
/// Nothing is kept back in this type: what was written is with the operating system, and `flush`
/// does nothing. Dropping it closes the file; that happens here and now, as in std, and errors are
/// lost. [`sync_all`](Self::sync_all) shows them.
///
/// # What a kill or a timeout can lose
///
/// An operation that has begun goes on to its end, and the next one waits for that. So a read that
/// is ended takes its bytes with it, and the position is beyond them; a write that is ended may
/// have been done. For certainty, [`seek`](Seek::seek) to a place that is known.
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
pub(super) struct Shared {
    pub(super) file: fs::File,
    /// Held by what moves the position: an operation that was let go of may still be at work.
    position: Mutex<()>,
}

/// How many bytes one operation moves at most.
const MOST: usize = 1 << 20;
const READ: &str = "read the file";
const WRITE: &str = "write to the file";
#[cfg(unix)]
const CHANGE_OWNER: &str = "change the owner of the file";

impl File {
    /// Opens a file to read it. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
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
    /// # Cancel safety
    ///
    /// A kill or timeout lets go; the file may be emptied or made nevertheless, and is closed
    /// again.
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
    /// # Cancel safety
    ///
    /// A kill or timeout lets go; the file may be made nevertheless, and is closed again.
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
        Arc::try_unwrap(self.shared)
            .map(|shared| shared.file)
            .or_else(|shared| shared.file.try_clone().map_err(cannot(|| "duplicate the file")))
    }

    /// Waits until everything that was written is on the disk. Suspends until then.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn sync_all(&self) -> Result<()> {
        self.call("sync the file", fs::File::sync_all).await
    }

    /// As [`sync_all`](Self::sync_all), for the contents alone. Suspends until then.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn sync_data(&self) -> Result<()> {
        self.call("sync the file", fs::File::sync_data).await
    }

    /// Cuts the file to a size, or fills it up with zeros. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_len(&self, size: u64) -> Result<()> {
        self.call("set the size of the file", move |file| file.set_len(size)).await
    }

    /// What is known of the file. Suspends until it is known.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn metadata(&self) -> Result<Metadata> {
        self.call("ask about the file", fs::File::metadata).await
    }

    /// Another handle on the open file, with the same position. Does not suspend.
    ///
    /// Operations of the one do not wait for those of the other.
    ///
    /// # Errors
    ///
    /// std's.
    pub fn try_clone(&self) -> Result<File> {
        self.shared.file.try_clone().map(File::from_std).map_err(cannot(|| "duplicate the file"))
    }

    /// Changes who may do what with the file. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.call("change the permissions of the file", move |file| file.set_permissions(permissions)).await
    }

    /// Sets when the file was read and written. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_times(&self, times: FileTimes) -> Result<()> {
        self.call("set the times of the file", move |file| file.set_times(times)).await
    }

    /// Sets when the file was written. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn set_modified(&self, time: SystemTime) -> Result<()> {
        self.call("set the times of the file", move |file| file.set_modified(time)).await
    }

    /// On behalf of `os::unix::fs`.
    #[cfg(unix)]
    #[green(crate = crate)]
    pub(in crate::green) fn change_owner(&self, user: Option<u32>, group: Option<u32>) -> Result<()> {
        self.call(CHANGE_OWNER, move |file| std::os::unix::fs::fchown(file, user, group)).await
    }

    /// On another OS thread, whatever else is done with the file.
    async fn call<T>(
        &self,
        what: &'static str,
        f: impl FnOnce(&fs::File) -> Result<T> + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
    {
        let shared = self.shared.clone();
        tpool::execute_io(move || f(&shared.file).map_err(cannot(|| what))).await
    }

    /// On another OS thread, after what has moved the position before.
    async fn call_in_turn<T>(
        &self,
        what: &'static str,
        f: impl FnOnce(&fs::File) -> Result<T> + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
    {
        let shared = self.shared.clone();
        tpool::execute_io(move || {
            let _position = shared.position.lock().unwrap_or_else(PoisonError::into_inner);
            f(&shared.file).map_err(cannot(|| what))
        })
        .await
    }
}

/// Reading and writing at a place, which leaves the position alone and waits for nothing that moves
/// it: std's `FileExt` of Unix.
#[cfg(unix)]
impl File {
    /// Reads from `offset` bytes behind the start into `buf`, and says how many. Suspends until
    /// that is done: one trip to another OS thread. At most one mebibyte.
    ///
    /// # Errors
    ///
    /// std's.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::fs::{self, File};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let path = std::env::temp_dir().join(format!("eventlet-doc-at-{}", std::process::id()));
    ///     let file = File::options().read(true).write(true).create(true).open(&path)?;
    ///     file.write_all_at(b"block 0 block 1 ", 0)?;
    ///     let mut block = [0; 8];
    ///     file.read_exact_at(&mut block, 8)?;
    ///     assert_eq!(&block, b"block 1 ");
    ///     fs::remove_file(&path)
    /// }
    /// ```
    #[green(crate = crate)]
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let mut bytes = vec![0; buf.len().min(MOST)];
        let bytes = self
            .call(READ, move |file| {
                let count = file.read_at(&mut bytes, offset)?;
                bytes.truncate(count);
                Ok(bytes)
            })
            .await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Fills `buf` from `offset` bytes behind the start. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the end comes first; else std's. What is in `buf` then is not told.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing of the file.
    #[green(crate = crate)]
    pub fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let mut offset = offset;
        for part in buf.chunks_mut(MOST) {
            let mut bytes = vec![0; part.len()];
            let read = move |file: &fs::File| file.read_exact_at(&mut bytes, offset).map(|()| bytes);
            part.copy_from_slice(&self.call(READ, read).await?);
            offset = offset.saturating_add(part.len() as u64);
        }
        Ok(())
    }

    /// Writes some of `buf` to `offset` bytes behind the start, and says how many. Suspends until
    /// that is done. At most one mebibyte. (On Linux a file that was opened to append gets it at
    /// its end, as in std.)
    ///
    /// # Errors
    ///
    /// std's.
    ///
    /// # Cancel safety
    ///
    /// A write that a kill or timeout ends may have been done.
    #[green(crate = crate)]
    pub fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let bytes = buf[..buf.len().min(MOST)].to_vec();
        self.call(WRITE, move |file| file.write_at(&bytes, offset)).await
    }

    /// Writes all of `buf` to `offset` bytes behind the start. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// As [`write_at`](Self::write_at); how much was written by then is not told.
    ///
    /// # Cancel safety
    ///
    /// A write that a kill or timeout ends may have been done, or part of it.
    #[green(crate = crate)]
    pub fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        let mut offset = offset;
        for part in buf.chunks(MOST) {
            let bytes = part.to_vec();
            self.call(WRITE, move |file| file.write_all_at(&bytes, offset)).await?;
            offset = offset.saturating_add(part.len() as u64);
        }
        Ok(())
    }
}

/// Locks that processes keep each other out with, and other handles of this one: std's. They bind
/// those only who ask for them. The lock belongs to the open file: clones have it too, and it is
/// gone with the last of them.
#[cfg(all(unix, not(target_os = "solaris")))]
impl File {
    /// Locks the file against every other lock. Suspends while somebody else has one.
    ///
    /// The operating system tells nobody when a lock is free, so this looks for itself: after 1 ms,
    /// then after twice as long each time, up to 100 ms. (std blocks, and so is told. An OS thread
    /// that blocked here would be missing where whoever holds the lock works.) Whoever comes first
    /// after the lock is free gets it.
    ///
    /// # Errors
    ///
    /// std's.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves no lock behind that this has taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::green::fs::{self, File};
    /// use eventlet::{green, with_timeout};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let path = std::env::temp_dir().join(format!("eventlet-doc-lock-{}", std::process::id()));
    ///     let (one, other) = (File::create(&path)?, File::open(&path)?);
    ///     one.lock()?;
    ///     assert!(with_timeout(Duration::from_millis(5), || other.lock()).is_err());
    ///     one.unlock()?;
    ///     other.lock()?;
    ///     fs::remove_file(&path)
    /// }
    /// ```
    #[green(crate = crate)]
    pub fn lock(&self) -> Result<()> {
        lock::lock(&self.shared, Kind::Exclusive)
    }

    /// Locks the file against locks that are not shared. Suspends while somebody else has one, as
    /// [`lock`](Self::lock) does.
    ///
    /// # Errors
    ///
    /// std's.
    ///
    /// # Cancel safety
    ///
    /// As with [`lock`](Self::lock).
    #[green(crate = crate)]
    pub fn lock_shared(&self) -> Result<()> {
        lock::lock(&self.shared, Kind::Shared)
    }

    /// Locks the file against every other lock, if nobody else has one. Suspends for a trip to
    /// another OS thread, and waits for nobody.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`] if somebody else has a lock; else std's.
    ///
    /// # Cancel safety
    ///
    /// As with [`lock`](Self::lock).
    #[green(crate = crate)]
    pub fn try_lock(&self) -> std::result::Result<(), TryLockError> {
        match lock::try_lock(&self.shared, Kind::Exclusive) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryLockError::WouldBlock),
            Err(error) => Err(TryLockError::Error(error)),
        }
    }

    /// Locks the file against locks that are not shared, if nobody else has one. Suspends as
    /// [`try_lock`](Self::try_lock) does.
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Self::try_lock).
    ///
    /// # Cancel safety
    ///
    /// As with [`lock`](Self::lock).
    #[green(crate = crate)]
    pub fn try_lock_shared(&self) -> std::result::Result<(), TryLockError> {
        match lock::try_lock(&self.shared, Kind::Shared) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryLockError::WouldBlock),
            Err(error) => Err(TryLockError::Error(error)),
        }
    }

    /// Gives the lock back. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn unlock(&self) -> Result<()> {
        lock::unlock(&self.shared)
    }
}

impl Read for &File {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut bytes = vec![0; buf.len().min(MOST)];
        let bytes = self
            .call_in_turn(READ, move |mut file| {
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
        self.call_in_turn(WRITE, move |mut file| file.write(&bytes)).await
    }

    #[green(crate = crate)]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let mut bytes = vec![];
        for buf in bufs {
            bytes.extend_from_slice(&buf[..buf.len().min(MOST - bytes.len())]);
        }
        self.call_in_turn(WRITE, move |mut file| file.write(&bytes)).await
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
        self.call_in_turn("seek in the file", move |mut file| file.seek(to)).await
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

/// As [`File::from_std`].
#[cfg(unix)]
impl From<std::os::fd::OwnedFd> for File {
    fn from(fd: std::os::fd::OwnedFd) -> Self {
        File::from_std(fd.into())
    }
}

/// As [`File::into_std`].
#[cfg(unix)]
impl TryFrom<File> for std::os::fd::OwnedFd {
    type Error = std::io::Error;

    fn try_from(file: File) -> Result<std::os::fd::OwnedFd> {
        file.into_std().map(Into::into)
    }
}

#[cfg(unix)]
raw_descriptor!(File, |fd| Self::from(fd), |file| fs::File::from(
    std::os::fd::OwnedFd::try_from(file).expect(OPEN)
));

/// For a child process to have.
///
/// # Panics
///
/// If an operation that was let go of is still at work, and too many descriptors are open.
impl From<File> for std::process::Stdio {
    fn from(file: File) -> std::process::Stdio {
        file.into_std().expect(OPEN).into()
    }
}

const OPEN: &str = "an open file gives its descriptor, unless there are too many";

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.file.fmt(f)
    }
}
