//! Bounds that green values do not keep, where rustc has said so. Others stay.
use std::io::{self, Read};
use std::net::TcpStream;

pub trait Stream: Read + /*unsendable*/Send + Sync {}

impl Stream for TcpStream {}

pub fn hold<S>(stream: S) -> Box<S>
where
    S: Send + /*unsendable*/Sync
        + 'static,
{
    Box::new(stream)
}

pub fn show(_: impl /*unsendable*/Send) {}

pub fn error() -> Box<dyn std::error::Error + Send + Sync> {
    "an error".into()
}
