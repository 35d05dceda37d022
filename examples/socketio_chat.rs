//! A chat with rooms over Socket.IO: what one participant says, all in the room hear.
//!
//! With an address (`-- 127.0.0.1:7000`) it serves there until SIGTERM or SIGINT; the page is at
//! `/`. Its browsers load the client from where npm's packages are to be had, or from the file that
//! a second argument names (`socket.io-client/dist/socket.io.min.js`). Without an address it starts
//! on a free port, lets three participants talk, and ends.

use std::io;

use eventlet::http::{self, Request, Response};
use eventlet::socketio::{Event, Reason, Server, Socket, Value, json};
use eventlet::websocket::{self, WebSocket};
use eventlet::wsgi::{self, Router};
use eventlet::{green, listen, spawn};

const PAGE: &str = include_str!("socketio_chat.html");
const CLIENT: &str = "https://cdn.socket.io/4.8.4/socket.io.min.js";

/// Who a participant is, and where.
struct Participant {
    name: String,
    room: String,
}

/// Lets in whoever says a name.
#[green]
fn enter(socket: Socket, auth: Value) -> Result<(), &'static str> {
    let text = |field| auth.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(name) = text("name") else { return Err("say your name") };
    let room = text("room").unwrap_or("hall");
    socket.enter_room(room);
    socket.to(room).emit("came", name);
    let here: Vec<Value> = names(&socket, room);
    socket.emit("welcome", json!({ "room": room, "others": Value::Array(here).to_json() }));
    socket.save_session(Participant { name: name.to_owned(), room: room.to_owned() });
    Ok(())
}

/// Who is in a room.
fn names(socket: &Socket, room: &str) -> Vec<Value> {
    let others = socket.to(room).sockets();
    let known = others.iter().filter_map(|other| other.session::<Participant>());
    known.map(|participant| participant.name.as_str().into()).collect()
}

/// Passes a line on, and acknowledges it with how many hear it.
#[green]
fn say(socket: Socket, event: Event) -> Option<usize> {
    let participant = socket.session::<Participant>()?;
    let line = event.data().as_str()?;
    let others = socket.to(&participant.room);
    others.emit("said", json!({ "name": participant.name, "line": line }));
    Some(others.sockets().len())
}

#[green]
fn leave(socket: Socket, _reason: Reason) {
    if let Some(participant) = socket.session::<Participant>() {
        socket.to(&participant.room).emit("left", participant.name.as_str());
    }
}

#[green]
fn page(_request: Request) -> Response {
    http::html(PAGE)
}

#[green]
fn client(_request: Request) -> io::Result<Response> {
    match std::env::args().nth(2) {
        Some(path) => {
            let script = eventlet::green::fs::read(path)?;
            let mut response = Response::new(script.into());
            let kind = http::HeaderValue::from_static("text/javascript");
            response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            Ok(response)
        }
        None => Ok(http::redirect(CLIENT)),
    }
}

#[green]
fn main() -> io::Result<()> {
    let io = Server::new();
    io.on_connect(enter).on("say", say).on_disconnect(leave);
    let site = Router::new().get("/", page).get("/client.js", client).mount("/socket.io", io.clone());
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, site);
    }
    let listener = listen("127.0.0.1:0")?;
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", listener.local_addr()?);
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, site));

    // The packets as they are: what a client of Socket.IO says for its program.
    let anna = arrive(&url, "anna")?;
    let ben = arrive(&url, "ben")?;
    println!("anna hears {}", event(&anna)?);
    let cleo = arrive(&url, "cleo")?;
    println!("anna hears {}", event(&anna)?);
    println!("ben hears {}", event(&ben)?);
    ben.send("427[\"say\",\"hello, everybody\"]")?;
    for (name, participant) in [("anna", &anna), ("cleo", &cleo)] {
        println!("{name} hears {}", event(participant)?);
    }
    println!("ben is told {}", event(&ben)?);
    ben.close()?;
    println!("cleo hears {}", event(&cleo)?);
    anna.close()?;
    cleo.close()?;
    handle.stop();
    serving.wait()?;
    println!("{} are left", io.clients());
    Ok(())
}

/// A participant who has been welcomed.
#[green]
fn arrive(url: &str, name: &str) -> io::Result<WebSocket> {
    let ws = websocket::connect(url)?;
    event(&ws)?;
    ws.send(format!("40{{\"name\":\"{name}\"}}"))?;
    event(&ws)?;
    println!("{name} hears {}", event(&ws)?);
    Ok(ws)
}

#[green]
fn event(ws: &WebSocket) -> io::Result<String> {
    let message = ws.recv()?;
    Ok(message.and_then(|message| message.into_text()).unwrap_or_default())
}
