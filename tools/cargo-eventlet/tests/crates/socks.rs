//! Connections through a proxy, which is late, and answers in the place of the one that was asked for.

use eventlet::green;
use eventlet::green::io::{Read, Write};
use socks::Socks5Stream;

mod many;

#[green]
fn ask(number: u32, address: String) {
    let name = format!("n{number}.example");
    let mut stream = Socks5Stream::connect(address.as_str(), (name.as_str(), 80)).unwrap();
    stream.write_all(b"hello").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("hello from {name}"));
}

#[green]
fn main() {
    many::at_once(100, ask);
}
