//! Holds the ui-tests of the macro; see `ui.rs`.
