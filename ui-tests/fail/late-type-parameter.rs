// The type of a call may become known later, unless it is a type parameter then.

use eventlet::green;

trait Made {
    fn made() -> Self;
}

impl Made for u8 {
    fn made() -> Self {
        1
    }
}

fn any<T: Made>() -> T {
    T::made()
}

#[green]
fn too_late<T: Made>() -> T {
    let value = any(); //~ ERROR the type of this call becomes known too late
    value
}

#[green]
fn by_the_trait<T: Made>() -> T {
    let value = Made::made(); //~ ERROR the type of this call becomes known too late
    value
}

#[green]
fn collected<T: FromIterator<u8>>(items: &[u8]) -> T {
    let all = items.iter().copied().collect(); //~ ERROR the type of this call becomes known too late
    all
}

#[green]
fn in_time<T: Made>() -> T {
    let value = T::made();
    value
}

/// A method that has the name of an iterator's adaptor, in a field whose type is not known before.
struct Pair<A, B>(A, B);

struct Text(String);

impl Text {
    fn map(&self, each: fn(&str) -> String) -> Text {
        Text(each(&self.0))
    }
}

#[green]
fn mapped(text: Text) -> usize {
    let pair = Pair(text.map(str::to_uppercase), 1); //~ ERROR the type of this call becomes known too late
    pair.0.0.len() + pair.1
}

#[green]
fn mapped_before(text: Text) -> usize {
    let upper = text.map(str::to_uppercase);
    let pair = Pair(upper, 1);
    pair.0.0.len() + pair.1
}

fn main() {
    eventlet::run(|| too_late::<u8>());
    eventlet::run(|| by_the_trait::<u8>());
    eventlet::run(|| collected::<Vec<u8>>(&[1]));
    eventlet::run(|| in_time::<u8>());
    eventlet::run(|| mapped(Text(String::new())));
    eventlet::run(|| mapped_before(Text(String::new())));
}
