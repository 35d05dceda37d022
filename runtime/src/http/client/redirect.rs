//! Where an answer sends its request, and what goes along.

use std::io;

use ::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE,
    COOKIE, HOST, HeaderMap, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use ::http::{Method, StatusCode};
use url::Url;

use super::error::invalid;
use crate::http::shown::without_password;

/// Whether an answer with this status sends its request elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The URL to go on with. `None`: the answer names none, and is the last.
pub(super) fn target(from: &Url, headers: &HeaderMap) -> io::Result<Option<Url>> {
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let location =
        std::str::from_utf8(location.as_bytes()).map_err(|_| invalid("the location is no text"))?;
    let wrong = |error| invalid(format!("`{}`: {error}", without_password(location)));
    let mut url = from.join(location).map_err(wrong)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("it leads to `{}:`", url.scheme())));
    }
    // Names and passwords come from whoever asks, and not from the server.
    let stripped = url.set_username("").and_then(|()| url.set_password(None));
    stripped.map_err(|()| invalid("there is no host in it"))?;
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(Some(url))
}

/// The method to go on with: as browsers do it, a `POST` that is sent on by 301 or 302 becomes a
/// `GET`, and so does all but `HEAD` by 303.
pub(super) fn method(status: StatusCode, method: &Method) -> Method {
    let becomes_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::HEAD,
        _ => false,
    };
    if becomes_get { Method::GET } else { method.clone() }
}

/// What is said of a body goes with it.
pub(super) fn forget_body(headers: &mut HeaderMap) {
    let of_bodies = [
        CONTENT_TYPE,
        CONTENT_LENGTH,
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_LOCATION,
        TRANSFER_ENCODING,
    ];
    of_bodies.iter().for_each(|name| drop(headers.remove(name)));
}

/// What is meant for one server is shown to no other: another scheme, host or port.
pub(super) fn forget_secrets(from: &Url, to: &Url, headers: &mut HeaderMap) {
    if from.origin() != to.origin() {
        [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION].iter().for_each(|name| drop(headers.remove(name)));
    }
}
