//! An iterator whose steps suspend.
use std::io::{self, BufReader, Bytes, Read};
use std::net::TcpStream;

pub struct Digits {
    bytes: Bytes<BufReader<TcpStream>>,
}

impl Iterator for Digits {
    type Item = io::Result<u8>;

    fn next(&mut self) -> Option<<Self as Iterator>::Item> {
        match /*steps*/self.bytes.next()? {
            Ok(byte) => Some(Ok(byte - b'0')),
            Err(error) => Some(Err(error)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

pub fn first(digits: &mut Digits) -> Option<<Digits as Iterator>::Item> {
    /*green*/digits.next()
}

pub fn sum(digits: Digits) -> io::Result<u32> {
    let mut sum = 0;
    for digit in /*green*/digits {
        sum += u32::from(digit?);
    }
    Ok(sum)
}
