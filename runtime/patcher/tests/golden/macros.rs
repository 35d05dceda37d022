//! A macro of the crate's, whose arguments make green calls.
use std::io::{self, Read};
use std::net::TcpStream;

macro_rules! tri {
    ($e:expr) => {
        match $e {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

pub fn byte(stream: &mut TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    /*macro*/tri!(stream.read_exact(&mut byte));
    Ok(byte[0])
}
