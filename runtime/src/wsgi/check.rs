//! What is refused although the parser takes it.

use ::http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use ::http::uri::{Authority, Scheme};
use ::http::{HeaderMap, Method, Request, StatusCode, Version};

use super::framing::Bad;
use super::server::Limits;
use crate::http::Response;

/// A request that must not be handled, and why.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) reason: &'static str,
}

const fn refused(status: StatusCode, reason: &'static str) -> Result<(), Refused> {
    Err(Refused { status, reason })
}

/// Looks at a request's head. `bad` is what was wrong with its bytes.
pub(super) fn head<B>(request: &Request<B>, limits: &Limits, bad: Option<Bad>) -> Result<(), Refused> {
    let headers = request.headers();
    match bad {
        Some(Bad::Ambiguous) => {
            return refused(StatusCode::BAD_REQUEST, "the request could be read in two ways\n");
        }
        Some(Bad::TooLarge) => {
            return refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large\n");
        }
        None => {}
    }
    let said = Said::of(headers);
    target(request)?;
    host(request, &said)?;
    if said.expects_more {
        return refused(StatusCode::EXPECTATION_FAILED, "the only expectation here is `100-continue`\n");
    }
    if said.codings > 1
        || said.coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return refused(StatusCode::NOT_IMPLEMENTED, "the only transfer coding here is `chunked`\n");
    }
    if url_length(request) >= limits.url_length {
        return refused(StatusCode::URI_TOO_LONG, "the URL is too long\n");
    }
    let length = said.length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits.body) {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n");
    }
    Ok(())
}

/// What the headers say of what is looked at here. One walk over the few that there are costs less
/// than a search for each name.
#[derive(Default)]
struct Said<'a> {
    host: Option<&'a HeaderValue>,
    hosts: usize,
    coding: Option<&'a HeaderValue>,
    codings: usize,
    length: Option<&'a HeaderValue>,
    /// Anything but `100-continue`.
    expects_more: bool,
}

impl<'a> Said<'a> {
    fn of(headers: &'a HeaderMap) -> Said<'a> {
        let mut said = Said::default();
        for (name, value) in headers {
            if *name == HOST {
                said.host.get_or_insert(value);
                said.hosts += 1;
            } else if *name == TRANSFER_ENCODING {
                said.coding.get_or_insert(value);
                said.codings += 1;
            } else if *name == CONTENT_LENGTH {
                said.length.get_or_insert(value);
            } else if *name == EXPECT {
                said.expects_more |= !value.as_bytes().eq_ignore_ascii_case(b"100-continue");
            }
        }
        said
    }
}

/// The forms of RFC 9112, 3.2, that an origin server answers.
fn target<B>(request: &Request<B>) -> Result<(), Refused> {
    if request.method() == Method::CONNECT {
        // A tunnel begins with any 2xx: an application that answers every request would promise
        // one.
        return refused(StatusCode::NOT_IMPLEMENTED, "this is no proxy\n");
    }
    let uri = request.uri();
    let is_asterisk = uri.path() == "*";
    if is_asterisk && request.method() != Method::OPTIONS {
        return refused(StatusCode::BAD_REQUEST, "only OPTIONS asks about `*`\n");
    }
    if !is_asterisk && !uri.path().starts_with('/') {
        return refused(StatusCode::BAD_REQUEST, "the target is no path\n");
    }
    let is_foreign = |scheme: &Scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS;
    if uri.scheme().is_some_and(is_foreign) {
        return refused(StatusCode::BAD_REQUEST, "the target's scheme is not HTTP's\n");
    }
    if uri.authority().is_some_and(|authority| !is_host(authority.as_str().as_bytes())) {
        return refused(StatusCode::BAD_REQUEST, "the target's host is none\n");
    }
    Ok(())
}

fn host<B>(request: &Request<B>, said: &Said<'_>) -> Result<(), Refused> {
    let Some(host) = said.host else {
        if request.version() == Version::HTTP_11 {
            return refused(StatusCode::BAD_REQUEST, "a request names its host\n");
        }
        return Ok(());
    };
    if said.hosts > 1 {
        return refused(StatusCode::BAD_REQUEST, "a request names one host\n");
    }
    if !is_host(host.as_bytes()) {
        return refused(StatusCode::BAD_REQUEST, "the host is none\n");
    }
    let is_other =
        |authority: &Authority| !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes());
    if request.version() == Version::HTTP_2 && request.uri().authority().is_some_and(is_other) {
        return refused(StatusCode::BAD_REQUEST, "a request names one host\n");
    }
    Ok(())
}

/// The bytes that names and addresses are made of.
static OF_A_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~%!$&'()*+;=";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

/// A name or address and perhaps a port, or nothing. Neither a user nor a list, which the next
/// reader could cut differently.
fn is_host(host: &[u8]) -> bool {
    let is_of_a_name = |byte: &u8| OF_A_NAME[usize::from(*byte)];
    // The colons of an IPv6 address stand in brackets.
    let (name, rest) = match host.strip_prefix(b"[") {
        Some(address) => match memchr::memchr(b']', address) {
            Some(end) => (&address[..end], &address[end + 1..]),
            None => return false,
        },
        None => host.split_at(memchr::memchr(b':', host).unwrap_or(host.len())),
    };
    let is_in_brackets = name.len() < host.len() - rest.len();
    name.iter().all(|byte| is_of_a_name(byte) || (is_in_brackets && *byte == b':'))
        && rest
            .split_first()
            .is_none_or(|(colon, port)| *colon == b':' && port.iter().all(u8::is_ascii_digit))
}

/// Where the target names a host it is that one, whatever the header says (RFC 9112, 3.2.2).
pub(super) fn prefer_target_host<B>(request: &mut Request<B>) {
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
}

/// What the application says of its answer's framing must be true: hyper believes it, and a length
/// that is not the body's makes the client read one answer where two are, or wait for ever.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn framing(response: &mut Response, method: &Method) -> Result<(), &'static str> {
    let status = response.status();
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Err("an answer cannot have a status of 1xx");
    }
    if !response.headers().keys().any(|name| *name == TRANSFER_ENCODING || *name == CONTENT_LENGTH) {
        return Ok(());
    }
    // How the body is coded for the way is the server's business.
    response.headers_mut().remove(TRANSFER_ENCODING);
    if !response.headers().contains_key(CONTENT_LENGTH) {
        return Ok(());
    }
    if status == StatusCode::NO_CONTENT || status.is_informational() {
        response.headers_mut().remove(CONTENT_LENGTH);
        return Ok(());
    }
    let mut lengths = response.headers().get_all(CONTENT_LENGTH).iter();
    let first = lengths.next().and_then(|length| length.to_str().ok()).filter(|length| is_number(length));
    let Some(length) = first.and_then(|length| length.parse::<u64>().ok()) else {
        return Err("the answer's Content-Length is no number");
    };
    if lengths.next().is_some() {
        return Err("the answer has several Content-Length");
    }
    // Without a body the length is that which there would be.
    let is_bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    match response.body().len() {
        Some(0) if is_bodiless => Ok(()),
        Some(actual) if actual != length => Err("the answer's Content-Length is not that of its body"),
        _ => Ok(()),
    }
}

/// Takes the body out of an answer that has none on its way, and leaves its length. With HTTP/1
/// hyper does that; with HTTP/2 it sends whatever is there, which clients take for a broken stream.
pub(super) fn leave_out_body(response: &mut Response, is_head: bool) {
    if !is_head && !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return;
    }
    let body = std::mem::take(response.body_mut());
    if let (true, Some(length)) = (is_head, body.len())
        && !response.headers().contains_key(CONTENT_LENGTH)
    {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn url_length<B>(request: &Request<B>) -> usize {
    let uri = request.uri();
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    path + uri.authority().map_or(0, |authority| authority.as_str().len())
}

/// Drops headers whose name has an underscore.
pub(super) fn drop_underscores(headers: &mut HeaderMap) {
    if headers.keys().any(has_underscore) {
        let bad: Vec<HeaderName> = headers.keys().filter(|name| has_underscore(name)).cloned().collect();
        for name in bad {
            headers.remove(name);
        }
    }
}

fn has_underscore(name: &HeaderName) -> bool {
    name.as_str().as_bytes().contains(&b'_')
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::server::Server;
    use super::*;

    fn status(path: &str, headers: &[(&'static str, &str)]) -> Option<StatusCode> {
        let limits = Server::new().url_length_limit(10).max_body(100).limits;
        let mut request = Request::builder().uri(path).header(HOST, "x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        head(&request.body(()).unwrap(), &limits, None).err().map(|refused| refused.status)
    }

    #[test]
    fn a_url_has_fewer_bytes_than_its_limit_and_a_body_no_more() {
        assert_eq!(status("/23456789", &[]), None);
        assert_eq!(status("/234567890", &[]), Some(StatusCode::URI_TOO_LONG));
        assert_eq!(status("/", &[("content-length", "100")]), None);
        assert_eq!(status("/", &[("content-length", "101")]), Some(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for good in
            ["", "a", "a:", "a:80", "a.b-c_d:1", "127.0.0.1:80", "[::1]", "[::1]:80", "[::1]:", "a%20b"]
        {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in ["a:b", "a:80:90", "a,b", "a b", "u@a", "a/b", "::1", "[::1", "[::1]a", "[::1]80", "a[b]"]
        {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn there_is_one_transfer_coding_once() {
        let coding = ("transfer-encoding", "Chunked");
        assert_eq!(status("/", &[coding]), None);
        assert_eq!(status("/", &[coding, coding]), Some(StatusCode::NOT_IMPLEMENTED));
        assert_eq!(status("/", &[("transfer-encoding", "gzip")]), Some(StatusCode::NOT_IMPLEMENTED));
    }
}
