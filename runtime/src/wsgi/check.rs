//! What is refused although the parser takes it.

use ::http::header::{CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING};
use ::http::{HeaderMap, Request, StatusCode, Version};

use super::framing::Bad;
use super::server::Limits;

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
    if request.version() == Version::HTTP_11 {
        let mut hosts = headers.get_all(HOST).iter();
        if hosts.next().is_none() {
            return refused(StatusCode::BAD_REQUEST, "a request names its host\n");
        }
        if hosts.next().is_some() {
            return refused(StatusCode::BAD_REQUEST, "a request names one host\n");
        }
    }
    if let Some(coding) = headers.get(TRANSFER_ENCODING)
        && (!coding.as_bytes().eq_ignore_ascii_case(b"chunked") || has_several(headers))
    {
        return refused(StatusCode::NOT_IMPLEMENTED, "the only transfer coding here is `chunked`\n");
    }
    if url_length(request) >= limits.url_length {
        return refused(StatusCode::URI_TOO_LONG, "the URL is too long\n");
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits.body) {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n");
    }
    Ok(())
}

fn has_several(headers: &HeaderMap) -> bool {
    headers.get_all(TRANSFER_ENCODING).iter().nth(1).is_some()
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
    fn there_is_one_transfer_coding_once() {
        let coding = ("transfer-encoding", "Chunked");
        assert_eq!(status("/", &[coding]), None);
        assert_eq!(status("/", &[coding, coding]), Some(StatusCode::NOT_IMPLEMENTED));
        assert_eq!(status("/", &[("transfer-encoding", "gzip")]), Some(StatusCode::NOT_IMPLEMENTED));
    }
}
