// `#[green]` has few options, on functions and on closures.
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

#[green]
fn closures() {
    let first = #[green(nonsense)] //~ ERROR `#[green]` has no option `nonsense`
    |n: u32| n;
    let second = #[green(boxed = 4096)] //~ ERROR `boxed` takes no value
    |n: u32| n;
    first(1);
    second(1);
}
