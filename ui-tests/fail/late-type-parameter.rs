// The type of a call may become known later, unless it is a type parameter then.

use eventlet::green;

#[green]
fn too_late<T: Default>() -> T {
    let value = Default::default(); //~ ERROR the type of this call becomes known too late
    value
}

#[green]
fn in_time<T: Default>() -> T {
    let value = T::default();
    value
}

fn main() {
    eventlet::run(|| too_late::<u8>());
    eventlet::run(|| in_time::<u8>());
}
