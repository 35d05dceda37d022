// The test harness has nothing to pass.
use eventlet::green;

#[green]
#[test]
fn echoes(port: u16) { //~ ERROR a test takes no arguments and no parameters
    assert_eq!(port, 1);
}

#[green]
fn main() {}
