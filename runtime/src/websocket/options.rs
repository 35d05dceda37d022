//! Limits and habits of a connection.

use std::time::Duration;

use super::deflate::Deflate;

/// What a message may have at most, if nothing else is said: 8 MiB.
pub const MAX_MESSAGE: usize = 8 << 20;

/// For how long nothing may come before a ping is sent, if nothing else is said: 30 seconds.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How long a ping waits for any sign of life, if nothing else is said: 30 seconds.
pub const PING_TIMEOUT: Duration = Duration::from_secs(30);

/// For how long a peer may take nothing of what is sent to it, if nothing else is said: 60 seconds.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// How long the end of a connection may take, if nothing else is said: 10 seconds.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits and habits of a connection, the same for both ends.
///
/// | what | default | beyond it |
/// |---|---|---|
/// | a message that is received ([`max_message`](Self::max_message)) | [8 MiB](MAX_MESSAGE) | closed with 1009 |
/// | silence, before a ping is sent ([`ping_interval`](Self::ping_interval)) | [30 s](PING_INTERVAL) | a ping |
/// | silence after that ping ([`ping_timeout`](Self::ping_timeout)) | [30 s](PING_TIMEOUT) | given up: `TimedOut` |
/// | no message in either direction ([`idle_timeout`](Self::idle_timeout)) | none | closed with 1001 |
/// | a peer that takes nothing ([`send_timeout`](Self::send_timeout)) | [60 s](SEND_TIMEOUT) | given up: `TimedOut` |
/// | the end ([`close_timeout`](Self::close_timeout)) | [10 s](CLOSE_TIMEOUT) | cut off |
///
/// Pings are sent, and silence is noticed, by whoever waits for messages.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) max_message: usize,
    pub(super) fragment: usize,
    pub(super) ping_interval: Option<Duration>,
    pub(super) ping_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) send_timeout: Option<Duration>,
    pub(super) close_timeout: Duration,
    pub(super) deflate: Option<Deflate>,
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Options {
        Options {
            max_message: MAX_MESSAGE,
            fragment: usize::MAX,
            ping_interval: Some(PING_INTERVAL),
            ping_timeout: PING_TIMEOUT,
            idle_timeout: None,
            send_timeout: Some(SEND_TIMEOUT),
            close_timeout: CLOSE_TIMEOUT,
            deflate: Some(Deflate::new()),
        }
    }

    /// How many bytes a received message may have, in all of its frames together and after it was
    /// inflated: [`MAX_MESSAGE`] if nothing is said. eventlet's `max_frame_length`.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Options {
        self.max_message = bytes;
        self
    }

    /// Sends messages in frames of so many bytes at most, between which pings are answered and a
    /// close finds its way. In one frame if nothing is said. Zero counts as one.
    #[must_use]
    pub fn fragment(mut self, bytes: usize) -> Options {
        self.fragment = bytes.max(1);
        self
    }

    /// For how long nothing may come before a ping is sent: [`PING_INTERVAL`] if nothing is said.
    /// `None`: none is sent, and a peer that has vanished is not noticed.
    #[must_use]
    pub fn ping_interval(mut self, interval: Option<Duration>) -> Options {
        self.ping_interval = interval;
        self
    }

    /// How long a ping waits for any sign of life: [`PING_TIMEOUT`] if nothing is said.
    #[must_use]
    pub fn ping_timeout(mut self, limit: Duration) -> Options {
        self.ping_timeout = limit;
        self
    }

    /// For how long there may be no message in either direction. There is no limit if nothing is
    /// said.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Option<Duration>) -> Options {
        self.idle_timeout = limit;
        self
    }

    /// For how long a peer may take nothing of what is sent to it: [`SEND_TIMEOUT`] if nothing is
    /// said.
    #[must_use]
    pub fn send_timeout(mut self, limit: Option<Duration>) -> Options {
        self.send_timeout = limit;
        self
    }

    /// How long the end of a connection may take: [`CLOSE_TIMEOUT`] if nothing is said.
    #[must_use]
    pub fn close_timeout(mut self, limit: Duration) -> Options {
        self.close_timeout = limit;
        self
    }

    /// How messages are compressed if the peer agrees: [`Deflate::new`] if nothing is said. `None`:
    /// not at all.
    #[must_use]
    pub fn deflate(mut self, deflate: Option<Deflate>) -> Options {
        self.deflate = deflate;
        self
    }
}
