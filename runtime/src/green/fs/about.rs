//! Errors that say what could not be done, and with which file.

use std::path::Path;

use crate::green::io::Result;
use crate::hub::failed::cannot_now;

/// A call for another OS thread, of which an error of the operating system's says `what` could not
/// be done with `path`.
pub(in crate::green) fn about<P, T, F>(
    what: &'static str,
    path: P,
    f: F,
) -> impl FnOnce() -> Result<T> + Send + 'static
where
    P: AsRef<Path>,
    F: FnOnce(&Path) -> Result<T> + Send + 'static,
    T: 'static,
{
    // What the caller has lent does not go to the other OS thread.
    let path = path.as_ref().to_owned();
    move || f(&path).map_err(cannot_now(|| format!("{what} {path:?}")))
}
