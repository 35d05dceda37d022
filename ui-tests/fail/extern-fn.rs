// A foreign caller expects the result when the call returns.
use eventlet::green;

#[green]
pub extern "C" fn on_event(n: u32) -> u32 { //~ ERROR a green function cannot have a foreign calling convention
    n
}

#[green]
fn main() {
    let n: u32 = on_event(1);
    assert_eq!(n, 1);
}
