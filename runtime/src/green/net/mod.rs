//! TCP and UDP: std's `net` with calls that suspend.
//!
//! One green thread may read from a socket while another writes to it: share it in an `Rc`, [clone]
//! or [split] it. A second reader (or writer) gets an error, `ResourceBusy`, that names both
//! places. A kill or a timeout while a thread reads leaves whoever writes alone, and the other way
//! round.
//!
//! # Several threads that write to one socket
//!
//! A second writer is refused, because what two threads write would come out mixed: `write_all` of
//! either is several calls. So let one thread do the writing, and give it a bounded queue of
//! messages:
//!
//! ```
//! use std::io;
//! use std::rc::Rc;
//! use eventlet::green::io::Write;
//! use eventlet::green::net::TcpStream;
//! use eventlet::{Queue, green};
//!
//! /// Any number of threads `put`, which waits while the peer is slow; `try_put` says so instead.
//! #[green]
//! fn write_messages(socket: Rc<TcpStream>, messages: Queue<String>) -> io::Result<()> {
//!     while let Ok(message) = messages.get() {
//!         (&*socket).write_all(message.as_bytes())?;
//!     }
//!     Ok(())
//! }
//! # #[green]
//! # fn main() -> io::Result<()> {
//! #     use eventlet::green::io::Read;
//! #     let listener = eventlet::listen("127.0.0.1:0")?;
//! #     let client = Rc::new(eventlet::connect(listener.local_addr()?)?);
//! #     let (mut server, _) = listener.accept()?;
//! #     let messages = Queue::bounded(2);
//! #     let writer = { let (client, messages) = (client.clone(), messages.clone());
//! #         eventlet::spawn(move || write_messages(client, messages)) };
//! #     for message in ["a", "b", "c"] { messages.put(message.to_owned()).unwrap(); }
//! #     messages.shutdown();
//! #     writer.wait()?;
//! #     drop(client);
//! #     let mut text = String::new();
//! #     server.read_to_string(&mut text)?;
//! #     assert_eq!(text, "abc");
//! #     Ok(())
//! # }
//! ```
//!
//! (`examples/chat_server.rs` sends those away who do not keep up.) Where the threads must each
//! know that their message is written, a [`lock::Mutex`](crate::lock::Mutex) around the writing
//! half does as well; who holds it is waited for.
//!
//! # OS threads
//!
//! Sockets stay on the OS thread of their hub. [`TcpStream::into_std`] and [`TcpStream::from_std`]
//! carry one across.
//!
//! [clone]: TcpStream::try_clone
//! [split]: TcpStream::split

mod addr;
mod connect;
pub(in crate::green) mod halves;
pub mod names;
mod tcp_listener;
mod tcp_stream;
mod udp;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

pub use addr::ToSocketAddrs;
pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, SplitStream, WriteHalf};
#[cfg(feature = "tls")]
pub(crate) use halves::{another, into_split, shut, split};
pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp::UdpSocket;

pub(crate) use addr::each_address;
pub(super) use connect::connect_socket;
pub(crate) use connect::new_socket;
