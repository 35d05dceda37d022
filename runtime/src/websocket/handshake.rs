//! What is said before the first frame, as a server sees it: RFC 6455, 4.2.

use std::borrow::Cow;

use ::http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version};

use crate::http::{IntoResponse, Response};
use crate::wsgi::has_token;

/// A handshake that is refused, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    reason: &'static str,
}

impl Refused {
    pub(super) const fn of_origin() -> Refused {
        Refused { status: StatusCode::FORBIDDEN, reason: "not for this page\n" }
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = (self.status, self.reason).into_response();
        let mut say = |name, value| {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        };
        match self.status {
            StatusCode::METHOD_NOT_ALLOWED => say(::http::header::ALLOW, "GET"),
            StatusCode::UPGRADE_REQUIRED => say(SEC_WEBSOCKET_VERSION, "13, 8"),
            _ => {}
        }
        say(CONNECTION, "close");
        response
    }
}

const fn refused<T>(status: StatusCode, reason: &'static str) -> Result<T, Refused> {
    Err(Refused { status, reason })
}

/// The client's key, if the request is a handshake.
pub(super) fn key_of<B>(request: &Request<B>) -> Result<&str, Refused> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "a WebSocket begins with GET\n");
    }
    if request.version() != Version::HTTP_11 {
        return refused(StatusCode::BAD_REQUEST, "a WebSocket begins with HTTP/1.1\n");
    }
    if !has_token(headers, CONNECTION.as_str(), "upgrade")
        || !has_token(headers, UPGRADE.as_str(), "websocket")
    {
        return refused(StatusCode::BAD_REQUEST, "this is for WebSockets\n");
    }
    // What follows the head would be read as frames.
    let is_empty = |length: &HeaderValue| length.as_bytes() == b"0";
    if headers.contains_key(TRANSFER_ENCODING) || !headers.get_all(CONTENT_LENGTH).iter().all(is_empty) {
        return refused(StatusCode::BAD_REQUEST, "a WebSocket begins without a body\n");
    }
    match single(headers, &SEC_WEBSOCKET_VERSION)? {
        Some("13" | "8") => {}
        _ => return refused(StatusCode::UPGRADE_REQUIRED, "the versions here are 13 and 8\n"),
    }
    match single(headers, &SEC_WEBSOCKET_KEY)? {
        Some(key) if is_key(key) => Ok(key),
        _ => refused(StatusCode::BAD_REQUEST, "a WebSocket begins with a key of 16 bytes\n"),
    }
}

/// The value of a header that may stand once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().and_then(|value| value.to_str().ok());
    if values.next().is_some() {
        return refused(StatusCode::BAD_REQUEST, "a header that stands once stands twice\n");
    }
    Ok(first.map(str::trim))
}

/// 16 bytes in Base64.
fn is_key(key: &str) -> bool {
    let Some(digits) = key.strip_suffix("==") else { return false };
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    digits.len() == 22 && digits.bytes().all(is_digit)
}

/// The page that a browser's client runs in. Version 8 has another name for it.
pub(super) fn origin_of(headers: &HeaderMap) -> Option<&str> {
    origins(headers).next()?.to_str().ok()
}

/// Is it named in a way that leaves doubts?
pub(super) fn is_origin_odd(headers: &HeaderMap) -> bool {
    let mut origins = origins(headers);
    origins.next().is_some_and(|origin| origin.to_str().is_err()) || origins.next().is_some()
}

fn origins(headers: &HeaderMap) -> impl Iterator<Item = &HeaderValue> {
    const OLD: HeaderName = HeaderName::from_static("sec-websocket-origin");
    let name = if headers.contains_key(ORIGIN) { ORIGIN } else { OLD };
    headers.get_all(name).iter()
}

/// Is a page of this origin one of the host that it asks?
pub(crate) fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let bare = |text: &str| text.strip_suffix(default).unwrap_or(text).to_ascii_lowercase();
    bare(authority) == bare(host)
}

/// The first of the client's sub-protocols that is among these.
pub(super) fn protocol_of(headers: &HeaderMap, known: &[Cow<'static, str>]) -> Option<String> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut offered = values.flat_map(|value| value.split(',')).map(str::trim);
    offered.find(|offer| known.iter().any(|known| known == offer)).map(str::to_owned)
}

/// All values of the header that is a list of extensions.
pub(super) fn extensions_of(headers: &HeaderMap) -> String {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
    values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixteen_bytes() {
        assert!(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
        for bad in
            ["", "==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZ-=="]
        {
            assert!(!is_key(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_the_hosts_own_whatever_its_letters_and_with_its_usual_port() {
        let same = |host: &'static str, origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            is_same_origin(&headers, origin)
        };
        assert!(same("site.test", "http://site.test"));
        assert!(same("Site.test:80", "http://site.TEST"));
        assert!(same("site.test", "https://site.test:443"));
        assert!(same("site.test:8090", "http://site.test:8090"));
        assert!(!same("site.test:8090", "http://site.test"));
        assert!(!same("site.test", "http://site.test.evil.test"));
        assert!(!same("site.test", "http://evil.test/site.test"));
        assert!(!same("site.test", "null"));
    }
}
