//! What is worth another attempt.

use std::io;
use std::time::Duration;

use ::http::Method;
use ::http::header::RETRY_AFTER;

use super::error::{Error, Phase};
use super::response::Response;

/// For longer than this a server's wish is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Whether a request may be made again after this.
pub(super) fn is_worth(error: &Error, method: &Method) -> bool {
    match error.phase() {
        // A name that does not exist, a certificate that is not trusted: so it will be again.
        Phase::Resolve | Phase::Handshake | Phase::Proxy => {
            matches!(
                error.kind(),
                io::ErrorKind::TimedOut | io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
            )
        }
        // Nothing was sent.
        Phase::Connect => true,
        Phase::Send | Phase::ReceiveHead => {
            method.is_idempotent() && error.kind() != io::ErrorKind::InvalidData
        }
        _ => false,
    }
}

/// How long to wait before the request is made again that this answers; `None` if it is an answer.
pub(super) fn after(response: &Response, pause: Duration) -> Option<Duration> {
    let status = response.status().as_u16();
    if !matches!(status, 429 | 502..=504) {
        return None;
    }
    match response.header(RETRY_AFTER.as_str()) {
        // Whoever is asked too often says when to come back, or is not asked again.
        None => (status != 429).then_some(pause),
        // A date would ask whose clock is right.
        Some(seconds) => seconds.trim().parse().ok().map(Duration::from_secs).filter(|wait| *wait <= LONGEST),
    }
}
