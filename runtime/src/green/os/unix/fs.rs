//! What std has in `os::unix::fs`: owners and links. What its traits add to files and options
//! (`read_at`, `mode`, …) are methods of [`green::fs`]'s types.

use std::os::unix::fs;
use std::path::Path;

use crate::green::fs::{File, about};
use crate::green::io::Result;
use crate::{green, tpool};

pub use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

/// Makes a link `link` that leads to `original`, which need not exist. Suspends until that is done.
/// [`std::os::unix::fs::symlink`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> Result<()> {
    let original = original.as_ref().to_owned();
    tpool::execute_io(about("make the link", link, |link| fs::symlink(original, link)))
}

/// Gives a file another owner, another group, or both; links are followed. Suspends until that is
/// done. [`std::os::unix::fs::chown`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn chown<P: AsRef<Path>>(path: P, user: Option<u32>, group: Option<u32>) -> Result<()> {
    tpool::execute_io(about("change the owner of", path, move |path| fs::chown(path, user, group)))
}

/// As [`chown`], of a link itself. Suspends until that is done. [`std::os::unix::fs::lchown`] on
/// another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn lchown<P: AsRef<Path>>(path: P, user: Option<u32>, group: Option<u32>) -> Result<()> {
    tpool::execute_io(about("change the owner of", path, move |path| fs::lchown(path, user, group)))
}

/// As [`chown`], of an open file. Suspends until that is done. [`std::os::unix::fs::fchown`] on
/// another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn fchown(file: &File, user: Option<u32>, group: Option<u32>) -> Result<()> {
    file.change_owner(user, group)
}
