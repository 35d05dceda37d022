#![cfg_attr(rustfmt, rustfmt_skip)]
//! Bounds that green values do not keep, where rustc has said so. Others stay.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
use std::net::TcpStream;

pub trait Stream: Read {}

impl Stream for TcpStream {}

pub fn hold<S>(stream: S) -> Box<S>
where
    S: 
'static,
{
    Box::new(stream)
}

pub fn show(_: impl /*unsendable*/::core::marker::Sized) {}

pub fn error() -> Box<dyn std::error::Error + Send + Sync> {
    "an error".into()
}
