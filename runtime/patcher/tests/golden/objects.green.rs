#![cfg_attr(rustfmt, rustfmt_skip)]
//! Objects of std's traits.
#![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read, Write};

pub struct Response {
    body: Box<dyn ::eventlet::green::io::DynRead + 'static>,
}

impl Response {
    #[::eventlet::green] pub fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        /*green*/self.body.read_to_string(&mut text)?;
        Ok(text)
    }
}

#[::eventlet::green] pub fn send(to: &mut dyn ::eventlet::green::io::DynWrite, text: &str) -> io::Result<()> {
    /*green*/to.write_all(text.as_bytes())
}

pub fn show(value: &dyn std::fmt::Display) -> String {
    value.to_string()
}
