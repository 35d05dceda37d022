// `#[eventlet::test]` has three options: `real_time`, `hub = "name"`, and `crate = path`.
#[eventlet::test(real)] //~ ERROR `#[eventlet::test]` has no option `real`
fn a() {}

#[eventlet::test(realtime, huh = "poll")] //~ ERROR `#[eventlet::test]` has no option `realtime`
fn b() {}

#[eventlet::test(flavor = "multi_thread", real_time = true)] //~ ERROR `#[eventlet::test]` has no option `flavor`
fn c() {}

#[eventlet::test(start_paused = true)] //~ ERROR `#[eventlet::test]` has no option `start_paused`
fn d() {}

fn main() {}
