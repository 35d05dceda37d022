//! Green functions: the attribute stands behind those that are there, on the same line.
use std::io::{self, Read};
use std::net::TcpStream;

pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Reads a byte.
    #[inline]
    pub(crate) fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        /*green*/self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

pub fn word(client: &mut Client) -> io::Result<u16> {
    let high = /*green*/client.byte()?;
    let low = /*green*/client.byte()?;
    Ok(u16::from_be_bytes([high, low]))
}
