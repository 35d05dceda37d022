//! Each way to make a call whose value nobody asks for.

use std::io::{self, Write};
use std::net::TcpStream;

macro_rules! quietly {
    ($call:expr) => {
        let _ = $call;
    };
}

pub struct Line(TcpStream);

impl Line {
    pub fn new(stream: TcpStream) -> Line {
        Line(stream)
    }

    fn say(&mut self, word: &str) -> io::Result<()> {
        self.0.write_all(word.as_bytes())
    }

    fn mutter(&mut self, word: &str) {
        self.say(word).ok();
    }

    pub fn discarded(&mut self) {
        let _ = self.say("let ");
    }

    pub fn statement(&mut self) {
        self.mutter("statement ");
    }

    pub fn in_a_closure(&mut self) {
        ["closure "].iter().for_each(|word| {
            let _ = self.say(word);
        });
    }

    pub fn in_a_combinator(&mut self) {
        let _ = Some("map ").map(|word| {
            let _ = self.say(word);
        });
    }

    pub fn in_a_macro(&mut self) {
        quietly!(self.say("macro "));
    }
}

pub trait Speaks {
    fn line(&mut self) -> &mut Line;

    fn by_default(&mut self) {
        let _ = self.line().say("default ");
    }
}

impl Speaks for Line {
    fn line(&mut self) -> &mut Line {
        self
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.say("drop");
    }
}
