//! Functions that call each other: one of them has its calls on the heap.
use std::io;
use std::net::TcpStream;

pub fn connect(address: &str, redirects: u32) -> io::Result<TcpStream> {
    match /*green*/TcpStream::connect(address) {
        Err(_) if redirects > 0 => /*green*/redirect(redirects - 1),
        stream => stream,
    }
}

fn redirect(redirects: u32) -> io::Result<TcpStream> {
    /*boxed*/connect("127.0.0.1:1", redirects)
}
