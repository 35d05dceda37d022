//! TCP, UDP and Unix sockets, on every kind of hub.

mod connect;
mod datagrams;
mod limits;
mod names;
mod sharing;
mod stream;
mod unix;

use std::rc::Rc;

use eventlet::green::io::Read;
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn};
use eventlet_tests::note;

/// Both ends of a connection.
#[green]
fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = spawn(move || TcpStream::connect(address));
    let (accepted, peer) = listener.accept().unwrap();
    let client = client.wait().unwrap();
    assert_eq!(client.local_addr().unwrap(), peer);
    (client, accepted)
}

/// Reads so many bytes and gives them as text.
#[green]
fn read_text(mut stream: &TcpStream, count: usize) -> String {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads once and notes what came of it.
#[green]
fn note_read(name: &str, stream: Rc<TcpStream>) {
    let mut buf = [0; 64];
    match (&*stream).read(&mut buf) {
        Ok(count) => note(format!("{name} read {:?}", String::from_utf8_lossy(&buf[..count]))),
        Err(error) => note(format!("{name} got {:?}", error.kind())),
    }
}

/// Bytes in which a lost or doubled part shows.
fn pattern(length: usize) -> Vec<u8> {
    let period: Vec<u8> =
        (0..65_521_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut bytes = period.repeat(length.div_ceil(period.len()));
    bytes.truncate(length);
    bytes
}

/// A path for a socket, which is removed in the end.
struct SocketPath(std::path::PathBuf);

fn socket_path(what: &str, hub: String) -> SocketPath {
    let name = format!("eventlet-{what}-{hub}-{}-{:?}", std::process::id(), std::thread::current().id());
    SocketPath(std::env::temp_dir().join(name))
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
