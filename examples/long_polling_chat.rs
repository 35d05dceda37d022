//! gevent's `webchat`: a chat in the browser without WebSockets. A page asks for what was said after
//! what it has, and its request waits until somebody says something.
//!
//! With an address (`-- 127.0.0.1:8000`) it serves there until SIGTERM or SIGINT; the page is at `/`.
//! Without, it starts on a free port, lets two participants talk, and ends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::http::{self, Client, IntoResponse, Json, Request, Response, StatusCode};
use eventlet::wsgi::{self, RequestExt, Router};
use eventlet::{green, listen, spawn, with_timeout};
use serde::Serialize;

const PAGE: &str = include_str!("long_polling_chat.html");

/// How long a request waits before it is told that nothing was said. Proxies give up after a minute.
const PATIENCE: Duration = Duration::from_secs(25);

/// So many messages are kept for those who come later.
const MOST_KEPT: usize = 200;

/// In bytes.
const LONGEST_TEXT: usize = 1000;

#[derive(Clone, Serialize)]
struct Message {
    id: u64,
    text: String,
}

/// What was said, and a flag that goes up when more is.
#[derive(Default)]
struct Room {
    said: RefCell<VecDeque<Message>>,
    last: Cell<u64>,
    more: RefCell<Flag>,
}

impl Room {
    fn say(&self, text: String) -> u64 {
        let id = self.last.get() + 1;
        self.last.set(id);
        let mut said = self.said.borrow_mut();
        said.push_back(Message { id, text });
        if said.len() > MOST_KEPT {
            said.pop_front();
        }
        self.more.take().set();
        id
    }

    /// What was said after this; waits until something is.
    #[green]
    fn after(&self, id: u64) -> Vec<Message> {
        while self.last.get() <= id {
            let more = self.more.borrow().clone();
            more.wait();
        }
        self.said.borrow().iter().filter(|message| message.id > id).cloned().collect()
    }
}

#[green]
fn say(room: Rc<Room>, request: Request) -> io::Result<Response> {
    let form = wsgi::form(request)?;
    let text = form.into_iter().find(|(name, _)| name == "text").map(|(_, text)| text);
    match text.filter(|text| (1..=LONGEST_TEXT).contains(&text.len())) {
        Some(text) => Ok(Json(room.say(text)).into_response()),
        None => Ok((StatusCode::BAD_REQUEST, "say something\n").into_response()),
    }
}

#[green]
fn updates(room: Rc<Room>, request: Request) -> Response {
    let after = request.query("after").and_then(|id| id.parse().ok()).unwrap_or(0);
    // Whoever leaves while they wait is forgotten: their handler is killed here.
    let said = with_timeout(PATIENCE, || room.after(after)).unwrap_or_default();
    Json(said).into_response()
}

#[green]
fn page(_request: Request) -> Response {
    http::html(PAGE)
}

fn router(room: &Rc<Room>) -> Router {
    let (saying, hearing) = (room.clone(), room.clone());
    Router::new()
        .get("/", page)
        .post("/new", move |request| say(saying.clone(), request))
        .get("/updates", move |request| updates(hearing.clone(), request))
}

#[green]
fn hear(client: Client, url: String, after: u64) -> io::Result<String> {
    Ok(client.get(format!("{url}/updates?after={after}")).send()?.text()?)
}

#[green]
fn main() -> io::Result<()> {
    let app = router(&Rc::default());
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, app);
    }
    let listener = listen("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, app));

    let client = Client::new();
    let send = |text: &str| client.post(format!("{url}/new")).form([("text", text)]);
    println!("anna says {}", send("is anybody here?").send()?.text()?);
    println!("ben hears {}", hear(client.clone(), url.clone(), 0)?);
    // Asked before anything is said.
    let (asking, at) = (client.clone(), url.clone());
    let waiting = spawn(move || hear(asking, at, 1));
    println!("ben says {}", send("Gr\u{fc}\u{df}e").send()?.text()?);
    println!("anna hears {}", waiting.wait()?);
    println!("nothing is {}", send("").send()?.status());
    handle.stop();
    serving.wait()
}
