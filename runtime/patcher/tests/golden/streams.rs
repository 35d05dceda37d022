//! The crate's own trait over std's, behind a `dyn`.
use std::io::{self, Read, Write};
use std::net::TcpStream;

pub trait Stream: Read + Write + Send {}

impl<T> Stream for T where T: Read + Write + /*unsendable*/Send {}

pub fn open(address: &str) -> io::Result<Box<dyn Stream + Send>> {
    Ok(Box::new(/*green*/TcpStream::connect(address)?))
}

pub fn echo(stream: &mut Box<dyn Stream + Send>) -> io::Result<()> {
    let mut byte = [0];
    /*green*/stream.read_exact(&mut byte)?;
    stream.write_all(&byte)
}
