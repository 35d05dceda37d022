//! Answers made of plain values.

use std::convert::Infallible;
use std::io;

use ::http::header::{CONTENT_TYPE, LOCATION};
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::{Bytes, BytesMut};

use super::{Body, Faulty, Out, Response};
use crate::call::GreenCall;

/// What a handler may return.
///
/// | value | answer |
/// |---|---|
/// | text (`&'static str`, `String`) | 200, `text/plain; charset=utf-8` |
/// | bytes (`Bytes`, `Vec<u8>`, `&'static [u8]`) | 200, `application/octet-stream` |
/// | `()` | 200, empty |
/// | [`StatusCode`] | that, empty |
/// | `(StatusCode, T)` | as `T`, with that status |
/// | `([(name, value); N], T)`, `(StatusCode, [(name, value); N], T)`, `(StatusCode, HeaderMap, T)` | with these headers, too |
/// | `Option<T>` | `None` is 404 |
/// | `Result<T, E>` | either, if both are answers; an `io::Error` is 500 and its text goes to the log, not to the peer; one of the request's own body is 400, 408 or 413 |
/// | `Json(value)` (feature `json`) | 200, `application/json` |
/// | [`Response`] | as it is |
///
/// A header whose name or value cannot be one (with a line break in it, say) makes the answer a
/// 500: nothing of it is sent.
pub trait IntoResponse {
    /// The answer. Does not suspend.
    fn into_response(self) -> Response;
}

impl<B: Into<Body>> IntoResponse for Response<B> {
    fn into_response(self) -> Response {
        self.map(Into::into)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(Body::empty())
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

fn typed(body: impl Into<Body>, content_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

macro_rules! typed {
    ($content_type:literal: $($type:ty)*) => {$(
        impl IntoResponse for $type {
            fn into_response(self) -> Response {
                typed(self, $content_type)
            }
        }
    )*};
}

typed!("text/plain; charset=utf-8": &'static str String);
typed!("application/octet-stream": Bytes BytesMut Vec<u8> &'static [u8]);

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }
}

impl<T: IntoResponse> IntoResponse for (HeaderMap, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        let mut last = None;
        for (name, value) in self.0 {
            // The map gives a name once for all of its values.
            match (name, &last) {
                (Some(name), _) => {
                    response.headers_mut().insert(name.clone(), value);
                    last = Some(name);
                }
                (None, Some(name)) => {
                    response.headers_mut().append(name.clone(), value);
                }
                (None, None) => {}
            }
        }
        response
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, HeaderMap, T) {
    fn into_response(self) -> Response {
        (self.0, (self.1, self.2)).into_response()
    }
}

impl<K, V, T, const N: usize> IntoResponse for ([(K, V); N], T)
where
    K: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
    T: IntoResponse,
{
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        for (name, value) in self.0 {
            let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl<K, V, T, const N: usize> IntoResponse for (StatusCode, [(K, V); N], T)
where
    K: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
    T: IntoResponse,
{
    fn into_response(self) -> Response {
        let is_refused = |response: &Response| response.status() == StatusCode::INTERNAL_SERVER_ERROR;
        let mut response = (self.1, self.2).into_response();
        if !is_refused(&response) {
            *response.status_mut() = self.0;
        }
        response
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        self.map_or_else(|| StatusCode::NOT_FOUND.into_response(), T::into_response)
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

/// An error that a handler ended with, for the log.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) std::rc::Rc<io::Error>);

impl IntoResponse for io::Error {
    fn into_response(self) -> Response {
        let status = match self.kind() {
            // A database that does not answer in time is nothing that the client could do better.
            _ if !Faulty::is_in(&self) => StatusCode::INTERNAL_SERVER_ERROR,
            io::ErrorKind::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            io::ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = (status, status.canonical_reason().unwrap_or_default()).into_response();
        // `Extensions` asks for `Send`, and the response stays on its hub.
        response.extensions_mut().insert(crate::hubs::Here::new(Failure(std::rc::Rc::new(self))));
        response
    }
}

/// A value as JSON: in a response (feature `json`).
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::Serialize> IntoResponse for Json<T> {
    /// A value that cannot be written as JSON is a 500.
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => typed(text, "application/json"),
            Err(error) => io::Error::other(error).into_response(),
        }
    }
}

/// A page: 200, `text/html; charset=utf-8`.
pub fn html(page: impl Into<Body>) -> Response {
    typed(page, "text/html; charset=utf-8")
}

/// Sends the peer elsewhere: 303, so that it asks there with `GET`.
///
/// A `location` that cannot be a header is a 500.
pub fn redirect(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, location)], ()).into_response()
}

/// A text that a green call writes while it is sent: [`Body::stream`] as a response of
/// `text/plain`.
pub fn stream<F, G>(produce: F) -> Response
where
    F: FnOnce(Out) -> G + 'static,
    G: GreenCall<Value = io::Result<()>> + 'static,
{
    typed(Body::stream(produce), "text/plain; charset=utf-8")
}
