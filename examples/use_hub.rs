//! Choosing how the hub waits for I/O.

use std::io;
use std::time::Duration;

use eventlet::{green, hubs, sleep};

#[green]
fn main() -> io::Result<()> {
    hubs::use_hub("select")?;
    sleep(Duration::from_millis(10));
    println!("the hub waits with {}", hubs::get_hub().name());

    let error = hubs::use_hub("zeromq").unwrap_err();
    println!("{}", error.kind());
    Ok(())
}
