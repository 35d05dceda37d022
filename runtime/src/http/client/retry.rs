//! What is worth another attempt.

use std::io;
use std::time::{Duration, SystemTime};

use ::http::Method;
use ::http::header::{DATE, RETRY_AFTER};

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
        Some(text) => wait(text.trim(), response.header(DATE.as_str())).filter(|wait| *wait <= LONGEST),
    }
}

/// How long a `Retry-After` asks to wait: seconds, or a date. That is one of the server's clock, as
/// is the date of its answer; this machine's clock is asked where there is none.
fn wait(text: &str, date: Option<&str>) -> Option<Duration> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_the_time_until_a_date() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let later = "Sun, 06 Nov 1994 08:50:07 GMT";
        let cases = [
            ("120", None, Some(120)),
            (later, Some(date), Some(30)),
            (date, Some(later), Some(0)),
            (date, None, Some(0)),
            (date, Some("yesterday"), Some(0)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(date), Some(30)),
            ("-1", Some(date), None),
            ("soon", Some(date), None),
            ("", None, None),
            ("99999999999999999999", None, None),
        ];
        for (text, date, expected) in cases {
            assert_eq!(wait(text, date), expected.map(Duration::from_secs), "{text}");
        }
    }
}
