//! The examples stand beside this file, one program each; `cargo run -p eventlet-examples --example NAME` runs one.
