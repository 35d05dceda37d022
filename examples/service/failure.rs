//! What a request can come to besides an answer, and how the client is told.

use std::fmt::Display;
use std::io;

use eventlet::Timeout;
use eventlet::db_pool::ConnectError;
use eventlet::http::header::RETRY_AFTER;
use eventlet::http::{IntoResponse, Json, Response, StatusCode};
use serde::Serialize;

use crate::log;

/// An answer that is none.
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
    /// After so many seconds it may go better.
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct Told<'a> {
    error: &'a str,
}

impl Failure {
    /// What the client has done wrong.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into(), retry_after: None }
    }

    pub(crate) fn not_found() -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "there is no such note")
    }

    pub(crate) fn too_many(seconds: u32) -> Failure {
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too many notes: wait a little");
        Failure { retry_after: Some(seconds), ..failure }
    }

    /// What went wrong here. The log has it, and the client hears nothing of it.
    pub(crate) fn unavailable(error: impl Display) -> Failure {
        log::line(format_args!("error={:?}", error.to_string()));
        let failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "try again later");
        Failure { retry_after: Some(5), ..failure }
    }
}

/// Of a request's body.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let message = error.to_string();
        match error.into_response().status() {
            StatusCode::INTERNAL_SERVER_ERROR => Failure::unavailable(message),
            status => Failure::new(status, message),
        }
    }
}

impl From<eventlet_postgres::Error> for Failure {
    fn from(error: eventlet_postgres::Error) -> Failure {
        Failure::unavailable(error)
    }
}

impl<E: Display> From<ConnectError<E>> for Failure {
    fn from(error: ConnectError<E>) -> Failure {
        Failure::unavailable(error)
    }
}

/// All connections are out, for longer than one waits.
impl From<Timeout> for Failure {
    fn from(timeout: Timeout) -> Failure {
        Failure::unavailable(timeout)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Told { error: &self.message })).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
