// `#[green]` has two options: `boxed`, and `crate = path`.
use eventlet::green;

#[green(stack = 4096)] //~ ERROR `#[green]` has no option `stack`
fn a() {}

#[green(name = "worker", boxed)] //~ ERROR `#[green]` has no option `name`
fn b() {}

#[green(bxed)] //~ ERROR `#[green]` has no option `bxed`
fn c() {}

#[green(flavor(multi_thread), colour)] //~ ERROR `#[green]` has no option `flavor`
fn d() {}

#[green]
fn main() {
    a();
    b();
    c();
    d();
}
