// A call of std that waits stops every green thread of the hub.
#![deny(warnings)]
use eventlet::green;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[green]
fn waits() -> io::Result<()> {
    std::thread::sleep(Duration::ZERO); //~ ERROR it stops every green thread of this hub
    thread::sleep(Duration::ZERO); //~ ERROR it stops every green thread of this hub
    let mut stream = TcpStream::connect("localhost:1")?; //~ ERROR it stops every green thread of this hub
    stream.read(&mut [0])?; //~ ERROR it stops every green thread of this hub
    let listener = TcpListener::bind("localhost:0")?;
    let (_client, _address) = listener.accept()?; //~ ERROR it stops every green thread of this hub
    io::stdin().read_line(&mut String::new())?; //~ ERROR it stops every green thread of this hub
    Command::new("true").arg("-v").status()?; //~ ERROR it stops every green thread of this hub
    let mut child = Command::new("true").spawn()?;
    child.wait()?; //~ ERROR it stops every green thread of this hub
    let (_sender, receiver) = mpsc::channel::<u32>();
    let _ = receiver.recv(); //~ ERROR it stops every green thread of this hub
    let handle = thread::spawn(|| 3);
    let _ = handle.join(); //~ ERROR it stops every green thread of this hub
    Ok(())
}

/// The same names on other types, and the green twins, are nobody's mistake.
#[green]
fn harmless(mut list: &[u8]) -> io::Result<String> {
    list.read(&mut [0])?;
    let words = ["a", "b"];
    eventlet::green::thread::sleep(Duration::ZERO);
    let child = eventlet::spawn(|| eventlet::sleep(Duration::ZERO));
    let _ = child.join();
    Ok(words.join("-"))
}

#[green]
fn main() {
    waits().unwrap();
    harmless(&[1]).unwrap();
}
