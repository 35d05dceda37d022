//! WebSockets with Python's `websockets` and a browser at the other end.

use std::time::Duration;

use eventlet::event::Flag;
use eventlet::http::{self, IntoResponse, Request, Response};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Acceptor, Client, Deflate, Message, Options, WebSocket, WebSocketWsgi};
use eventlet::wsgi::Server;
use eventlet::{green, sleep, with_timeout};
use eventlet_peer_tests::{Files, LIMIT, Program};
use eventlet_web_tests::Site;

#[green]
fn echo(ws: WebSocket) -> websocket::Result<()> {
    while let Some(message) = ws.recv()? {
        ws.send(message)?;
    }
    Ok(())
}

/// A client that talks with an echo server, with and without compression.
const CLIENT: &str = r#"
import asyncio, os, sys, websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

async def talk(extensions, **options):
    async with websockets.connect(sys.argv[1], extensions=extensions, compression=None, max_size=None,
                                  subprotocols=["none", "chat"], **options) as ws:
        assert ws.subprotocol == "chat", ws.subprotocol
        noise = os.urandom(100_000)
        for message in ["", "hello", "Grüße 世界", "again and again; " * 5_000, b"", noise, bytes(300_000)]:
            for _ in range(2):
                await ws.send(message)
                assert await ws.recv() == message
        await ws.send(["in ", "several ", "frames"])
        assert await ws.recv() == "in several frames"
        await (await ws.ping("still there?"))
        names = [extension.name for extension in ws.protocol.extensions]
        assert names == ["permessage-deflate"] * (extensions is not None), names
    assert ws.close_code == 1000, ws.close_code
    print("well so far", flush=True)

async def main():
    await talk(None)
    await talk([Deflate(client_max_window_bits=True)])
    await talk([Deflate(server_no_context_takeover=True, client_no_context_takeover=True)])
    await talk([Deflate(server_max_window_bits=9, client_max_window_bits=10)])
    async with websockets.connect(sys.argv[1], subprotocols=["chat"], max_size=None) as ws:
        await ws.send(bytes(5_000_000))
        try:
            await ws.recv()
        except websockets.ConnectionClosedError as error:
            assert error.rcvd.code == 1009, error
    print("all is well")

asyncio.run(main())
"#;

/// An echo server that prints its port.
const SERVER: &str = r#"
import asyncio, websockets

async def echo(ws):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    print("closed with", ws.close_code, ws.close_reason, flush=True)

async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None, subprotocols=["chat"]) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()

asyncio.run(main())
"#;

#[test]
fn a_client_of_pythons_talks_with_the_server() {
    #[green]
    fn scenario() {
        let acceptor = Acceptor::new().protocols(["chat"]).options(Options::new().max_message(4 << 20));
        let site = Site::new(Server::new(), WebSocketWsgi::configured(echo, acceptor));
        let url = format!("ws://{}/", site.address);
        let mut client = Program::start("python3", &["-c", CLIENT, &url]);
        with_timeout(3 * LIMIT, || async { client.until("all is well").await.len() })
            .expect("it ends in time");
        drop(client);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_client_talks_with_a_server_of_pythons() {
    #[green]
    fn scenario() {
        let mut server = Program::start("python3", &["-c", SERVER]);
        let line = server.line("port");
        let port = line.split_whitespace().last().unwrap();
        let url = format!("ws://127.0.0.1:{port}/");
        let small = Deflate::new().server_max_window_bits(9).client_max_window_bits(10);
        for deflate in [None, Some(Deflate::new()), Some(small)] {
            let is_deflated = deflate.is_some();
            let client =
                Client::new().protocols(["chat"]).options(Options::new().deflate(deflate).fragment(10_000));
            let ws = client.connect(&url).unwrap();
            assert_eq!((ws.is_deflated(), ws.protocol()), (is_deflated, Some("chat")));
            let long = "again and again; ".repeat(20_000);
            for message in [Message::from(""), "Grüße".into(), long.into(), vec![7; 100_000].into()] {
                for _ in 0..2 {
                    ws.send(&message).unwrap();
                    let echo = with_timeout(LIMIT, || ws.recv()).expect("an answer in time");
                    assert!(echo.unwrap() == Some(message.clone()));
                }
            }
            ws.ping(b"still there?").unwrap();
            ws.close_with(websocket::CloseCode::new(4000).unwrap(), "enough").unwrap();
            assert_eq!(ws.close_frame().unwrap().to_string(), "4000 (enough)");
            assert_eq!(server.line("closed"), "closed with 4000 enough");
        }
    }
    run_clean(scenario);
}

/// The page of the example `websocket_chat`, in a browser that says something and shows what it has
/// heard.
#[test]
fn a_page_in_a_browser_talks_with_the_server() {
    const PAGE: &str = include_str!("../../examples/websocket_chat.html");
    #[green]
    fn app(request: Request, is_told: Flag) -> Response {
        match request.uri().path() {
            "/chat" => websocket::accept(&request, |ws| chat(ws, is_told)),
            // The browser shows what is there when the page is whole: with this, after it has heard.
            "/wait" => {
                is_told.wait();
                sleep(Duration::from_millis(500));
                ().into_response()
            }
            _ => http::html(format!("{PAGE}<script src=/wait></script>")),
        }
    }
    #[green]
    fn chat(ws: WebSocket, is_told: Flag) -> websocket::Result<()> {
        while let Some(message) = ws.recv()? {
            let text = message.as_text().unwrap_or_default();
            ws.send(format!("{text}, from {:?}, deflate: {}", ws.origin().is_some(), ws.is_deflated()))?;
            is_told.set();
        }
        Ok(())
    }
    #[green]
    fn scenario() {
        let is_told = Flag::new();
        let site = Site::new(Server::new(), move |request| app(request, is_told.clone()));
        let url = format!("http://{}/?name=anna&say=Gr%C3%BC%C3%9Fe", site.address);
        let home = Files::new("chromium").unwrap();
        let data = format!("--user-data-dir={}", home.path("profile"));
        let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", &data];
        let mut arguments = flags.to_vec();
        arguments.extend(["--dump-dom", &url]);
        let mut browser = Program::start("chromium", &arguments);
        with_timeout(3 * LIMIT, || async {
            browser.until("<p>anna: Grüße, from true, deflate: true</p>").await.len()
        })
        .expect("the page hears in time");
        drop(browser);
        site.end();
    }
    run_clean(scenario);
}
