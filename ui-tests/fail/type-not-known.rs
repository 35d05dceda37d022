// In a generic function, the type of a call's value is written down where nothing else tells it.
use eventlet::green;

#[green]
fn convert<T, U: From<T> + PartialEq>(value: T, other: U) -> bool {
    let converted = value.into(); //~ ERROR the type of this call's value is not known here
    other == converted
}

fn main() {}
