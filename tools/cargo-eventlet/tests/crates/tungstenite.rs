//! A WebSocket each, with a message there and one back.

use eventlet::green;
use eventlet::green::net::TcpStream;
use tungstenite::Message;

mod many;

#[green]
fn ask(number: u32, address: String) {
    let stream = TcpStream::connect(&address).unwrap();
    let (mut socket, _answer) = tungstenite::client(format!("ws://{address}/"), stream).unwrap();
    socket.send(Message::text(format!("ask {number}"))).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text(format!("ask {number}, late")));
    socket.close(None).unwrap();
}

#[green]
fn main() {
    many::at_once(50, ask);
}
