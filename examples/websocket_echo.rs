//! eventlet's `websocket.py`: `/echo` sends back what it gets, `/data` a number every so often, for
//! the graph that the page at `/` draws.
//!
//! With an address (`-- 127.0.0.1:7000`) it serves there until SIGTERM or SIGINT. Without, it
//! starts on a free port, is its own client, and ends.

use std::io;
use std::time::Duration;

use eventlet::http::{self, IntoResponse, Request, Response, StatusCode};
use eventlet::websocket::{self, Acceptor, Options, WebSocket};
use eventlet::{green, listen, sleep, spawn, wsgi};

const PAGE: &str = include_str!("websocket_echo.html");

#[green]
fn echo(ws: WebSocket) -> websocket::Result<()> {
    while let Some(message) = ws.recv()? {
        ws.send(message)?;
    }
    Ok(())
}

/// Ten thousand numbers, of which each is near the one before.
#[green]
fn data(ws: WebSocket, pause: Duration) -> websocket::Result<()> {
    let (mut value, mut seed) = (50_i32, 1_u32);
    for n in 0..10_000 {
        // Numbers that are always the same, so that what this prints is.
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        value = (value + (seed >> 16) as i32 % 11 - 5).clamp(0, 100);
        ws.send(format!("0 {n} {value}\n"))?;
        sleep(pause);
    }
    Ok(())
}

#[green]
fn app(request: Request) -> Response {
    match request.uri().path() {
        "/" => http::html(PAGE),
        // More than the 8 MiB that a message has if nothing is said.
        "/echo" => Acceptor::new().options(Options::new().max_message(32 << 20)).accept(&request, echo),
        "/data" => websocket::accept(&request, |ws| data(ws, Duration::from_millis(100))),
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

#[green]
fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, app);
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, app));

    let ws = websocket::connect(&format!("ws://{address}/echo"))?;
    for text in ["hello", "Gr\u{fc}\u{df}e", ""] {
        ws.send(text)?;
        println!("/echo: {:?}", ws.recv()?.expect("an echo"));
    }
    ws.close()?;
    println!("/echo: closed with {}", ws.close_frame().expect("it has ended"));

    let ws = websocket::connect(&format!("ws://{address}/data"))?;
    for _ in 0..3 {
        let line = ws.recv()?.and_then(websocket::Message::into_text).unwrap_or_default();
        println!("/data: {}", line.trim_end());
    }
    // Whoever has seen enough goes, and the sender's next number is an end of it.
    drop(ws);
    match websocket::connect(&format!("ws://{address}/elsewhere")) {
        Err(error) => println!("/elsewhere: {error}"),
        Ok(_) => println!("/elsewhere: a WebSocket"),
    }
    handle.stop();
    serving.wait()
}
