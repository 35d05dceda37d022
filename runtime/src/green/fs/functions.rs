//! What is done with a path.

use std::fs::{self, Metadata, Permissions};
use std::path::{Path, PathBuf};

use super::about;
use crate::green::io::Result;
use crate::hub::failed::cannot;
use crate::{green, tpool};

/// The absolute path of a file, with every link followed. Suspends until that is done.
/// [`std::fs::canonicalize`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn canonicalize<P: AsRef<Path>>(path: P) -> Result<PathBuf> {
    tpool::execute_io(about("resolve", path, |path| fs::canonicalize(path)))
}

/// Copies the contents and the permissions of a file, and says how many bytes. Suspends until that
/// is done. [`std::fs::copy`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> Result<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    tpool::execute_io(move || fs::copy(&from, &to).map_err(cannot(|| format!("copy {from:?} to {to:?}"))))
}

/// Makes a folder in one that is there. Suspends until that is done. [`std::fs::create_dir`] on
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
pub fn create_dir<P: AsRef<Path>>(path: P) -> Result<()> {
    tpool::execute_io(about("make the folder", path, |path| fs::create_dir(path)))
}

/// Makes a folder, and those around it that are missing. Suspends until that is done.
/// [`std::fs::create_dir_all`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> Result<()> {
    tpool::execute_io(about("make the folder", path, |path| fs::create_dir_all(path)))
}

/// Is there a file? A link that leads nowhere is none. Suspends until that is done.
/// [`std::fs::exists`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn exists<P: AsRef<Path>>(path: P) -> Result<bool> {
    tpool::execute_io(about("look for", path, |path| fs::exists(path)))
}

/// Gives a file another name. Suspends until that is done. [`std::fs::hard_link`] on another OS
/// thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    tpool::execute_io(move || {
        fs::hard_link(&from, &to).map_err(cannot(|| format!("link {from:?} to {to:?}")))
    })
}

/// What is known of a file; links are followed. Suspends until that is done. [`std::fs::metadata`]
/// on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn metadata<P: AsRef<Path>>(path: P) -> Result<Metadata> {
    tpool::execute_io(about("ask about", path, |path| fs::metadata(path)))
}

/// The contents of a file, all of it: there is no limit. Suspends until that is done.
/// [`std::fs::read`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn read<P: AsRef<Path>>(path: P) -> Result<Vec<u8>> {
    tpool::execute_io(about("read", path, |path| fs::read(path)))
}

/// Where a link leads. Suspends until that is done. [`std::fs::read_link`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn read_link<P: AsRef<Path>>(path: P) -> Result<PathBuf> {
    tpool::execute_io(about("read the link", path, |path| fs::read_link(path)))
}

/// The contents of a file as text, all of it: there is no limit. Suspends until that is done.
/// [`std::fs::read_to_string`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// `InvalidData` if it is not UTF-8; else std's.
#[green(crate = crate)]
pub fn read_to_string<P: AsRef<Path>>(path: P) -> Result<String> {
    tpool::execute_io(about("read", path, |path| fs::read_to_string(path)))
}

/// Removes an empty folder. Suspends until that is done. [`std::fs::remove_dir`] on another OS
/// thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn remove_dir<P: AsRef<Path>>(path: P) -> Result<()> {
    tpool::execute_io(about("remove the folder", path, |path| fs::remove_dir(path)))
}

/// Removes a folder with all that is in it. Links are removed and not followed. Suspends until that
/// is done. [`std::fs::remove_dir_all`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> Result<()> {
    tpool::execute_io(about("remove the folder", path, |path| fs::remove_dir_all(path)))
}

/// Removes a file. Suspends until that is done. [`std::fs::remove_file`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn remove_file<P: AsRef<Path>>(path: P) -> Result<()> {
    tpool::execute_io(about("remove", path, |path| fs::remove_file(path)))
}

/// Gives a file another name in place of its own; a file that has that name is replaced. Suspends
/// until that is done. [`std::fs::rename`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    tpool::execute_io(move || fs::rename(&from, &to).map_err(cannot(|| format!("rename {from:?} to {to:?}"))))
}

/// Changes who may do what with a file. Suspends until that is done. [`std::fs::set_permissions`]
/// on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn set_permissions<P: AsRef<Path>>(path: P, permissions: Permissions) -> Result<()> {
    tpool::execute_io(about("change the permissions of", path, |path| fs::set_permissions(path, permissions)))
}

/// What is known of a file, or of a link itself. Suspends until that is done.
/// [`std::fs::symlink_metadata`] on another OS thread.
///
/// # Cancel safety
///
/// A kill or timeout loses nothing.
///
/// # Errors
///
/// std's.
#[green(crate = crate)]
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> Result<Metadata> {
    tpool::execute_io(about("ask about", path, |path| fs::symlink_metadata(path)))
}

/// Makes a file of these contents, in place of one that is there. Suspends until that is done.
/// [`std::fs::write`] on another OS thread, which gets a copy of the contents.
///
/// # Cancel safety
///
/// A kill or timeout does not stop it.
///
/// # Errors
///
/// std's; some of the contents may have been written.
#[green(crate = crate)]
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> Result<()> {
    let contents = contents.as_ref().to_owned();
    tpool::execute_io(about("write", path, |path| fs::write(path, contents)))
}
