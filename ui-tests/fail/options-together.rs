// What waits in place, or promises never to wait, is an ordinary function.
use eventlet::green;

#[green(boxed, in_place)] //~ ERROR `boxed` and `in_place` stand together
fn a() {}

#[green(in_place, no_switch)] //~ ERROR `in_place` and `no_switch` stand together
fn b() {}

#[green]
fn main() {
    a();
    b();
    let closure = #[green(in_place)]
    async |n: u32| n; //~ ERROR `in_place` and `async` stand together
    closure(1).await;
}
