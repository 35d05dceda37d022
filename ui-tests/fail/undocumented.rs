//! A function that has only an attribute for rustdoc has no documentation.

#![deny(missing_docs)]

use eventlet::green;

/// Has some.
#[green]
#[doc(alias = "paper")]
pub fn documented() {}

#[green]
#[doc(alias = "paper")]
pub fn undocumented() {}

fn main() {}
