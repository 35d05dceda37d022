//! What cannot suspend waits where it stands.
use std::fmt;
use std::io::Write;
use std::net::TcpStream;

pub struct Session(TcpStream);

impl Drop for Session {
    fn drop(&mut self) {
        let _ = /*green*/self.0.write_all(b"QUIT");
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = /*green*/(&self.0).write_all(b"STAT");
        f.write_str("a session")
    }
}

pub fn farewell(session: TcpStream) -> Box<dyn FnMut()> {
    let mut session = session;
    Box::new(move || {
        let _ = /*green*/session.write_all(b"BYE");
    })
}
