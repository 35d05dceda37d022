//! Plain calls whose values are what the place around them expects, which plain Rust tells the call.

#![deny(warnings)]

use std::io::{self, BufReader, Read};
use std::iter::Map;
use std::net::SocketAddr;
use std::ops::Range;

use eventlet::green;
use eventlet::green::io::{Read as GreenRead, Write};

/// A function's pointer in the type of a field.
struct Names {
    names: Map<Range<u32>, fn(u32) -> String>,
}

fn name(n: u32) -> String {
    n.to_string()
}

#[green]
fn names() -> Names {
    Names { names: (0..3).map(name) }
}

/// A trait object inside.
trait Stream: Read {}

impl Stream for io::Empty {}

struct Connection {
    inner: BufReader<Box<dyn Stream>>,
}

#[green]
fn connection<S: Stream + 'static>(stream: S) -> Connection {
    Connection { inner: BufReader::new(Box::new(stream)) }
}

/// A pointer that only the expected type follows.
struct Node {
    next: Option<Box<Node>>,
}

#[green]
fn taken(mut node: Box<Node>) -> Vec<Node> {
    let mut all: Vec<Node> = vec![];
    all.push(std::mem::replace(&mut node, Node { next: None }));
    all
}

#[green]
#[allow(clippy::borrowed_box)]
fn alone(node: &Box<Node>) -> &[Node] {
    std::slice::from_ref(node)
}

fn port(address: &SocketAddr) -> u16 {
    address.port()
}

#[green]
fn first_port(addresses: Vec<SocketAddr>) -> u16 {
    port(&addresses.first().unwrap())
}

/// The slice that a default stands for.
#[green]
fn from_first(bytes: &[u8]) -> &[u8] {
    bytes.iter().position(|byte| *byte != 0).map_or(&[], |at| &bytes[at..])
}

/// A call that never returns, in the place of a type parameter.
fn stop() -> ! {
    panic!("there is nothing")
}

#[green]
fn value_of<T>(value: Option<T>, otherwise: Option<T>) -> T {
    match value {
        Some(value) => value,
        None => {
            if let Some(value) = otherwise {
                return value;
            }
            stop()
        }
    }
}

/// Closures and what goes over one as results.
#[green]
fn behind(from: usize) -> impl Fn(&str) -> &str {
    move |text| &text[from..]
}

#[green]
fn longer_than<'x, P: AsRef<str> + 'x>(least: P) -> impl for<'a> Fn(&'a str) -> bool + Send + 'static {
    let least = least.as_ref().len();
    move |text| text.len() > least
}

#[green]
fn by<K: Ord>(key: fn(&u32) -> K) -> impl FnMut(&u32, &u32) -> std::cmp::Ordering {
    move |a, b| key(a).cmp(&key(b))
}

/// A parameter whose type leaves out the lifetime that the result names.
type Parsed<'a, T> = Result<(&'a str, T), String>;

#[green]
fn optional<'a, F, T>(mut parse: F) -> impl FnMut(&'a str) -> Parsed<'a, Option<T>>
where
    F: FnMut(&'a str) -> Parsed<'a, T>,
{
    move |text: &str| match parse(text) {
        Ok((rest, value)) => Ok((rest, Some(value))),
        Err(_) => Ok((text, None)),
    }
}

fn digit(text: &str) -> Parsed<'_, u32> {
    let first = text.chars().next().and_then(|c| c.to_digit(10)).ok_or("no digit")?;
    Ok((&text[1..], first))
}

#[green]
fn twice_the_first<A: Iterator<Item = u8>>(mut items: A) -> impl Iterator<Item = u8> {
    let mut first = items.next();
    let again = first;
    let mut again = again.into_iter();
    std::iter::from_fn(move || first.take().or_else(|| again.next()).or_else(|| items.next()))
}

/// Any reader, in a call whose type has a name.
#[green(boxed)]
fn first_byte(reader: &mut impl GreenRead) -> io::Result<u8> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// A method that calls one which calls it back.
struct InPieces<W>(W, usize);

impl<W: Write> Write for InPieces<W> {
    #[green]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.1 {
            let piece = self.1;
            self.write_all(&bytes[..piece])?;
            return Ok(piece);
        }
        self.0.write(bytes)
    }

    #[green]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[green]
fn green_parts() {
    assert_eq!(names().names.collect::<Vec<_>>(), ["0", "1", "2"]);
    let mut text = String::new();
    connection(io::empty()).inner.read_to_string(&mut text).unwrap();
    assert_eq!(text, "");
    let mut taken = taken(Box::new(Node { next: None }));
    assert!(taken.pop().unwrap().next.is_none());
    assert_eq!(alone(&Box::new(Node { next: None })).len(), 1);
    assert_eq!(first_port(vec![SocketAddr::from(([127, 0, 0, 1], 80))]), 80);
    assert_eq!(from_first(&[0, 0, 1, 2]), [1, 2]);
    assert_eq!(value_of(None, Some(3)), 3);
    assert_eq!(behind(2)("abc"), "c");
    let mut digits = optional(digit);
    assert_eq!((digits("1a"), digits("a")), (Ok(("a", Some(1))), Ok(("a", None))));
    assert!(longer_than("ab")(&String::from("abc")));
    let mut numbers = vec![3, 1, 2];
    numbers.sort_by(by(|n| std::cmp::Reverse(*n)));
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(twice_the_first(vec![1, 2].into_iter()).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(first_byte(&mut &b"x"[..]).unwrap(), b'x');
    let mut pieces = InPieces(Vec::new(), 2);
    pieces.write_all(b"hello").unwrap();
    assert_eq!(pieces.0, b"hello");
}

fn main() {
    eventlet::run(green_parts);
}
