//! A body that must be as long as its request says.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::http::Body;

/// The body of a request whose `Content-Length` was given beside a stream.
///
/// The protocol would cut a longer one off without a word, and say of a shorter one that it was
/// unfinished. So the last piece waits until the stream has ended: a server that has all it was
/// promised has the whole body.
pub(super) struct Measured {
    body: Body,
    promised: u64,
    /// How much there was so far.
    length: u64,
    /// What makes it as long as was promised, until it is certain that nothing follows.
    last: Option<Bytes>,
    has_ended: bool,
}

impl Measured {
    pub(super) fn new(body: Body, promised: u64) -> Measured {
        Measured { body, promised, length: 0, last: None, has_ended: false }
    }

    fn fail<T>(&mut self, length: &str) -> Poll<Option<io::Result<T>>> {
        self.has_ended = true;
        self.last = None;
        let promised = self.promised;
        let wrong = format!("its body has {length} bytes, and its Content-Length says {promised}");
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, wrong))))
    }
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        while !this.has_ended {
            let Some(frame) = ready!(Pin::new(&mut this.body).poll_frame(cx)) else {
                if this.length < this.promised {
                    return this.fail(&this.length.to_string());
                }
                this.has_ended = true;
                break;
            };
            let data = match frame?.into_data() {
                Ok(data) => data,
                // Trailers, which have no place beside a length.
                Err(_) => continue,
            };
            this.length = this.length.saturating_add(data.len() as u64);
            if this.length > this.promised {
                return this.fail(&format!("at least {}", this.length));
            }
            if this.length == this.promised && !data.is_empty() {
                this.last = Some(data);
            } else if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        Poll::Ready(this.last.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended && self.last.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // What the header says is what is sent, or it fails.
        SizeHint::with_exact(
            self.promised.saturating_sub(self.length)
                + self.last.as_ref().map_or(0, |data| data.len() as u64),
        )
    }
}
