//! The streaming servers of gevent's tutorial: at `/` a page that is sent piece by piece, and at
//! `/poll` what a producer makes, as it makes it, until it makes nothing for a while.
//!
//! With an address (`-- 127.0.0.1:8000`) it serves there until SIGTERM or SIGINT, and something is
//! produced every second. Without, it starts on a free port, reads both, and ends.

use std::io;
use std::time::Duration;

use eventlet::http::{self, Body, Client, IntoResponse, Out, Request, Response, StatusCode};
use eventlet::{Queue, green, listen, sleep, spawn, spawn_n, wsgi};

/// How long a reader waits for more.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is produced while nobody reads; the producer waits then.
const MOST_WAITING: usize = 100;

#[green]
fn hello(out: Out) -> io::Result<()> {
    out.write("<p>Hello")?;
    out.write(" World</p>")
}

#[green]
fn produce(data: Queue<String>, pause: Duration, count: u64) {
    for n in 0..count {
        let _ = data.put(format!("Hello World {n}"));
        sleep(pause);
    }
    data.shutdown();
}

/// A line of JSON for each thing that was produced. Of several readers each has its own.
#[green]
fn poll(out: Out, data: Queue<String>) -> io::Result<()> {
    while let Ok(datum) = data.get_timeout(PATIENCE) {
        out.write(format!("{}\n", serde_json::Value::from(datum)))?;
    }
    Ok(())
}

#[green]
fn app(request: Request, data: Queue<String>) -> Response {
    match request.uri().path() {
        "/" => http::html(Body::stream(hello)),
        "/poll" => {
            ([("content-type", "application/json")], Body::stream(|out| poll(out, data))).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

/// Prints the pieces of an answer as they come.
#[green]
fn read(url: &str) -> io::Result<()> {
    let mut answer = Client::new().get(url).send()?;
    println!("{url}: {}", answer.header("transfer-encoding").unwrap_or_default());
    while let Some(piece) = answer.piece()? {
        println!("  {piece:?}");
    }
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let data = Queue::bounded(MOST_WAITING);
    let produced = data.clone();
    let app = move |request| app(request, produced.clone());
    if let Some(address) = std::env::args().nth(1) {
        spawn_n(move || produce(data, Duration::from_secs(1), u64::MAX));
        return wsgi::server(listen(address.as_str())?, app);
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, app));

    read(&format!("http://{address}/"))?;
    spawn_n(move || produce(data, Duration::from_millis(10), 3));
    read(&format!("http://{address}/poll"))?;
    handle.stop();
    serving.wait()
}
