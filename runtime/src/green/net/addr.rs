//! What can be turned into addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::{iter, option, slice, vec};

use crate::green;
use crate::hub::failed::cannot;
use crate::tpool;

/// What can be turned into one or more [`SocketAddr`]s: std's `ToSocketAddrs`.
///
/// Numeric addresses do not suspend. A host name is looked up on another OS thread (see [`tpool`]),
/// as the operating system would: the green thread suspends meanwhile, and the others go on.
///
/// # Cancel safety
///
/// A kill or timeout there lets go at once.
pub trait ToSocketAddrs {
    /// The addresses.
    type Iter: Iterator<Item = SocketAddr>;

    /// Gives the addresses. Suspends while a name is looked up.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for text that is no address; what the operating system says for a name that
    /// it cannot find.
    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

/// Types that are addresses already.
macro_rules! is_an_address {
    ($($type:ty),*) => {$(
        impl ToSocketAddrs for $type {
            type Iter = option::IntoIter<SocketAddr>;

            #[green(crate = crate)]
            fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
                std::net::ToSocketAddrs::to_socket_addrs(self)
            }
        }
    )*};
}

is_an_address!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl ToSocketAddrs for str {
    type Iter = vec::IntoIter<SocketAddr>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        if let Ok(address) = self.parse() {
            return Ok(vec![address].into_iter());
        }
        let Some((host, port)) = self.rsplit_once(':') else {
            return Err(invalid(format!("`{self}` is no socket address\nhelp: write it as `host:port`")));
        };
        let Ok(port) = port.parse() else {
            return Err(invalid(format!("`{port}` is no port\nnote: it stands in `{self}`")));
        };
        look_up(host, port)
    }
}

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![SocketAddr::new(address, port)].into_iter()),
            Err(_) => look_up(host, port),
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (&*self.0, self.1).to_socket_addrs()
    }
}

impl ToSocketAddrs for String {
    type Iter = vec::IntoIter<SocketAddr>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        self.as_str().to_socket_addrs()
    }
}

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = iter::Copied<slice::Iter<'a, SocketAddr>>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.iter().copied())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<T::Iter> {
        (**self).to_socket_addrs()
    }
}

/// Asks the operating system, which may take its time.
#[green(crate = crate)]
fn look_up(host: &str, port: u16) -> io::Result<vec::IntoIter<SocketAddr>> {
    let host = host.to_owned();
    tpool::look_up(move || {
        let found = std::net::ToSocketAddrs::to_socket_addrs(&(&*host, port));
        found.map_err(cannot(|| format!("look up `{host}`")))
    })
}

/// Tries one address after the other, and gives the last error.
#[green(crate = crate)]
pub(crate) fn each_address<A, F, T>(address: A, attempt: F) -> io::Result<T>
where
    A: ToSocketAddrs,
    F: AsyncFn(SocketAddr) -> io::Result<T>,
{
    let mut last = None;
    for address in address.to_socket_addrs()? {
        match attempt(address).await {
            Ok(value) => return Ok(value),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| invalid("could not resolve to any addresses")))
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}
