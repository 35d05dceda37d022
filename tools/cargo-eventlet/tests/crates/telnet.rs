//! A line there, and one back.

use eventlet::green;
use telnet::{Event, Telnet};

mod many;

#[green]
fn ask(number: u32, address: String) {
    let (host, port) = address.split_once(':').unwrap();
    let mut line = Telnet::connect((host, port.parse().unwrap()), 256).unwrap();
    line.write(format!("n{number}\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    while answer.last() != Some(&b'\n') {
        match line.read().unwrap() {
            Event::Data(bytes) => answer.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answer, format!("it is n{number}\n").into_bytes());
}

#[green]
fn main() {
    many::at_once(100, ask);
}
