//! Answers that are compressed.

use std::io;
#[cfg(feature = "gzip")]
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::HeaderMap;
use ::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
#[cfg(any(feature = "gzip", feature = "brotli"))]
use bytes::Buf;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::error::{Phase, What};
use super::exchange::Arriving;
#[cfg(feature = "zstd")]
use super::zstd::Zstd;
use crate::http::Body;

/// So much is decoded at a time, at most.
#[cfg(feature = "brotli")]
const PIECE: usize = 64 * 1024;

/// So much is given to a decoder that writes all that comes of it: of one byte no more than 1032
/// can come.
#[cfg(feature = "gzip")]
const BITE: usize = 256;

/// What is understood, as `Accept-Encoding` says it; `None` if nothing is.
pub(super) fn accepted() -> Option<HeaderValue> {
    let known = [
        (cfg!(feature = "gzip"), "gzip"),
        (cfg!(feature = "brotli"), "br"),
        (cfg!(feature = "zstd"), "zstd"),
    ];
    let names: Vec<&str> = known.iter().filter(|(is_known, _)| *is_known).map(|(_, name)| *name).collect();
    HeaderValue::try_from(names.join(", ")).ok().filter(|names| !names.is_empty())
}

/// The body of an answer, decoded if it is encoded in a way that is understood. Its headers say so
/// no more then.
pub(super) fn decoded(headers: &mut HeaderMap, body: Arriving, most: u64, what: &What) -> Body {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = match (codings.next(), codings.next()) {
        (Some(coding), None) if !body.is_end_stream() => coding.to_str().ok(),
        _ => None,
    };
    let Some(decoder) = coding.and_then(Decoder::of) else { return Body::arriving(body, most) };
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    let decoding =
        Decoding { body, decoder: Some(decoder), input: Bytes::new(), has_begun: false, what: what.clone() };
    Body::arriving(decoding, most)
}

pub(super) enum Decoder {
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::write::MultiGzDecoder<Vec<u8>>>),
    #[cfg(feature = "brotli")]
    Brotli(Box<Brotli>),
    #[cfg(feature = "zstd")]
    Zstd(Box<Zstd>),
    /// So that there is always one; nobody can make it.
    #[expect(dead_code, reason = "without a feature there is no other")]
    None(std::convert::Infallible),
}

impl Decoder {
    pub(super) fn of(coding: &str) -> Option<Decoder> {
        match coding.trim() {
            #[cfg(feature = "gzip")]
            "gzip" | "x-gzip" => Some(Decoder::Gzip(Box::new(flate2::write::MultiGzDecoder::new(vec![])))),
            #[cfg(feature = "brotli")]
            "br" => Some(Decoder::Brotli(Box::default())),
            #[cfg(feature = "zstd")]
            "zstd" => Some(Decoder::Zstd(Box::default())),
            _ => None,
        }
    }

    #[cfg_attr(
        not(any(feature = "gzip", feature = "brotli", feature = "zstd")),
        expect(unused_variables, reason = "without a feature nothing can be decoded")
    )]
    /// Takes some of `input`, and gives what comes of it; nothing if it needs more.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        match self {
            #[cfg(feature = "gzip")]
            Decoder::Gzip(decoder) => {
                while input.has_remaining() && decoder.get_ref().is_empty() {
                    let count = decoder.write(&input[..input.len().min(BITE)])?;
                    input.advance(count);
                }
                Ok(std::mem::take(decoder.get_mut()))
            }
            #[cfg(feature = "brotli")]
            Decoder::Brotli(decoder) => decoder.decode(input),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(decoder) => decoder.decode(input),
            Decoder::None(never) => match *never {},
        }
    }

    /// Everything has come. Gives what is left, and an error if there should be more.
    pub(super) fn finish(&mut self) -> io::Result<Vec<u8>> {
        match self {
            #[cfg(feature = "gzip")]
            Decoder::Gzip(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            #[cfg(feature = "brotli")]
            Decoder::Brotli(decoder) => decoder.finish(),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(decoder) => decoder.finish(),
            Decoder::None(never) => match *never {},
        }
    }
}

#[cfg(feature = "brotli")]
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

#[cfg(feature = "brotli")]
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    is_over: bool,
}

#[cfg(feature = "brotli")]
impl Default for Brotli {
    fn default() -> Self {
        // Without windows of more than 16 MiB.
        let state = BrotliState::new_strict(
            StandardAlloc::default(),
            StandardAlloc::default(),
            StandardAlloc::default(),
        );
        Brotli { state, is_over: false }
    }
}

#[cfg(feature = "brotli")]
impl Brotli {
    fn decode(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        let malformed = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
        if self.is_over {
            return if input.is_empty() {
                Ok(vec![])
            } else {
                Err(malformed("there is more behind its end"))
            };
        }
        let mut output = vec![0; PIECE];
        let (mut available, mut taken) = (input.len(), 0);
        let (mut room, mut made, mut total) = (PIECE, 0, 0);
        let result = BrotliDecompressStream(
            &mut available,
            &mut taken,
            input,
            &mut room,
            &mut made,
            &mut output,
            &mut total,
            &mut self.state,
        );
        input.advance(taken);
        match result {
            BrotliResult::ResultFailure => return Err(malformed("it is no brotli")),
            BrotliResult::ResultSuccess => self.is_over = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        output.truncate(made);
        Ok(output)
    }

    fn finish(&mut self) -> io::Result<Vec<u8>> {
        let output = self.decode(&mut Bytes::new())?;
        if output.is_empty() && !self.is_over {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its end is missing"));
        }
        Ok(output)
    }
}

/// A body that is decoded as it comes.
struct Decoding {
    body: Arriving,
    /// Until the end.
    decoder: Option<Decoder>,
    /// What has come and was not decoded yet.
    input: Bytes,
    /// Something has come. Of nothing comes nothing, whatever it is said to be compressed with.
    has_begun: bool,
    what: What,
}

impl Decoding {
    fn fail(&mut self, error: io::Error) -> io::Error {
        self.decoder = None;
        self.body.abandon();
        let kind = match error.kind() {
            io::ErrorKind::UnexpectedEof => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        let reason = io::Error::new(kind, format!("it was not compressed as it says: {error}"));
        self.what.error(Phase::ReceiveBody, reason).into()
    }
}

impl HttpBody for Decoding {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            let Some(decoder) = &mut this.decoder else { return Poll::Ready(None) };
            match decoder.decode(&mut this.input) {
                Ok(output) if output.is_empty() && this.input.is_empty() => {}
                Ok(output) if output.is_empty() => continue,
                Ok(output) => return Poll::Ready(Some(Ok(Frame::data(output.into())))),
                Err(error) => return Poll::Ready(Some(Err(this.fail(error)))),
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        this.has_begun |= !data.is_empty();
                        this.input = data;
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Poll::Ready(Some(Err(error))) => {
                    this.decoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) if !this.has_begun => this.decoder = None,
                Poll::Ready(None) => match decoder.finish() {
                    Ok(output) if output.is_empty() => this.decoder = None,
                    Ok(output) => return Poll::Ready(Some(Ok(Frame::data(output.into())))),
                    Err(error) => return Poll::Ready(Some(Err(this.fail(error)))),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.decoder.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
