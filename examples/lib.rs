//! The examples stand beside this file, one program each; `cargo run -p eventlet-examples --example
//! NAME` runs one. What a program prints, where that is always the same, is in `NAME.out`, and
//! `outputs.rs` checks it.

use std::io;

pub mod http;
pub mod site;

/// The `PORT` of `--port PORT` among the program's arguments, if there are any.
///
/// # Errors
///
/// `InvalidInput`, with the usage, for any other arguments.
pub fn port_to_serve() -> io::Result<Option<u16>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.as_slice() {
        [] => return Ok(None),
        [option, port] if option == "--port" => port.parse().ok(),
        _ => None,
    };
    let usage = "usage: nothing, for a demonstration; or `--port PORT`, to serve there until stopped";
    port.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, usage))
}
