//! The access log, in eventlet's form.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use ::http::{Method, StatusCode, Uri, Version};

/// One request, as the log sees it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) client: String,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) status: StatusCode,
    /// Of the body, as it was handed over to be sent.
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    pub(crate) ended: SystemTime,
}

/// Where lines go.
pub(super) type Sink = Rc<dyn Fn(&dyn fmt::Display)>;

/// To standard error. What cannot be written there is lost, and nothing fails for it.
pub(super) fn to_stderr() -> Sink {
    Rc::new(|line| {
        use std::io::Write;
        let line = format!("{line}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    })
}

impl fmt::Display for Entry {
    /// `client - - [date] "request line" status bytes seconds`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.uri.path_and_query().map_or("/", |target| target.as_str());
        write!(
            f,
            "{} - - [{}] \"{} {} {:?}\" {} {} {:.6}",
            self.client,
            httpdate::fmt_http_date(self.ended),
            self.method,
            target,
            self.version,
            self.status.as_u16(),
            self.bytes,
            self.time.as_secs_f64()
        )
    }
}
