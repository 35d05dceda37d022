//! std's combinators have green twins.
use std::io::{self, Read};
use std::net::TcpStream;

pub mod client {
    use super::*;

    pub fn connect(address: Option<&str>) -> Option<io::Result<TcpStream>> {
        address.map(|address| /*green*/TcpStream::connect(address))
    }
}

pub fn word(address: Option<&str>) -> Option<io::Result<u16>> {
    address.map(/*green*/twice)
}

fn twice(address: &str) -> io::Result<u16> {
    let stream = /*green*/TcpStream::connect(address);
    Ok(u16::from(/*green*/byte(stream)?) * 2)
}

pub fn byte(stream: io::Result<TcpStream>) -> io::Result<u8> {
    stream.and_then(|mut stream| {
        let mut byte = [0];
        /*green*/stream.read_exact(&mut byte)?;
        Ok(byte[0])
    })
}
