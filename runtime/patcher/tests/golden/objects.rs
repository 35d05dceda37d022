//! Objects of std's traits.
use std::io::{self, Read, Write};

pub struct Response {
    body: Box<dyn Read + Send + 'static>,
}

impl Response {
    pub fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        /*green*/self.body.read_to_string(&mut text)?;
        Ok(text)
    }
}

pub fn send(to: &mut dyn io::Write, text: &str) -> io::Result<()> {
    /*green*/to.write_all(text.as_bytes())
}

pub fn show(value: &dyn std::fmt::Display) -> String {
    value.to_string()
}
