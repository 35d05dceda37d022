//! What can be turned into addresses.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;
use std::{iter, option, slice, vec};

use super::names;
use crate::branch::try_join_all;
use crate::event::Event;
use crate::green;
use crate::semaphore::Semaphore;

/// What can be turned into one or more [`SocketAddr`]s: std's `ToSocketAddrs`.
///
/// Numeric addresses do not suspend. A host name is looked up as [`names`] says, by default as the
/// operating system would: the green thread suspends meanwhile, and the others go on.
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
    /// `InvalidInput` for text that is no address; what the resolver says for a name that it cannot
    /// find; `TimedOut` for one that it has no answer to in time.
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
        Ok(names::lookup(host, port)?.into_iter())
    }
}

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;

    #[green(crate = crate)]
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let (host, port) = *self;
        Ok(names::lookup(host, port)?.into_iter())
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

/// Connects to one of several addresses: a new attempt begins when the one before has failed, or
/// after [`HEAD_START`]; the first connection that is made ends the others. Address families take
/// turns, beginning with that of the first address. (RFC 8305, "happy eyeballs".) No more than
/// [`MOST_ATTEMPTS`] are under way at a time.
///
/// Gives the last error if none comes about.
///
/// # Cancel safety
///
/// A kill or timeout here ends all attempts.
#[green(crate = crate)]
pub(super) fn first_address<A, F, T>(address: A, attempt: F) -> io::Result<T>
where
    A: ToSocketAddrs,
    F: AsyncFn(SocketAddr) -> io::Result<T>,
{
    let mut addresses = address.to_socket_addrs()?;
    let Some(first) = addresses.next() else { return Err(invalid("could not resolve to any addresses")) };
    let others: Vec<SocketAddr> = addresses.collect();
    if others.is_empty() {
        return attempt(first).await;
    }
    // For the many who connect to one address this is not to be part of the state machine.
    Box::pin(race_addresses(in_turns(first, others), attempt)).await
}

/// How long an attempt to connect is alone before the next one begins.
const HEAD_START: Duration = Duration::from_millis(250);
/// How many attempts are under way at a time: a name may have thousands of addresses that are all
/// silent, and each attempt is a socket for minutes.
const MOST_ATTEMPTS: usize = 32;

async fn race_addresses<F, T>(addresses: Vec<SocketAddr>, attempt: F) -> io::Result<T>
where
    F: AsyncFn(SocketAddr) -> io::Result<T>,
{
    let (last, places) = (RefCell::new(None), Semaphore::new(MOST_ATTEMPTS));
    // What each says to the next: that it has begun, and that it has failed.
    let said: Vec<(Event, Event)> = addresses.iter().map(|_| (Event::new(), Event::new())).collect();
    let attempts = addresses.iter().enumerate().map(|(number, address)| {
        let (attempt, last, said, places) = (&attempt, &last, &said, &places);
        move || async move {
            if let Some((begun, failed)) = number.checked_sub(1).map(|before| &said[before]) {
                begun.wait().await;
                let _ = failed.wait_timeout(HEAD_START).await;
            }
            let _place = places.acquire().await;
            said[number].0.send(());
            match attempt(*address).await {
                // An error is what ends the others.
                Ok(connected) => Err(connected),
                Err(error) => {
                    last.replace(Some(error));
                    said[number].1.send(());
                    Ok(())
                }
            }
        }
    });
    let outcome = try_join_all(attempts).await;
    match outcome {
        Err(connected) => Ok(connected),
        Ok(_) => Err(last.take().expect("each attempt has failed")),
    }
}

/// The addresses with their families in turns, each in the order given.
fn in_turns(first: SocketAddr, others: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (same, other): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let mut all = vec![first];
    loop {
        let next = [other.next(), same.next()];
        if next == [None, None] {
            return all;
        }
        all.extend(next.into_iter().flatten());
    }
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}
