// `#[eventlet::test]` makes a function a test and green by itself.
use eventlet::green;

#[eventlet::test]
#[green] //~ ERROR `#[eventlet::test]` and `#[green]` stand on one function
fn a() {}

#[green]
#[eventlet::test] //~ ERROR `#[eventlet::test]` and `#[green]` stand on one function
fn b() {}

#[eventlet::test]
#[test] //~ ERROR `#[eventlet::test]` and `#[test]` stand on one function
fn c() {}

#[eventlet::test]
fn d(n: u32) {} //~ ERROR a test takes no arguments and no parameters

#[green]
fn main() {
    b();
}
