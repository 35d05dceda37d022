//! Prints what a line says.

use eventlet::green::io::Read;
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn};
use holes::{Line, Speaks};

#[green]
fn listen(listener: TcpListener) -> String {
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    text
}

#[green]
fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = spawn(move || listen(listener));
    let mut line = Line::new(TcpStream::connect(address).unwrap());
    line.discarded();
    line.statement();
    line.in_a_closure();
    line.in_a_combinator();
    line.in_a_macro();
    line.by_default();
    drop(line);
    println!("{}", heard.wait());
}
