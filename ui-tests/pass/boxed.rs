//! Boxed functions: borrowed arguments of all kinds, lifetimes that a type hides, and tables of them.

#![deny(warnings)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenBox, green, sleep};

#[green]
fn fetch(n: u32) -> u32 {
    sleep(Duration::from_millis(1));
    n
}

/// It does not show that it borrows.
struct Line<'a>(&'a str);

struct Server {
    port: u32,
    log: Vec<String>,
}

impl Server {
    #[green(boxed)]
    fn send(&mut self, line: Line<'_>) -> usize {
        self.log.push(line.0.to_owned());
        fetch(1);
        line.0.len() + self.log.len()
    }

    #[green(boxed)]
    fn both(&self, first: Line<'_>, second: Option<&str>) -> u32 {
        fetch(self.port) + first.0.len() as u32 + second.map_or(0, |text| text.len() as u32)
    }

    #[green(boxed)]
    fn port(&self, bytes: Vec<u8>) -> String {
        format!("{} {}", fetch(self.port), bytes.len())
    }

    #[green(boxed)]
    fn last(&self) -> Option<&str> {
        fetch(1);
        self.log.last().map(String::as_str)
    }

    #[green(boxed)]
    fn last_or(&self, otherwise: &u32) -> &str {
        if fetch(*otherwise) > 0 { "none" } else { &self.log[0] }
    }

    #[green(boxed)]
    fn choose<'a>(&self, first: &'a str, second: Cow<'_, str>) -> &'a str {
        if fetch(second.len() as u32) > self.port { first } else { &first[1..] }
    }

    #[green(boxed)]
    fn shared(self: Rc<Self>, line: Line<'_>) -> u32 {
        fetch(self.port) + line.0.len() as u32
    }

    #[green(boxed)]
    fn into_port(self, _line: Line<'_>) -> u32 {
        fetch(self.port)
    }
}

#[green(boxed)]
fn longest<'a>(first: &'a str, second: &'a str) -> &'a str {
    if fetch(first.len() as u32) < second.len() as u32 { second } else { first }
}

#[green(boxed)]
fn generic<K: ToString>(key: &K, line: Line<'_>, numbers: impl IntoIterator<Item = u32>) -> String {
    let mut text = key.to_string() + line.0;
    for n in numbers {
        text += &fetch(n).to_string();
    }
    text
}

#[green(boxed)]
fn get(server: &Server, bytes: &[u8]) -> String {
    format!("{} {}", fetch(server.port), bytes.len())
}

#[green(boxed)]
fn quit(_server: &Server, _bytes: &[u8]) -> String {
    "bye".to_owned()
}

#[green(boxed)]
fn grow(server: &mut Server) -> u32 {
    server.port += fetch(1);
    server.port
}

/// A table for all lifetimes has the functions by their names.
type Command = for<'a> fn(&'a Server, &'a [u8]) -> GreenBox<'a, String>;
type Method = for<'a> fn(&'a Server, Vec<u8>) -> GreenBox<'a, String>;

#[green]
fn tables(server: &Server) -> Vec<String> {
    let mut commands: HashMap<&str, Command> = HashMap::new();
    commands.insert("get", get);
    commands.insert("quit", quit);
    let methods: [Method; 1] = [Server::port];
    let mut answers = vec![];
    for name in ["get", "quit"] {
        let text = name.to_owned();
        answers.push(commands[name](server, text.as_bytes()));
    }
    answers.push(methods[0](server, vec![1]));
    answers
}

#[green]
fn handed<F>(server: &mut Server, change: F) -> u32
where
    F: for<'a> Fn(&'a mut Server) -> GreenBox<'a, u32>,
{
    change(server) + change(server)
}

trait Sink {
    #[green(boxed)]
    fn put(&mut self, line: Line<'_>) -> usize;
    #[green(boxed)]
    fn first(&self) -> &str;
}

impl Sink for Server {
    #[green(boxed)]
    fn put(&mut self, line: Line<'_>) -> usize {
        self.send(line)
    }

    #[green(boxed)]
    fn first(&self) -> &str {
        &self.log[0]
    }
}

#[green]
fn green_parts() {
    let mut server = Server { port: 3, log: vec![] };
    let text = "one".to_owned();
    assert_eq!(server.send(Line(&text)), 4);
    assert_eq!(server.both(Line(&text), Some("x")), 7);
    assert_eq!(server.last(), Some("one"));
    {
        let otherwise = 0;
        let first = server.last_or(&otherwise);
        assert_eq!(first, "one");
    }
    let chosen = server.choose(&text, Cow::Borrowed("four"));
    let changed = server.log.len();
    assert_eq!((chosen, changed), ("one", 1));
    assert_eq!(longest(&text, "three"), "three");
    assert_eq!(generic(&5, Line("-"), [1, 2]), "5-12");
    assert_eq!(tables(&server), ["3 3", "bye", "3 1"]);
    assert_eq!(handed(&mut server, grow), 4 + 5);
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(server)];
    for sink in &mut sinks {
        assert_eq!(sink.put(Line("two")), 5);
        assert_eq!(sink.first(), "one");
    }
    assert_eq!(Rc::new(Server { port: 2, log: vec![] }).shared(Line("ab")), 4);
    assert_eq!(Server { port: 2, log: vec![] }.into_port(Line("ab")), 2);
}

fn main() {
    eventlet::run(green_parts);
}
