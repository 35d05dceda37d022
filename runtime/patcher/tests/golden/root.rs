//! The crate's root: std is another crate for all of it, and its lints are taken out.
#![deny(missing_docs)]
#![forbid(
    unsafe_code,
    non_ascii_idents
)]

/// The first item.
use std::io;

mod inner {
    pub fn kind(error: &std::io::Error) -> std::io::ErrorKind {
        error.kind()
    }
}

pub fn is_gone(error: &io::Error) -> bool {
    inner::kind(error) == ::std::io::ErrorKind::BrokenPipe
}
