//! Holds the ui-tests of the macro; see `ui.rs`. The examples here are green functions in earlier editions.
//!
//! ```edition2018
#![doc = include_str!("editions.rs")]
//! ```
//!
//! ```edition2021
#![doc = include_str!("editions.rs")]
//! ```
