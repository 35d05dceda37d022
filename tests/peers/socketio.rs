//! Socket.IO with npm's client in Node and in a browser, and with Python's, at the other end.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use eventlet::http::{self, IntoResponse, Request, Response};
use eventlet::socketio::{Args, Event, Options, Reason, Refused, Server, Socket, Value, json};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, WebSocket};
use eventlet::wsgi::{self, Router};
use eventlet::{green, sleep, with_timeout};
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use eventlet_redis::{Client, RedisAdapter, cmd};
use eventlet_web_tests::Site;

#[green]
fn echo(socket: Socket, event: Event) -> Args {
    socket.emit("echo", event.args.clone());
    event.args
}

/// Asks the client, and says what it has answered.
#[green]
fn ask(socket: Socket, event: Event) -> io::Result<Value> {
    let answer = socket.call("question", event.args, LIMIT)?;
    Ok(answer.data().clone())
}

/// Numbers, as fast as they go.
#[green]
fn count(socket: Socket, event: Event) {
    for number in 0..event.data().as_u64().unwrap_or_default() {
        socket.emit("number", number);
        sleep(Duration::ZERO);
    }
}

#[green]
fn enter(socket: Socket, event: Event) -> usize {
    let room = event.data().as_str().unwrap_or_default();
    socket.enter_room(room);
    socket.namespace().to(room).sockets().len()
}

#[green]
fn shout(socket: Socket, event: Event) {
    socket.to(event[0].as_str().unwrap_or_default()).emit("shouted", event[1].clone());
}

#[green]
fn transport(socket: Socket, _event: Event) -> &'static str {
    socket.transport().map_or("none", |transport| transport.as_str())
}

#[green]
fn leave(socket: Socket, _event: Event) {
    socket.disconnect();
}

#[green]
fn close(socket: Socket, _event: Event) {
    socket.close();
}

#[green]
fn guard(_socket: Socket, auth: Value) -> Result<(), Refused> {
    match auth.get("token").and_then(Value::as_str) {
        Some("secret") => Ok(()),
        _ => Err(Refused::new("not authorized").data(json!({ "code": 401 }))),
    }
}

/// Why clients have gone.
type Reasons = Rc<RefCell<Vec<&'static str>>>;

/// A server with all that the clients try.
fn server(options: Options) -> (Server, Reasons) {
    let io = Server::configured(options);
    let reasons = Reasons::default();
    let noted = reasons.clone();
    io.on("echo", echo).on("ask", ask).on("count", count).on("enter", enter).on("shout", shout);
    io.on("transport", transport).on("leave", leave).on("close", close);
    io.on_disconnect(move |_socket: Socket, reason: Reason| {
        noted.borrow_mut().push(reason.as_str());
        async {}
    });
    let admin = io.of("/admin");
    admin.middleware(guard).on("echo", echo);
    (io, reasons)
}

#[green]
fn site(io: &Server) -> Site {
    let router = Router::new().mount("/socket.io", io.clone());
    Site::new(wsgi::Server::new(), router)
}

/// Runs a client's program to its end.
#[green]
fn run(mut client: Program) {
    with_timeout(3 * LIMIT, || async { client.until("all is well").await.len() }).expect("it ends in time");
}

const NODE: &str = r#"
const { io } = require("socket.io-client");
const assert = require("assert");
const url = process.argv[1];
const once = (socket, event) => new Promise(resolve => socket.once(event, (...args) => resolve(args)));

async function talk(options) {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  await once(socket, "connect");
  // Numbers that are sent while it may move to a WebSocket come each once, in their order.
  const numbers = [];
  socket.on("number", number => numbers.push(number));
  socket.emit("count", 200);
  const echoed = once(socket, "echo");
  const acked = await socket.timeout(10000).emitWithAck("echo", 1, "Grüße 世界", { a: [null, true, 1.5] });
  assert.deepEqual(await echoed, [1, "Grüße 世界", { a: [null, true, 1.5] }]);
  assert.deepEqual(acked, 1);
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, n) => n % 256));
  const back = once(socket, "echo");
  socket.emit("echo", { picture: bytes, more: [Buffer.from("x"), 7] });
  const [{ picture, more }] = await back;
  assert.ok(bytes.equals(picture) && Buffer.from("x").equals(more[0]) && more[1] === 7);
  socket.on("question", (number, answer) => answer(number * 2));
  assert.equal(await socket.timeout(10000).emitWithAck("ask", 21), 42);
  const large = "x".repeat(300000);
  const long = once(socket, "echo");
  socket.emit("echo", large);
  assert.deepEqual(await long, [large]);
  while (numbers.length < 200) await once(socket, "number");
  assert.deepEqual(numbers, Array.from({ length: 200 }, (_, n) => n));
  if (options.upgraded) {
    while (await socket.emitWithAck("transport") !== "websocket") await new Promise(go => setTimeout(go, 10));
  } else {
    assert.equal(await socket.emitWithAck("transport"), options.transports[0]);
  }
  return socket;
}

async function main() {
  const polling = await talk({ transports: ["polling"] });
  const direct = await talk({ transports: ["websocket"] });
  const upgraded = await talk({ upgraded: true });
  console.log("talked");

  for (const socket of [polling, direct, upgraded]) await socket.emitWithAck("enter", "room");
  const heard = [once(direct, "shouted"), once(upgraded, "shouted")];
  polling.emit("shout", "room", "hello");
  assert.deepEqual(await Promise.all(heard), [["hello"], ["hello"]]);

  const stranger = io(url + "/admin", { auth: { token: "guess" } });
  const [error] = await once(stranger, "connect_error");
  assert.equal(error.message, "not authorized");
  assert.deepEqual(error.data, { code: 401 });
  stranger.auth = { token: "secret" };
  stranger.connect();
  await once(stranger, "connect");
  assert.equal(await stranger.emitWithAck("echo", 7), 7);
  stranger.disconnect();
  const nowhere = io(url + "/nowhere");
  assert.equal((await once(nowhere, "connect_error"))[0].message, "Invalid namespace");
  nowhere.disconnect();

  polling.emit("leave");
  assert.equal((await once(polling, "disconnect"))[0], "io server disconnect");
  direct.emit("close");
  assert.equal((await once(direct, "disconnect"))[0], "transport close");
  upgraded.disconnect();
  console.log("all is well");
  process.exit();
}

main().catch(error => { console.error(error); process.exit(1); });
"#;

#[test]
fn a_client_of_npms_talks_by_polls_by_a_websocket_and_by_one_after_the_other() {
    #[green]
    fn scenario() {
        let (io, reasons) = server(Options::new());
        let site = site(&io);
        let url = format!("http://{}", site.address);
        run(Program::start("node", &["-e", NODE, &url]));
        while io.clients() > 0 {
            sleep(Duration::from_millis(1));
        }
        let mut reasons = reasons.borrow().clone();
        reasons.sort_unstable();
        let expected =
            ["client namespace disconnect", "server namespace disconnect", "server namespace disconnect"];
        assert_eq!(reasons, expected);
        site.end();
    }
    run_clean(scenario);
}

const HEARTBEATS: &str = r#"
const { io } = require("socket.io-client");
const url = process.argv[1];
const sockets = [["polling"], ["websocket"]].map(transports => io(url, { forceNew: true, transports }));
for (const socket of sockets) socket.on("disconnect", reason => { console.log(reason); process.exit(1); });
setTimeout(async () => {
  for (const socket of sockets) if (await socket.emitWithAck("echo", 7) !== 7) process.exit(1);
  console.log("all is well");
  process.exit();
}, 1500);
"#;

#[test]
fn a_client_of_npms_gives_the_signs_of_life_that_it_is_asked_for() {
    #[green]
    fn scenario() {
        let beat = Duration::from_millis(200);
        let (io, _) = server(Options::new().ping_interval(beat).ping_timeout(4 * beat));
        let site = site(&io);
        let url = format!("http://{}", site.address);
        run(Program::start("node", &["-e", HEARTBEATS, &url]));
        while io.clients() > 0 {
            sleep(Duration::from_millis(1));
        }
        site.end();
    }
    run_clean(scenario);
}

const PYTHON: &str = r#"
import sys, threading, socketio

url = sys.argv[1]

def talk(transports):
    client = socketio.Client(reconnection=False)
    echoes, arrived = [], threading.Event()

    @client.on("echo")
    def echo(*args):
        echoes.append(args)
        arrived.set()

    @client.on("question")
    def question(number):
        return number * 2

    client.connect(url, transports=transports, auth={"token": "secret"}, namespaces=["/", "/admin"])
    assert list(client.call("echo", (1, "Grüße", [None, True]))) == [1, "Grüße", [None, True]]
    assert arrived.wait(10) and echoes == [(1, "Grüße", [None, True])], echoes
    assert client.call("echo", bytes(range(256))) == bytes(range(256))
    assert client.call("echo", {"a": [b"x", {"b": b"y"}]}) == {"a": [b"x", {"b": b"y"}]}
    assert client.call("ask", 21) == 42
    assert client.call("echo", 7, namespace="/admin") == 7
    assert client.call("transport") == (transports or ["websocket"])[-1], client.call("transport")
    return client

clients = [talk(["polling"]), talk(["websocket"]), talk(["polling", "websocket"])]
for client in clients:
    client.disconnect()
refusals = []
stranger = socketio.Client(reconnection=False)
stranger.on("connect_error", refusals.append, namespace="/admin")
try:
    stranger.connect(url, auth={"token": "guess"}, namespaces=["/admin"])
except socketio.exceptions.ConnectionError:
    assert refusals == [{"message": "not authorized", "data": {"code": 401}}], refusals
else:
    raise AssertionError("let in")
print("all is well", flush=True)
"#;

#[test]
fn a_client_of_pythons_talks_by_polls_by_a_websocket_and_by_one_after_the_other() {
    #[green]
    fn scenario() {
        let (io, _) = server(Options::new());
        let site = site(&io);
        let url = format!("http://{}", site.address);
        run(Program::start("python3", &["-c", PYTHON, &url]));
        while io.clients() > 0 {
            sleep(Duration::from_millis(1));
        }
        site.end();
    }
    run_clean(scenario);
}

/// npm's bundle for browsers.
fn bundle() -> PathBuf {
    let folders = std::env::var_os("NODE_PATH").expect("`NODE_PATH` says where npm's packages are");
    let bundles =
        std::env::split_paths(&folders).map(|path| path.join("socket.io-client/dist/socket.io.min.js"));
    bundles.into_iter().find(|path| path.exists()).expect("`socket.io-client` is installed")
}

/// The page of the example `socketio_chat`, in a browser that enters a room, says something and
/// shows who has heard it.
#[test]
fn a_page_in_a_browser_talks_with_the_server() {
    const PAGE: &str = include_str!("../../examples/socketio_chat.html");
    #[green]
    fn page(_request: Request) -> Response {
        http::html(format!("{PAGE}<script src=/wait></script>"))
    }
    #[green]
    fn script(_request: Request) -> io::Result<Response> {
        let script = eventlet::green::fs::read(bundle())?;
        Ok(([("content-type", "text/javascript")], script).into_response())
    }
    #[green]
    fn welcome(socket: Socket, auth: Value) {
        socket.emit("welcome", json!({ "room": auth.get("room").map(Value::to_json), "others": ["ben"] }));
    }
    #[green]
    fn say(socket: Socket, event: Event) -> u32 {
        let by = socket.transport().map_or("none", |transport| transport.as_str());
        let line = format!("{} by {by}", event.data().as_str().unwrap_or_default());
        socket.emit("said", json!({ "name": "ben", "line": line }));
        1
    }
    #[green]
    fn scenario() {
        let io = Server::new();
        io.on_connect(welcome).on("say", say);
        let is_told = eventlet::event::Flag::new();
        let told = is_told.clone();
        // The browser shows what is there when the page is whole: with this, after it has moved to
        // its WebSocket and heard.
        let wait = move |_request: Request| {
            let told = told.clone();
            async move {
                told.wait().await;
                sleep(Duration::from_millis(500)).await;
            }
        };
        let router = Router::new().get("/", page).get("/client.js", script).get("/wait", wait);
        let site = Site::new(wsgi::Server::new(), router.mount("/socket.io", io.clone()));
        let url = format!("http://{}/?name=anna&room=hall&say=Gr%C3%BC%C3%9Fe", site.address);
        let home = Files::new("chromium-socketio").unwrap();
        let data = format!("--user-data-dir={}", home.path("profile"));
        let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", &data];
        let mut arguments = flags.to_vec();
        arguments.extend(["--dump-dom", &url]);
        let mut browser = Program::start("chromium", &arguments);
        let has_moved = || {
            let sockets = io.sockets();
            sockets.first().and_then(Socket::transport) == Some(eventlet::socketio::Transport::WebSocket)
        };
        with_timeout(3 * LIMIT, || async {
            while !has_moved() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .expect("it moves to a WebSocket");
        is_told.set();
        let page =
            with_timeout(3 * LIMIT, || async { browser.until("</html>").await.to_owned() }).expect("a page");
        for line in [
            "<p class=\"note\">you are in hall with ben</p>",
            "<p>ben: Grüße by ",
            "<p>anna: Grüße (heard by 1)</p>",
            "<p id=\"state\">connected by websocket</p>",
        ] {
            assert!(page.contains(line), "{line}:\n{page}");
        }
        drop(browser);
        site.end();
    }
    run_clean(scenario);
}

/// A client in the namespace `/`, byte for byte.
#[green]
fn arrive(site: &Site) -> WebSocket {
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", site.address);
    let ws = websocket::connect(&url).unwrap();
    heard(&ws);
    ws.send("40").unwrap();
    heard(&ws);
    ws
}

#[green]
fn heard(ws: &WebSocket) -> String {
    let message = with_timeout(LIMIT, || ws.recv()).expect("a message in time").unwrap();
    match message {
        Some(message) => message.into_text().unwrap_or_else(|| "bytes".to_owned()),
        None => "the end".to_owned(),
    }
}

#[green]
fn redis_on(port: u16, files: &Files) -> Program {
    let (number, folder) = (port.to_string(), files.path(""));
    let arguments = ["--port", &number, "--bind", "127.0.0.1", "--dir", &folder, "--save", ""];
    let mut program = Program::start("redis-server", &arguments);
    program.until("Ready to accept connections");
    program
}

/// Waits until so many servers listen.
#[green]
fn until_listening(client: &Client, servers: u64) {
    with_timeout(LIMIT, || listening(client, servers)).expect("they listen in time");
}

#[green]
fn listening(client: &Client, servers: u64) {
    let mut redis = client.connect().unwrap();
    loop {
        let (_, count): (String, u64) = redis.query(cmd("PUBSUB").arg("NUMSUB").arg("socketio")).unwrap();
        if count == servers {
            return;
        }
        sleep(Duration::from_millis(5));
    }
}

const EMITTER: &str = r#"
import sys, socketio
python = socketio.RedisManager(sys.argv[1], write_only=True)
python.emit("news", {"from": "python"})
python.emit("bytes", {"a": b"xyz"}, room="room")
python.emit("several", (1, "two"), room=["room"], skip_sid=sys.argv[2])
print("all is well", flush=True)
"#;

/// What a server of Python's would make of what it hears.
const LISTENER: &str = r#"
import json, sys, redis, socketio
manager = socketio.RedisManager(sys.argv[1], write_only=True)
seen = []
socketio.manager.Manager.emit = lambda self, event, data, **more: seen.append((event, data, more))
channel = redis.Redis.from_url(sys.argv[1]).pubsub(ignore_subscribe_messages=True)
channel.subscribe("socketio")
print("listens", flush=True)
while len(seen) < 2:
    message = channel.get_message(timeout=10)
    if message:
        manager._handle_emit(json.loads(message["data"]))
assert seen[0][:2] == ("one", {"a": b"xyz"}), seen
assert seen[1][:2] == ("two", (1, "two")), seen
assert (seen[1][2]["namespace"], seen[1][2]["room"]) == ("/", ["a", "b"]), seen
print("all is well", flush=True)
"#;

#[test]
fn servers_are_one_by_way_of_redis_and_python_talks_with_them() {
    #[green]
    fn scenario() {
        let files = Files::new("redis-socketio").unwrap();
        let port = free_port();
        let redis = redis_on(port, &files);
        let url = format!("redis://127.0.0.1:{port}/");
        let client = Client::open(&url).unwrap();
        let failures = Rc::new(RefCell::new(0));
        let servers = [Server::new(), Server::new()];
        let (mut sites, mut clients) = (vec![], vec![]);
        for io in &servers {
            let noted = failures.clone();
            let adapter = RedisAdapter::new(client.clone()).on_error(move |_| *noted.borrow_mut() += 1);
            io.adapter(adapter);
            let site = site(io);
            clients.push(arrive(&site));
            sites.push(site);
        }
        let [a, b] = &servers;
        until_listening(&client, 2);
        let id = b.sockets()[0].id().to_owned();
        a.enter_room(&id, "room");
        a.to("room").emit("to b", vec![1u8, 2]);
        a.to(&id).emit("to b", 7);
        b.emit("to all", ());
        assert_eq!(heard(&clients[0]), "42[\"to all\"]");
        for expected in
            ["42[\"to all\"]", "451-[\"to b\",{\"_placeholder\":true,\"num\":0}]", "bytes", "42[\"to b\",7]"]
        {
            assert_eq!(heard(&clients[1]), expected);
        }
        // From Python, and to it.
        a.sockets()[0].enter_room("room");
        let other = a.sockets()[0].id().to_owned();
        run(Program::start("python3", &["-c", EMITTER, &url, &other]));
        for (ws, is_skipped) in [(&clients[0], true), (&clients[1], false)] {
            assert_eq!(heard(ws), "42[\"news\",{\"from\":\"python\"}]");
            assert_eq!(heard(ws), "451-[\"bytes\",{\"a\":{\"_placeholder\":true,\"num\":0}}]");
            assert_eq!(heard(ws), "bytes");
            if !is_skipped {
                assert_eq!(heard(ws), "42[\"several\",1,\"two\"]");
            }
        }
        let mut python = Program::start("python3", &["-c", LISTENER, &url]);
        python.until("listens");
        until_listening(&client, 3);
        let picture = Value::Object([("a".to_owned(), Value::from(b"xyz".to_vec()))].into());
        a.to("nobody's").emit("one", picture);
        a.to("a").to("b").emit("two", (1, "two"));
        run(python);

        // A Redis that goes and comes back.
        redis.end(15);
        while *failures.borrow() < 2 {
            sleep(Duration::from_millis(5));
        }
        a.emit("here", ());
        assert_eq!(heard(&clients[0]), "42[\"here\"]");
        let redis = redis_on(port, &files);
        until_listening(&client, 2);
        b.emit("again", ());
        assert_eq!(heard(&clients[0]), "42[\"again\"]");
        for ws in &clients {
            ws.close().unwrap();
        }
        for (site, io) in sites.into_iter().zip(&servers) {
            site.end();
            io.shutdown();
        }
        redis.end(15);
    }
    run_clean(scenario);
}
