//! How a file is opened.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{File, about};
use crate::green::io::Result;
use crate::{green, tpool};

/// How a file is opened: std's `OpenOptions`, from which it can be made for what a single system
/// has.
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

    /// Who may do what with a file that is made, as the operating system's bits; 0o666 if nothing
    /// is said. (What the process's mask forbids is taken away.) std's `OpenOptionsExt::mode`.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::fs::{self, OpenOptions};
    /// use eventlet::green::os::unix::fs::PermissionsExt;
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let path = std::env::temp_dir().join(format!("eventlet-doc-mode-{}", std::process::id()));
    ///     let key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    ///     assert_eq!(key.metadata()?.permissions().mode() & 0o777, 0o600);
    ///     fs::remove_file(&path)
    /// }
    /// ```
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    /// Other flags of the operating system's `open`, such as `O_DIRECT` or `O_NOFOLLOW`. std's
    /// `OpenOptionsExt::custom_flags`.
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }

    /// Opens a file like this. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go; the file may be opened nevertheless, with what that does to it,
    /// and is closed again.
    ///
    /// # Errors
    ///
    /// std's.
    #[green(crate = crate)]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> Result<File> {
        let options = self.0.clone();
        tpool::execute_io(about("open", path, move |path| options.open(path))).map(File::from_std)
    }
}

impl From<fs::OpenOptions> for OpenOptions {
    fn from(options: fs::OpenOptions) -> Self {
        OpenOptions(options)
    }
}
