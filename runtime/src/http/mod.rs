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
pub use upgraded::Upgraded;

/// A request, with its body still to be read.
pub type Request<B = Body> = ::http::Request<B>;

/// A response.
pub type Response<B = Body> = ::http::Response<B>;
