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

fn main() {
    eventlet::run(|| too_late::<u8>());
    eventlet::run(|| by_the_trait::<u8>());
    eventlet::run(|| collected::<Vec<u8>>(&[1]));
    eventlet::run(|| in_time::<u8>());
}
