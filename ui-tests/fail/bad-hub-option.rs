// `hub` takes the name of a hub, in quotes.
#[eventlet::test(hub)] //~ ERROR `hub` needs the name of a hub
fn a() {}

#[eventlet::test(hub = poll)] //~ ERROR `hub` needs the name of a hub
fn b() {}

#[eventlet::test(hub =, real_time)] //~ ERROR `hub` needs the name of a hub
fn c() {}

fn main() {}
