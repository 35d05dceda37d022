#![cfg_attr(rustfmt, rustfmt_skip)]
//! `BufRead`, `Seek` and `ToSocketAddrs` of the crate's own types.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::vec;

pub struct Host(pub String);

impl ToSocketAddrs for Host {
    type Iter = vec::IntoIter<SocketAddr>;

    #[::eventlet::green] fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (self.0.as_str(), 80).to_socket_addrs()
    }
}

#[::eventlet::green] pub fn connect(host: &Host) -> io::Result<TcpStream> {
    /*green*/TcpStream::connect(host)
}

pub struct Whole<R>(pub R);

impl<R: Read> Read for Whole<R> {
    #[::eventlet::green] fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R: BufRead> BufRead for Whole<R> {
    #[::eventlet::green] fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<R: Seek> Seek for Whole<R> {
    #[::eventlet::green] fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
