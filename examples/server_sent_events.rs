//! A page that is told of what happens, in two ways: by server-sent events, at `/events`, and by
//! long polling, at `/wait`, where a request is answered when there is something to say.
//!
//! With an address (`-- 127.0.0.1:7000`) it serves there until SIGTERM or SIGINT, and something
//! happens every second. Without, it starts on a free port, listens to itself, and ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::http::{self, EventStream, IntoResponse, Request, Response, ServerEvent, StatusCode};
use eventlet::wsgi::{self, RequestExt};
use eventlet::{connect, green, listen, sleep, spawn, spawn_n, with_timeout};

const PAGE: &str = "<!DOCTYPE html><title>Events</title><ul></ul><script>
new EventSource('/events').addEventListener('tick', event => {
  document.querySelector('ul').append(Object.assign(document.createElement('li'), {textContent: event.data}));
});
</script>\n";

/// How long a request waits for news before it is told that there are none.
const PATIENCE: Duration = Duration::from_secs(25);

/// What has happened, and a flag that goes up when more does.
#[derive(Default)]
struct News {
    count: Cell<u64>,
    more: RefCell<Flag>,
}

impl News {
    fn tell(&self) {
        self.count.set(self.count.get() + 1);
        self.more.take().set();
    }

    /// Waits until more than this has happened.
    #[green]
    fn after(&self, seen: u64) -> u64 {
        while self.count.get() <= seen {
            let more = self.more.borrow().clone();
            more.wait();
        }
        self.count.get()
    }
}

#[green]
fn tell(events: EventStream, news: Rc<News>, mut seen: u64) -> io::Result<()> {
    loop {
        news.after(seen);
        // One by one, so that a client that comes back misses none.
        seen += 1;
        events.send(ServerEvent::new(format!("tick {seen}")).name("tick").id(seen.to_string()))?;
    }
}

#[green]
fn app(request: Request, news: Rc<News>) -> Response {
    match request.uri().path() {
        "/" => http::html(PAGE),
        "/events" => {
            let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
            let seen = last.unwrap_or(news.count.get());
            http::events(move |events| tell(events, news, seen))
        }
        "/wait" => {
            let seen = request.query("after").and_then(|seen| seen.parse().ok()).unwrap_or(0);
            match with_timeout(PATIENCE, || news.after(seen)) {
                Ok(count) => format!("{count}\n").into_response(),
                Err(_) => StatusCode::NO_CONTENT.into_response(),
            }
        }
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

#[green]
fn ask(address: SocketAddr, path: &str, more: &str) -> io::Result<TcpStream> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n")?;
    Ok(stream)
}

/// Prints the fields of so many events.
#[green]
fn listen_to(stream: TcpStream, events: usize) -> io::Result<()> {
    let mut lines = BufReader::new(stream);
    let (mut line, mut heard) = (String::new(), 0);
    while heard < events && lines.read_line(&mut line)? > 0 {
        if line.contains(": tick") || line.starts_with("id: ") {
            println!("/events: {}", line.trim_end());
        }
        heard += usize::from(line.starts_with("data: "));
        line.clear();
    }
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let news = Rc::new(News::default());
    let board = news.clone();
    let app = move |request| app(request, board.clone());
    if let Some(address) = std::env::args().nth(1) {
        spawn_n(
            #[green]
            move || {
                loop {
                    sleep(Duration::from_secs(1));
                    news.tell();
                }
            },
        );
        return wsgi::server(listen(address.as_str())?, app);
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, app));

    news.tell();
    news.tell();
    // One who has heard the first, and so is told of the second at once.
    listen_to(ask(address, "/events", "Last-Event-ID: 1\r\n")?, 1)?;

    let mut waiting = ask(address, "/wait?after=2", "")?;
    sleep(Duration::from_millis(20));
    news.tell();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer)?;
    println!("/wait: {}", answer.lines().last().unwrap_or_default());
    handle.stop();
    serving.wait()
}
