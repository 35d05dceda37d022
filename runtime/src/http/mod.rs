//! What HTTP servers and clients have in common: bodies, and answers made of plain values.
//!
//! The types are those of the crate `http`: whatever is written for them fits. A body is [`Body`]
//! in both directions. The server is [`wsgi`](crate::wsgi), the client `http::client` (feature
//! `http-client`).

mod body;
#[cfg(feature = "http-client")]
pub mod client;
mod events;
#[cfg(test)]
pub(crate) mod fuzz;
mod producer;
mod respond;
#[cfg(any(feature = "http-client", feature = "websocket"))]
pub(crate) mod shown;
mod unread;
mod upgraded;

pub use ::http::{
    Error, Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header,
};

pub(crate) use body::Faulty;
pub use body::{Body, Data};
pub use bytes::Bytes;
#[cfg(feature = "http-client")]
#[doc(inline)]
pub use client::{Client, delete, get, head, post, put};
pub use events::{EventStream, ServerEvent, events};
pub use producer::Out;
pub(crate) use respond::Failure;
#[cfg(feature = "json")]
pub use respond::Json;
pub use respond::{IntoResponse, html, redirect, stream};
pub(crate) use unread::Unread;
pub use upgraded::Upgraded;

/// A request, with its body still to be read.
pub type Request<B = Body> = ::http::Request<B>;

/// A response.
pub type Response<B = Body> = ::http::Response<B>;

/// Takes the white space around the values of headers away, as parsers of HTTP/1 do. In HTTP/2 a
/// message with it is malformed (RFC 9113, 8.2.1).
pub(crate) fn trim_values(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        let trimmed = value.as_bytes().trim_ascii();
        if trimmed.len() < value.len() {
            let is_sensitive = value.is_sensitive();
            *value = HeaderValue::from_bytes(trimmed).expect("a part of a value is one");
            value.set_sensitive(is_sensitive);
        }
    }
}
