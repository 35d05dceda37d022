#![cfg_attr(rustfmt, rustfmt_skip)]
//! An iterator whose steps suspend.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; #[allow(unused_imports)] use ::eventlet::prelude::*; use std::io::{self, BufReader, Bytes, Read};
use std::net::TcpStream;

pub struct Digits {
    bytes: Bytes<BufReader<TcpStream>>,
}

impl ::eventlet::GreenIterator for Digits {
    type Item = io::Result<u8>;

    #[::eventlet::green] fn next(&mut self) -> Option<<Self as ::eventlet::GreenIterator>::Item> {
        match /*steps*/self.bytes.next()? {
            Ok(byte) => Some(Ok(byte - b'0')),
            Err(error) => Some(Err(error)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

#[::eventlet::green] pub fn first(digits: &mut Digits) -> Option<<Digits as ::eventlet::GreenIterator>::Item> {
    /*green*/digits.next()
}

#[::eventlet::green] pub fn sum(digits: Digits) -> io::Result<u32> {
    let mut sum = 0;
    for digit in /*green*/digits {
        sum += u32::from(digit?);
    }
    Ok(sum)
}
