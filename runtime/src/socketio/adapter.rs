//! Several servers that are one: what is sent to a room goes to the clients of all of them.

use std::fmt;
use std::future::Future;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::engine::{read_base64, write_base64};
use super::packet;
use super::server::{Shared, random_id};
use super::value::{Args, Value, write_array};
use crate::branch::{Race2, race};
use crate::green;
use crate::greenthread::{Builder, GreenThread};
use crate::queue::Queue;
use crate::sync;

/// How many messages may wait for an adapter, or for another server on a [`Bus`]: 10,000. What
/// comes beyond them is lost, as it is when a server cannot be reached.
pub const MAX_NOTICES: usize = 10_000;

/// What carries messages between servers: [`Bus`] within a process, and `eventlet-redis` has one
/// between processes. [`Server::adapter`](super::Server::adapter) begins it.
///
/// A message is a text of JSON in the form of Python's `python-socketio` (since 5.14), so that a
/// Python process can take part as well.
pub trait Adapter: 'static {
    /// Carries messages until there is none any more: what [`Link::next`] gives goes to all the
    /// other servers, and what comes from those to [`Link::deliver`].
    ///
    /// # Errors
    ///
    /// What the way to the other servers comes to. The server goes on without them then.
    fn run(self, link: Link) -> impl Future<Output = io::Result<()>> + 'static;
}

/// A server's end of an [`Adapter`]. Clones are handles on the same.
#[derive(Clone)]
pub struct Link {
    server: Weak<Shared>,
    host: Rc<str>,
    outgoing: Queue<String>,
}

impl Link {
    /// The next message for the other servers; `None` once this one is gone. Suspends until there
    /// is one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn next(&self) -> Option<String> {
        self.outgoing.get().ok()
    }

    /// Acts on a message of another server: one that is this server's own, or that makes no sense,
    /// is passed over. Does not suspend.
    pub fn deliver(&self, message: &[u8]) {
        let Some(server) = self.server.upgrade() else { return };
        let Ok(fields) = serde_json::from_slice::<Json>(message) else { return };
        if fields["host_id"].as_str() != Some(&self.host)
            && let Some(notice) = Notice::read(&fields)
        {
            notice.act(&server);
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("waiting", &self.outgoing.len()).finish_non_exhaustive()
    }
}

/// An adapter at work.
pub(super) struct Attached {
    link: Link,
    running: Option<GreenThread<io::Result<()>>>,
}

impl Attached {
    pub(super) fn new(adapter: impl Adapter, server: Weak<Shared>) -> Attached {
        let link = Link { server, host: random_id().into(), outgoing: Queue::bounded(MAX_NOTICES) };
        let handed = link.clone();
        let run = move || async move { adapter.run(handed).await };
        let running = Builder::new().name("adapter").spawn(run);
        Attached { link, running: Some(running) }
    }

    pub(super) fn publish(&self, notice: &Notice) {
        // An adapter that is far behind loses the newest.
        let _ = self.link.outgoing.try_put(notice.write(&self.link.host));
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }
}

/// What one server tells the others.
#[derive(Debug, PartialEq)]
pub(super) struct Notice {
    namespace: String,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    Emit { event: String, args: Args, rooms: Vec<Rc<str>>, except: Vec<Rc<str>> },
    EnterRoom { id: String, room: String },
    LeaveRoom { id: String, room: String },
    CloseRoom { room: String },
    Disconnect { id: String },
}

impl Notice {
    fn new(namespace: &str, what: What) -> Notice {
        Notice { namespace: namespace.to_owned(), what }
    }

    pub(super) fn emit(
        namespace: &str,
        event: &str,
        args: Args,
        rooms: &[Rc<str>],
        except: &[Rc<str>],
    ) -> Notice {
        let event = event.to_owned();
        Notice::new(namespace, What::Emit { event, args, rooms: rooms.to_vec(), except: except.to_vec() })
    }

    pub(super) fn enter_room(namespace: &str, id: &str, room: &str) -> Notice {
        Notice::new(namespace, What::EnterRoom { id: id.to_owned(), room: room.to_owned() })
    }

    pub(super) fn leave_room(namespace: &str, id: &str, room: &str) -> Notice {
        Notice::new(namespace, What::LeaveRoom { id: id.to_owned(), room: room.to_owned() })
    }

    pub(super) fn close_room(namespace: &str, room: &str) -> Notice {
        Notice::new(namespace, What::CloseRoom { room: room.to_owned() })
    }

    pub(super) fn disconnect(namespace: &str, id: &str) -> Notice {
        Notice::new(namespace, What::Disconnect { id: id.to_owned() })
    }

    /// As `python-socketio` writes it. Bytes stand behind the arguments, in base64, and in their
    /// places there is which they are.
    fn write(&self, host: &str) -> String {
        let mut message = json!({ "namespace": self.namespace, "host_id": host });
        let mut say = |name: &str, value: Json| message[name] = value;
        let method = match &self.what {
            What::Emit { event, args, rooms, except } => {
                let (mut text, mut attachments) = (String::new(), Vec::new());
                write_array(&args.0, &mut text, &mut attachments);
                let mut data: Json = serde_json::from_str(&text).unwrap_or_default();
                if !attachments.is_empty() {
                    let texts = attachments.iter().map(|bytes| Json::from(base64(bytes)));
                    data = std::iter::once(data).chain(texts).collect();
                }
                say("event", event.as_str().into());
                say("data", data);
                say("binary", (!attachments.is_empty()).into());
                say("room", names(rooms));
                say("skip_sid", names(except));
                say("callback", Json::Null);
                "emit"
            }
            What::EnterRoom { id, room } => {
                say("sid", id.as_str().into());
                say("room", room.as_str().into());
                "enter_room"
            }
            What::LeaveRoom { id, room } => {
                say("sid", id.as_str().into());
                say("room", room.as_str().into());
                "leave_room"
            }
            What::CloseRoom { room } => {
                say("room", room.as_str().into());
                "close_room"
            }
            What::Disconnect { id } => {
                say("sid", id.as_str().into());
                "disconnect"
            }
        };
        say("method", method.into());
        message.to_string()
    }

    /// `None`: it makes no sense, or is of a kind that is not for servers.
    fn read(fields: &Json) -> Option<Notice> {
        let text = |name: &str| fields[name].as_str().map(str::to_owned);
        let (id, room) = (|| text("sid"), || text("room"));
        let what = match fields["method"].as_str()? {
            "emit" => What::Emit {
                event: text("event").filter(|event| !packet::RESERVED.contains(&event.as_str()))?,
                args: args_of(&fields["data"], fields["binary"].as_bool() == Some(true))?,
                rooms: names_of(&fields["room"])?,
                except: names_of(&fields["skip_sid"])?,
            },
            "enter_room" => What::EnterRoom { id: id()?, room: room()? },
            "leave_room" => What::LeaveRoom { id: id()?, room: room()? },
            "close_room" => What::CloseRoom { room: room()? },
            "disconnect" => What::Disconnect { id: id()? },
            _ => return None,
        };
        let namespace = text("namespace").unwrap_or_else(|| "/".to_owned());
        Some(Notice { namespace, what })
    }

    /// Does it to the clients of this server.
    fn act(self, server: &Shared) {
        let Some(namespace) = server.find(&self.namespace) else { return };
        let socket = |id: &str| namespace.socket(id);
        match self.what {
            What::Emit { event, args, rooms, except } => {
                let to = rooms.iter().fold(namespace.local(), |to, room| to.to(room));
                except.iter().fold(to, |to, room| to.except(room)).emit(&event, args);
            }
            What::EnterRoom { id, room } => drop(socket(&id).map(|socket| socket.enter_room(&room))),
            What::LeaveRoom { id, room } => drop(socket(&id).map(|socket| socket.leave_room(&room))),
            What::CloseRoom { room } => namespace.close_room_here(&room),
            What::Disconnect { id } => drop(socket(&id).map(|socket| socket.disconnect())),
        }
    }
}

/// No name, one, or several.
fn names(names: &[Rc<str>]) -> Json {
    match names {
        [] => Json::Null,
        [name] => Json::from(&**name),
        names => names.iter().map(|name| Json::from(&**name)).collect(),
    }
}

fn names_of(names: &Json) -> Option<Vec<Rc<str>>> {
    match names {
        Json::Null => Some(vec![]),
        Json::String(name) => Some(vec![name.as_str().into()]),
        Json::Array(names) => names.iter().map(|name| name.as_str().map(Rc::from)).collect(),
        _ => None,
    }
}

/// The arguments, with their bytes where they belong.
fn args_of(data: &Json, is_binary: bool) -> Option<Args> {
    let (data, attachments) = match data.as_array() {
        Some(all) if is_binary => {
            let (data, texts) = all.split_first()?;
            let bytes = texts.iter().map(|text| text.as_str().and_then(read_base64).map(Bytes::from));
            (data, bytes.collect::<Option<Vec<Bytes>>>()?)
        }
        _ => (data, vec![]),
    };
    let mut args = match Value::from(data.clone()) {
        Value::Array(values) => values,
        value => vec![value],
    };
    if is_binary {
        args.iter_mut().try_for_each(|value| value.fill(&attachments)).ok()?;
    }
    Some(Args(args))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    write_base64(bytes, &mut text);
    text
}

/// Servers of one process that are one: those of several [workers](crate::wsgi::workers), for
/// example. Each has a clone of the same bus as its [adapter](super::Server::adapter).
///
/// ```no_run
/// use std::io;
/// use eventlet::green;
/// use eventlet::green::net::TcpListener;
/// use eventlet::socketio::{Bus, Event, Options, Server, Socket, Transport};
/// use eventlet::wsgi;
///
/// #[green]
/// fn said(socket: Socket, event: Event) {
///     socket.namespace().emit("said", event.data().clone()); // to the clients of all workers
/// }
///
/// #[green]
/// fn worker(listener: TcpListener, bus: Bus) -> io::Result<()> {
///     // One client's polls might come to different workers.
///     let io = Server::configured(Options::new().transports([Transport::WebSocket]));
///     io.adapter(bus);
///     io.on("say", said);
///     wsgi::server(listener, io)
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let bus = Bus::new();
///     wsgi::workers(4, "127.0.0.1:8090", move |listener| worker(listener, bus.clone()))
/// }
/// ```
#[derive(Clone, Default)]
pub struct Bus {
    seats: Arc<Mutex<Vec<Seat>>>,
}

/// A server's place on a bus.
#[derive(Clone)]
struct Seat {
    host: Arc<str>,
    incoming: sync::Queue<Arc<str>>,
}

impl Bus {
    /// A bus that nobody is on yet.
    pub fn new() -> Bus {
        Bus::default()
    }

    /// What is done with the seats never waits, and never panics.
    fn with<T>(&self, f: impl FnOnce(&mut Vec<Seat>) -> T) -> T {
        f(&mut self.seats.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sit_down(&self, link: &Link) -> Seated<'_> {
        let seat = Seat { host: (*link.host).into(), incoming: sync::Queue::bounded(MAX_NOTICES) };
        self.with(|seats| seats.push(seat.clone()));
        Seated { bus: self, seat }
    }
}

/// A seat that is given up with this.
struct Seated<'a> {
    bus: &'a Bus,
    seat: Seat,
}

impl Seated<'_> {
    fn pass_on(&self, message: &str) {
        let others: Vec<Seat> =
            self.bus.with(|seats| seats.iter().filter(|seat| seat.host != self.seat.host).cloned().collect());
        let message: Arc<str> = message.into();
        for other in others {
            // One that is far behind loses the newest.
            let _ = other.incoming.try_put(message.clone());
        }
    }
}

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        self.bus.with(|seats| seats.retain(|seat| seat.host != self.seat.host));
    }
}

impl Adapter for Bus {
    fn run(self, link: Link) -> impl Future<Output = io::Result<()>> + 'static {
        ride(self, link)
    }
}

#[green(crate = crate)]
fn ride(bus: Bus, link: Link) -> io::Result<()> {
    let seated = bus.sit_down(&link);
    let sending = || async {
        while let Some(message) = link.next().await {
            seated.pass_on(&message);
        }
    };
    let hearing = || async {
        while let Ok(message) = seated.seat.incoming.get().await {
            link.deliver(message.as_bytes());
        }
    };
    let (Race2::First(()) | Race2::Second(())) = race(sending, hearing);
    Ok(())
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.with(|seats| seats.len());
        f.debug_struct("Bus").field("servers", &servers).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Notice> {
        Notice::read(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_servers_tell_each_other_is_what_python_writes() {
        let one = [Rc::from("kitchen")];
        let args = Args(vec![1.into(), "two".into()]);
        let notice = Notice::emit("/chat", "news", args, &one, &[]);
        let text = "{\"binary\":false,\"callback\":null,\"data\":[1,\"two\"],\"event\":\"news\",\
                    \"host_id\":\"h\",\"method\":\"emit\",\"namespace\":\"/chat\",\"room\":\"kitchen\",\
                    \"skip_sid\":null}";
        assert_eq!(notice.write("h"), text);
        assert_eq!(read(text), Some(notice));
        let several = [Rc::from("a"), Rc::from("b")];
        let args = Args(vec![Value::Object([("x".to_owned(), vec![1u8, 2].into())].into())]);
        let notice = Notice::emit("/", "bytes", args, &several, &several);
        let text = "{\"binary\":true,\"callback\":null,\
                    \"data\":[[{\"x\":{\"_placeholder\":true,\"num\":0}}],\"AQI=\"],\"event\":\"bytes\",\
                    \"host_id\":\"h\",\"method\":\"emit\",\"namespace\":\"/\",\"room\":[\"a\",\"b\"],\
                    \"skip_sid\":[\"a\",\"b\"]}";
        assert_eq!(notice.write("h"), text);
        assert_eq!(read(text), Some(notice));
        for notice in [
            Notice::enter_room("/", "id", "room"),
            Notice::leave_room("/", "id", "room"),
            Notice::close_room("/", "room"),
            Notice::disconnect("/", "id"),
        ] {
            assert_eq!(read(&notice.write("h")), Some(notice));
        }
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        let bad = [
            "[]",
            "{\"method\":\"emit\"}",
            "{\"method\":\"emit\",\"event\":\"connect\",\"data\":[]}",
            "{\"method\":\"emit\",\"event\":\"a\",\"data\":[],\"room\":7}",
            "{\"method\":\"emit\",\"event\":\"a\",\"data\":[],\"binary\":true}",
            "{\"method\":\"emit\",\"event\":\"a\",\"data\":[[],\"!\"],\"binary\":true}",
            "{\"method\":\"enter_room\",\"sid\":\"a\"}",
            "{\"method\":\"callback\"}",
        ];
        for text in bad {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
