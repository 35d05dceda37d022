//! Socket.IO: raw requests and messages at the other end.

mod events;
mod limits;
mod servers;
mod transports;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use eventlet::green::io::Write;
use eventlet::socketio::{Args, Event, Options, Reason, Server, Socket};
use eventlet::websocket::{self, Message, WebSocket};
use eventlet::{connect, green};
use eventlet_web_tests::{Site, answer_of};

/// What a test is told of.
type Notes = Rc<RefCell<Vec<String>>>;

/// Gives the event back, and acknowledges it with its arguments.
#[green]
fn echo(socket: Socket, event: Event) -> Args {
    socket.emit("echo", event.args.clone());
    event.args
}

/// A server that echoes `echo`, and notes who goes and why.
fn echoing(options: Options) -> (Server, Notes) {
    let io = Server::configured(options);
    let notes = Notes::default();
    let noted = notes.clone();
    io.on("echo", echo);
    io.on_disconnect(move |_socket: Socket, reason: Reason| {
        noted.borrow_mut().push(reason.to_string());
        async {}
    });
    (io, notes)
}

/// A site of that.
#[green]
fn echoes(options: Options) -> (Site, Notes) {
    let (io, notes) = echoing(options);
    (Site::new(eventlet::wsgi::Server::new(), io), notes)
}

/// One request on a connection of its own: the answer's status, and its body.
#[green]
fn ask(address: SocketAddr, method: &str, query: &str, body: &str) -> (u16, String) {
    let (status, _, body) = ask_with(address, method, query, "", body);
    (status, body)
}

/// The same with more headers in the request, and the answer's head.
#[green]
fn ask_with(address: SocketAddr, method: &str, query: &str, more: &str, body: &str) -> (u16, String, String) {
    let mut stream = connect(address).unwrap();
    let length = body.len();
    let head = format!("{method} /?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}");
    let request = match method {
        "POST" => format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        _ => format!("{head}\r\n"),
    };
    stream.write_all(request.as_bytes()).unwrap();
    let answer = answer_of(stream);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head.to_owned(), body.to_owned())
}

/// What is asked with when a client begins to poll.
const POLLING: &str = "EIO=4&transport=polling";

/// A client that polls.
#[derive(Clone)]
struct Poller {
    address: SocketAddr,
    query: String,
}

impl Poller {
    /// One that has begun.
    #[green]
    fn open(site: &Site) -> Poller {
        let (status, greeting) = ask(site.address, "GET", POLLING, "");
        assert_eq!(status, 200, "{greeting}");
        Poller { address: site.address, query: format!("{POLLING}&sid={}", sid_of(&greeting)) }
    }

    /// One that is in the namespace `/`, and its id there.
    #[green]
    fn join(site: &Site) -> (Poller, String) {
        let poller = Poller::open(site);
        poller.send("40");
        let welcome = poller.poll();
        assert!(welcome.starts_with("40{\"sid\":\""), "{welcome}");
        (poller, sid_of(&welcome))
    }

    #[green]
    fn get(&self) -> (u16, String) {
        ask(self.address, "GET", &self.query, "")
    }

    /// What the next poll is answered with.
    #[green]
    fn poll(&self) -> String {
        let (status, payload) = self.get();
        assert_eq!(status, 200, "{payload}");
        payload
    }

    #[green]
    fn post(&self, payload: &str) -> (u16, String) {
        ask(self.address, "POST", &self.query, payload)
    }

    #[green]
    fn send(&self, payload: &str) {
        assert_eq!(self.post(payload), (200, "ok".to_owned()));
    }

    /// A WebSocket for this client.
    #[green]
    fn websocket(&self) -> WebSocket {
        let query = self.query.replace("polling", "websocket");
        websocket::connect(&format!("ws://{}/?{query}", self.address)).unwrap()
    }
}

/// A client that begins with a WebSocket, and what it is greeted with.
#[green]
fn opened(site: &Site) -> (WebSocket, String) {
    let ws = websocket::connect(&format!("ws://{}/?EIO=4&transport=websocket", site.address)).unwrap();
    let greeting = heard(&ws);
    (ws, greeting)
}

/// A client in the namespace `/` by a WebSocket, and its id there.
#[green]
fn joined(site: &Site) -> (WebSocket, String) {
    let (ws, _) = opened(site);
    ws.send("40").unwrap();
    let welcome = heard(&ws);
    assert!(welcome.starts_with("40{\"sid\":\""), "{welcome}");
    (ws, sid_of(&welcome))
}

/// The next text; what is no text is shown as it is.
#[green]
fn heard(ws: &WebSocket) -> String {
    match ws.recv() {
        Ok(Some(Message::Text(text))) => text,
        other => format!("{other:?}"),
    }
}

/// The identifier in a greeting.
fn sid_of(greeting: &str) -> String {
    let (_, rest) = greeting.split_once("\"sid\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}
