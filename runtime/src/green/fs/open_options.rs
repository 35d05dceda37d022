//! How a file is opened.

use std::fs;
use std::path::Path;

use super::File;
use crate::green::io::Result;
use crate::{green, tpool};

/// How a file is opened: std's `OpenOptions`, from which it can be made for what a single system has.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::fs::{self, OpenOptions};
/// use eventlet::green::io::{self, Write};
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let path = std::env::temp_dir().join(format!("eventlet-doc-options-{}", std::process::id()));
///     let mut log = OpenOptions::new().append(true).create(true).open(&path)?;
///     log.write_all(b"a line\n")?;
///     assert_eq!(fs::read(&path)?, b"a line\n");
///     fs::remove_file(&path)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(fs::OpenOptions);

impl OpenOptions {
    /// Nothing is allowed yet.
    #[expect(clippy::new_without_default, reason = "std's has none either")]
    pub fn new() -> Self {
        OpenOptions(fs::OpenOptions::new())
    }

    /// May it be read?
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// May it be written?
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// Is it written at its end, always?
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Is it emptied?
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Is it made if it is missing?
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Must it be missing, and is it made?
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// Opens a file like this. Suspends until that is done.
    ///
    /// A kill or timeout lets go; the file may be opened nevertheless, with what that does to it, and is closed again.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> Result<File> {
        let (options, path) = (self.0.clone(), path.as_ref().to_owned());
        tpool::execute(move || options.open(path)).map(File::from_std)
    }
}

impl From<fs::OpenOptions> for OpenOptions {
    fn from(options: fs::OpenOptions) -> Self {
        OpenOptions(options)
    }
}
