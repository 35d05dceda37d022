#![cfg_attr(rustfmt, rustfmt_skip)]
//! What cannot suspend waits where it stands.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::fmt;
use std::io::Write;
use std::net::TcpStream;

pub struct Session(TcpStream);

impl Drop for Session {
    #[::eventlet::green(in_place)] fn drop(&mut self) {
        let _ = /*green*/self.0.write_all(b"QUIT");
    }
}

impl fmt::Display for Session {
    #[::eventlet::green(in_place)] fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = /*green*/(&self.0).write_all(b"STAT");
        f.write_str("a session")
    }
}

#[::eventlet::green(in_place)] pub fn farewell(session: TcpStream) -> Box<dyn FnMut()> {
    let mut session = session;
    Box::new(#[::eventlet::green(in_place)] move || {
        let _ = /*green*/session.write_all(b"BYE");
    })
}
