//! eventlet's `websocket_chat.py`: a chat in the browser. What one participant says, all hear.
//!
//! With an address (`-- 127.0.0.1:7000`) it serves there until SIGTERM or SIGINT; the page is at
//! `/`. Without, it starts on a free port, lets three participants talk, and ends.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use eventlet::http::{self, IntoResponse, Request, Response, StatusCode};
use eventlet::websocket::{self, Message, WebSocket};
use eventlet::{Queue, branch, green, listen, spawn, wsgi};

const PAGE: &str = include_str!("websocket_chat.html");

/// So many lines may wait for a participant who is slow to read. Who is further behind misses
/// lines, and holds nobody up.
const MOST_LINES: usize = 100;

/// What everybody who is here is to hear yet. Green threads share it without a lock.
type Participants = Rc<RefCell<Vec<Queue<Message>>>>;

#[green]
fn take_part(ws: WebSocket, participants: Participants) -> websocket::Result<()> {
    let lines = Queue::bounded(MOST_LINES);
    participants.borrow_mut().push(lines.clone());
    // One call says, and one hears: the first that ends ends both.
    let result = match branch::race(|| speak(&ws, &participants), || hear(&ws, &lines)) {
        branch::Race2::First(result) | branch::Race2::Second(result) => result,
    };
    participants.borrow_mut().retain(|other| *other != lines);
    result
}

/// Passes on what a participant says, until they leave.
#[green]
fn speak(ws: &WebSocket, participants: &Participants) -> websocket::Result<()> {
    while let Some(line) = ws.recv()? {
        for other in &*participants.borrow() {
            let _ = other.try_put(line.clone());
        }
    }
    Ok(())
}

#[green]
fn hear(ws: &WebSocket, lines: &Queue<Message>) -> websocket::Result<()> {
    while let Ok(line) = lines.get() {
        ws.send(line)?;
    }
    Ok(())
}

#[green]
fn app(request: Request, participants: Participants) -> Response {
    match request.uri().path() {
        "/" => http::html(PAGE),
        "/chat" => websocket::accept(&request, move |ws| take_part(ws, participants)),
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

#[green]
fn main() -> io::Result<()> {
    let participants = Participants::default();
    let room = participants.clone();
    let app = move |request| app(request, room.clone());
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, app);
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, app));

    let url = format!("ws://{address}/chat");
    let mut everybody = vec![];
    for name in ["anna", "ben", "cleo"] {
        let ws = websocket::connect(&url)?;
        ws.send(format!("{name} is here"))?;
        // Whoever hears themselves is in the room.
        everybody.push((name, ws));
        for (hearer, ws) in &everybody {
            println!("{hearer} hears {:?}", ws.recv()?.expect("a line"));
        }
    }
    everybody[1].1.send("hello, everybody")?;
    for (hearer, ws) in &everybody {
        println!("{hearer} hears {:?}", ws.recv()?.expect("a line"));
    }
    for (_, ws) in everybody {
        ws.close()?;
    }
    handle.stop();
    serving.wait()?;
    println!("{} are left", participants.borrow().len());
    Ok(())
}
