//! TCP and UDP: std's `net` with calls that suspend.
//!
//! One green thread may read from a socket while another writes to it: share it in an `Rc`, [clone] or [split] it. A
//! second reader (or writer) gets an error, `ResourceBusy`, that names both places. A kill or a timeout while a
//! thread reads leaves whoever writes alone, and the other way round.
//!
//! Sockets stay on the OS thread of their hub. [`TcpStream::into_std`] and [`TcpStream::from_std`] carry one across.
//!
//! [clone]: TcpStream::try_clone
//! [split]: TcpStream::split

mod addr;
mod connect;
pub(in crate::green) mod halves;
mod tcp_listener;
mod tcp_stream;
mod udp;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

pub use addr::ToSocketAddrs;
pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, SplitStream, WriteHalf};
pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp::UdpSocket;

pub(crate) use addr::each_address;
pub(super) use connect::connect_socket;
pub(crate) use connect::new_socket;
