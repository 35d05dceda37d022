//! Folders: making them, and what is in them.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, FileType, Metadata};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, DirEntryExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::about;
use crate::green::io::Result;
use crate::hub::failed::cannot;
use crate::iter::GreenIterator;
use crate::{green, tpool};

/// What is in a folder, in no order. Suspends until it is open; [`std::fs::read_dir`] on another OS
/// thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::{fs, io};
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let folder = std::env::temp_dir().join(format!("eventlet-doc-folder-{}", std::process::id()));
///     fs::create_dir_all(&folder)?;
///     fs::write(folder.join("one"), "1")?;
///     for entry in fs::read_dir(&folder)? {
///         assert_eq!(entry?.file_name(), "one");
///     }
///     fs::remove_dir_all(&folder)
/// }
/// ```
#[green(crate = crate)]
pub fn read_dir<P: AsRef<Path>>(path: P) -> Result<ReadDir> {
    let folder = path.as_ref().to_owned();
    let entries = tpool::execute_io(about("open the folder", &folder, |path| fs::read_dir(path)))?;
    let listing = Listing { folder, entries: Quiet(Some(entries)), read: VecDeque::new(), is_over: false };
    Ok(ReadDir { listing: Arc::new(Mutex::new(listing)) })
}

/// The entries of a folder, of [`read_dir`].
///
/// A step suspends now and then: entries are fetched by the dozen.
///
/// # Cancel safety
///
/// A kill or timeout in it loses nothing.
pub struct ReadDir {
    listing: Arc<Mutex<Listing>>,
}

/// What the other OS thread works on.
struct Listing {
    folder: PathBuf,
    entries: Quiet<fs::ReadDir>,
    /// Read, and not given yet.
    read: VecDeque<Result<Quiet<fs::DirEntry>>>,
    is_over: bool,
}

/// How many entries are fetched at once.
const BATCH: usize = 64;

own_next! { for [] ReadDir }

impl GreenIterator for ReadDir {
    type Item = Result<DirEntry>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<DirEntry>> {
        // Held up only by a call that was let go of.
        let is_at_hand =
            self.listing.try_lock().is_ok_and(|listing| listing.is_over || !listing.read.is_empty());
        if !is_at_hand {
            let listing = self.listing.clone();
            if let Err(error) = tpool::try_execute(move || lock(&listing).fetch()) {
                return Some(Err(error));
            }
        }
        let entry = lock(&self.listing).read.pop_front()?;
        Some(entry.map(|entry| DirEntry(Arc::new(entry))))
    }
}

impl Listing {
    fn fetch(&mut self) {
        while !self.is_over && self.read.len() < BATCH {
            match self.entries.get_mut().next() {
                Some(entry) => {
                    let named = entry
                        .map(|entry| Quiet(Some(entry)))
                        .map_err(cannot(|| format!("read the folder {:?}", self.folder)));
                    self.read.push_back(named);
                }
                None => self.is_over = true,
            }
        }
    }
}

/// What keeps a folder open. std panics where closing one has an error, and in a destructor that
/// may end the process; here it is lost, as that of closing a file.
struct Quiet<T>(Option<T>);

const THERE: &str = "it is taken only when it is dropped";

impl<T> Quiet<T> {
    fn get(&self) -> &T {
        self.0.as_ref().expect(THERE)
    }

    fn get_mut(&mut self) -> &mut T {
        self.0.as_mut().expect(THERE)
    }
}

impl<T> Drop for Quiet<T> {
    fn drop(&mut self) {
        let it = self.0.take();
        // What it was is gone either way.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(it)));
    }
}

impl<T: fmt::Debug> fmt::Debug for Quiet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

fn lock(listing: &Mutex<Listing>) -> MutexGuard<'_, Listing> {
    listing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir").finish_non_exhaustive()
    }
}

/// An entry of a folder: std's `DirEntry`.
#[derive(Clone, Debug)]
pub struct DirEntry(Arc<Quiet<fs::DirEntry>>);

impl DirEntry {
    /// The path of the folder as it was given, and the name. Does not suspend.
    pub fn path(&self) -> PathBuf {
        self.0.get().path()
    }

    /// The name. Does not suspend.
    pub fn file_name(&self) -> OsString {
        self.0.get().file_name()
    }

    /// The number of the file in its file system. Does not suspend. std's `DirEntryExt::ino`.
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        self.0.get().ino()
    }

    /// What is known of it; a link is not followed. Suspends until it is known.
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
        let entry = self.0.clone();
        tpool::execute_io(about("ask about", self.path(), move |_| entry.get().metadata()))
    }

    /// Is it a file, a folder, a link? Suspends until it is known.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn file_type(&self) -> Result<FileType> {
        let entry = self.0.clone();
        tpool::execute_io(about("ask about", self.path(), move |_| entry.get().file_type()))
    }
}

/// How a folder is made: std's `DirBuilder`, from which it can be made for what a single system
/// has.
#[derive(Debug)]
pub struct DirBuilder(Arc<Mutex<fs::DirBuilder>>);

impl DirBuilder {
    /// Makes one folder, in one that is there.
    #[expect(clippy::new_without_default, reason = "std's has none either")]
    pub fn new() -> Self {
        fs::DirBuilder::new().into()
    }

    /// Are missing folders around it made too, and one that is there taken as it is?
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recursive(recursive);
        self
    }

    /// Who may do what with a folder that is made, as the operating system's bits; 0o777 if nothing
    /// is said. (What the process's mask forbids is taken away.) std's `DirBuilderExt::mode`.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).mode(mode);
        self
    }

    /// Makes a folder. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout does not stop it.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn create<P: AsRef<Path>>(&self, path: P) -> Result<()> {
        let builder = self.0.clone();
        let make = move |path: &Path| builder.lock().unwrap_or_else(PoisonError::into_inner).create(path);
        tpool::execute_io(about("make the folder", path, make))
    }
}

impl From<fs::DirBuilder> for DirBuilder {
    fn from(builder: fs::DirBuilder) -> Self {
        DirBuilder(Arc::new(Mutex::new(builder)))
    }
}
