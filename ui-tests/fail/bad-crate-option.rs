// `crate` is followed by the path of the `eventlet` crate.
use eventlet::green;

#[green(crate = "eventlet")] //~ ERROR `crate` needs the path of the `eventlet` crate
fn a() {}

#[green(crate)] //~ ERROR `crate` needs the path of the `eventlet` crate
fn b() {}

#[green]
fn main() {
    a();
    b();
}
