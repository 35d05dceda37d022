//! What a handler asks of its request.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ::http::header::{CONTENT_TYPE, COOKIE};

use super::upgrade::Place;
#[cfg(feature = "socketio")]
use crate::event::Flag;
use crate::green;
use crate::http::{Faulty, Request};
use crate::hubs::Here;

/// Who is at the other end of a request's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub(super) address: Option<SocketAddr>,
    pub(super) is_encrypted: bool,
}

impl Peer {
    /// Its address; `None` for a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Does the connection go through TLS here?
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => address.ip().fmt(f),
            None => f.write_str("unix"),
        }
    }
}

/// The parameters that a [`Router`](super::Router) has found in the path.
#[derive(Clone, Debug, Default)]
pub struct Params(pub(super) Arc<[(String, String)]>);

impl Params {
    /// The value of a parameter, with its percent signs decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What a handler asks of its request, besides what the crate `http` gives.
pub trait RequestExt {
    /// Who sent it.
    fn peer(&self) -> Option<&Peer>;

    /// A parameter of the path, as the router's pattern names it.
    fn param(&self, name: &str) -> Option<&str>;

    /// The first value of this name in the query, decoded.
    fn query(&self, name: &str) -> Option<Cow<'_, str>>;

    /// All of the query, decoded, in its order.
    fn query_pairs(&self) -> Vec<(Cow<'_, str>, Cow<'_, str>)>;

    /// The value of a cookie.
    fn cookie(&self, name: &str) -> Option<&str>;

    /// Calls `f` when the response has been sent, or the client has left. Hooks run in the order in
    /// which they were made, and must not take long: nothing else of the connection goes on
    /// meanwhile. One that panics ends nothing but itself. A request that no server of this crate
    /// gave has none. eventlet's `eventlet.posthooks`.
    fn on_end(&mut self, f: impl FnOnce() + 'static);
}

/// What a request keeps of its connection.
pub(super) struct Link {
    pub(super) peer: Rc<Peer>,
    /// What runs when the response has been sent.
    pub(super) hooks: RefCell<Vec<Box<dyn FnOnce()>>>,
    /// What takes the connection over if the answer is a 101.
    pub(super) upgrade: Place,
    /// Up when the server ends.
    #[cfg(feature = "socketio")]
    pub(super) closing: Flag,
}

/// `Extensions` asks for `Send`; requests stay on their hub.
pub(super) type Linked = Here<Rc<Link>>;

impl<B> RequestExt for Request<B> {
    fn peer(&self) -> Option<&Peer> {
        self.extensions().get::<Linked>().map(|link| &*link.peer)
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.extensions().get::<Params>()?.get(name)
    }

    fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let query = self.uri().query()?;
        form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn query_pairs(&self) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.uri().query().unwrap_or_default().as_bytes()).collect()
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        pairs
            .flat_map(|pairs| pairs.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.trim_matches('"'))
    }

    fn on_end(&mut self, f: impl FnOnce() + 'static) {
        if let Some(link) = self.extensions().get::<Linked>() {
            link.hooks.borrow_mut().push(Box::new(f));
        }
    }
}

/// A flag that goes up when the server of this request ends. One that no server gave has a flag of
/// its own, which stays down.
#[cfg(feature = "socketio")]
pub(crate) fn closing<B>(request: &Request<B>) -> Flag {
    request.extensions().get::<Linked>().map(|link| link.closing.clone()).unwrap_or_default()
}

/// A form that was sent as `application/x-www-form-urlencoded`: its names and values. Suspends
/// until the body is there. One with files is a [`Multipart`](super::Multipart).
///
/// # Cancel safety
///
/// What has come is lost with the call.
///
/// # Errors
///
/// `InvalidData` if the request says that it is something else; else as
/// [`Body::bytes`](crate::http::Body::bytes).
#[green(crate = crate)]
pub fn form(request: Request) -> io::Result<Vec<(String, String)>> {
    let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
        value.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(Faulty::error(io::ErrorKind::InvalidData, "the body is no form"));
    }
    let bytes = request.into_body().bytes()?;
    Ok(form_urlencoded::parse(&bytes).into_owned().collect())
}
