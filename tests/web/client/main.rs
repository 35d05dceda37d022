//! The HTTP client: against our own server, and against servers that say what they should not.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use eventlet::convenience::Listener;
use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixListener;
use eventlet::http::Client;
use eventlet::http::client::ClientBuilder;
use eventlet::wsgi::{Application, Handle, Server};
use eventlet::{GreenThread, green, listen, sleep, spawn};

mod answers;
mod bodies;
mod connections;
mod cookies;
mod digest;
mod endings;
mod http2;
mod limits;
mod proxies;
mod redirects;
mod retries;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// What a server of raw bytes does about a request.
enum Step {
    Say(Vec<u8>),
    Pause(Duration),
    Close,
}

fn say(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Say(bytes.into())
}

/// An answer with this body.
fn ok(body: &str) -> Step {
    say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// The path of a Unix socket, which is removed with this.
///
/// Where time is virtual, bytes must be there as soon as they are written: TCP's may take a moment, in which a clock that stands
/// still jumps to a limit.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("eventlet-client-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Place(std::env::temp_dir().join(name))
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(&self.0).unwrap()
    }

    /// A client that asks here whatever it is asked for.
    fn client(&self) -> ClientBuilder {
        Client::builder().unix_socket(&self.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A web server at a place of its own, until it is dropped.
struct Local {
    place: Place,
    handle: Handle,
    serving: GreenThread<io::Result<()>>,
}

impl Local {
    #[green]
    fn new(server: Server, app: impl Application) -> Local {
        let place = Place::new();
        let listener = place.listen();
        let handle = server.handle();
        Local { place, handle, serving: spawn(move || server.serve(listener, app)) }
    }

    #[green]
    fn end(self) {
        self.handle.stop();
        self.serving.wait().unwrap();
    }
}

/// A server of raw bytes.
struct Raw {
    address: SocketAddr,
    place: Place,
    /// Each request, with the number of its connection.
    seen: Rc<RefCell<Vec<(usize, String)>>>,
    threads: Rc<RefCell<Vec<GreenThread<()>>>>,
}

impl Raw {
    /// A server that does about each request, of the connection with this number, what `script`
    /// says.
    #[green]
    fn new(script: impl Fn(usize, &str) -> Vec<Step> + 'static) -> Raw {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let raw = Raw { address, place: Place::new(), seen: Rc::default(), threads: Rc::default() };
        let (seen, threads) = (raw.seen.clone(), raw.threads.clone());
        let script: Script = Rc::new(script);
        raw.threads.borrow_mut().push(spawn(move || accept(listener, script, seen, threads)));
        raw
    }

    /// The same at a Unix socket, for [`client`](Self::client)s of its own.
    #[green]
    fn local(script: impl Fn(usize, &str) -> Vec<Step> + 'static) -> Raw {
        let place = Place::new();
        let listener = place.listen();
        let address = ([0; 4], 8).into();
        let raw = Raw { address, place, seen: Rc::default(), threads: Rc::default() };
        let (seen, threads) = (raw.seen.clone(), raw.threads.clone());
        let script: Script = Rc::new(script);
        raw.threads.borrow_mut().push(spawn(move || accept(listener, script, seen, threads)));
        raw
    }

    fn client(&self) -> ClientBuilder {
        self.place.client()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of the requests, without those headers that all of them have.
    fn requests(&self) -> Vec<(usize, String)> {
        self.seen.borrow().clone()
    }

    fn end(self) {
        let threads = self.threads.take();
        threads.iter().for_each(|thread| thread.kill());
    }
}

type Script = Rc<dyn Fn(usize, &str) -> Vec<Step>>;
type Seen = Rc<RefCell<Vec<(usize, String)>>>;

#[green]
fn accept<L>(listener: L, script: Script, seen: Seen, threads: Rc<RefCell<Vec<GreenThread<()>>>>)
where
    L: Listener<Connection: Read + Write> + 'static,
{
    let mut number = 0;
    while let Ok((stream, _)) = Listener::accept(&listener) {
        let (script, seen) = (script.clone(), seen.clone());
        threads.borrow_mut().push(spawn(move || talk(stream, number, script, seen)));
        number += 1;
    }
}

#[green]
fn talk(mut stream: impl Read + Write + 'static, number: usize, script: Script, seen: Seen) {
    while let Some(request) = read_request(&mut stream) {
        let steps = script(number, &request);
        seen.borrow_mut().push((number, request));
        for step in steps {
            match step {
                Step::Say(bytes) => {
                    if stream.write_all(&bytes).is_err() {
                        return;
                    }
                }
                Step::Pause(time) => sleep(time),
                Step::Close => return,
            }
        }
    }
}

/// One request with its body; `None` at the end.
#[green]
fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buf = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let is_whole = match head.contains("transfer-encoding: chunked") {
                true => body.ends_with("0\r\n\r\n"),
                false => body.len() >= length.map_or(0, |length| length.parse().unwrap()),
            };
            if is_whole {
                return Some(text.into_owned());
            }
        }
        let count = stream.read(&mut buf).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buf[..count]);
    }
}

/// A client that says no more than it must.
fn quiet() -> Client {
    Client::builder().header("user-agent", "test").build().unwrap()
}
