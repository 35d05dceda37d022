//! WebSockets: raw bytes at one end, and this crate at both.

mod client;
mod handshake;
mod limits;
mod raw;
mod sharing;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::websocket::{self, Acceptor, Options, WebSocket, WebSocketWsgi};
use eventlet::wsgi::Server;
use eventlet::{connect, green};
use eventlet_web_tests::Site;

/// The key of the RFC's example, and what is answered to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A client's handshake, with more headers.
fn hello(more: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )
}

/// The answer to that, with more headers.
fn welcome(more: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {ACCEPT}\r\n{more}\r\n"
    )
}

/// A client's frame with a key of zeros: its payload is what it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A client's close.
fn close(code: u16) -> Vec<u8> {
    frame(0x88, &code.to_be_bytes())
}

/// A server's close, with a reason.
fn closed(code: u16, reason: &str) -> Vec<u8> {
    let mut frame = vec![0x88, 2 + reason.len() as u8];
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    frame
}

#[green]
fn echo(ws: WebSocket) -> websocket::Result<()> {
    while let Some(message) = ws.recv()? {
        ws.send(message)?;
    }
    Ok(())
}

/// What a test is told of.
type Notes = Rc<RefCell<Vec<String>>>;

/// A server of echoes.
#[green]
fn echoes(options: Options) -> Site {
    Site::new(Server::new(), WebSocketWsgi::configured(echo, Acceptor::new().options(options)))
}

/// A client that has shaken hands byte for byte.
#[green]
fn shaken(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).unwrap();
    stream.write_all(hello("").as_bytes()).unwrap();
    head_of(&mut stream);
    stream
}

/// Reads the head of an answer, without the date, and nothing beyond it.
#[green]
fn head_of(stream: &mut TcpStream) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap() == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    head.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

/// All that comes until the end.
#[green]
fn rest_of(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = vec![];
    // A reset after the last word is as good as an end.
    let _ = stream.read_to_end(&mut rest);
    rest
}
