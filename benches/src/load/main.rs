//! Load for an echo server: connections that each have one message under way, every echo checked.
//!
//! It speaks to whoever started it: when it is connected it prints `ready`, and it begins when it reads a line. So the
//! server's clocks can be read between the two, and what connecting costs is not counted.

mod churn;
mod connections;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
usage: load PORT CONNECTIONS MESSAGES SIZE    round trips over open connections; with 0 messages they stay idle
       load accept PORT CONNECTIONS SIZE      each connection is opened, used for one round trip, and closed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (accepts, numbers) = match arguments.split_first() {
        Some((mode, rest)) if mode == "accept" => (true, rest),
        _ => (false, arguments.as_slice()),
    };
    let numbers: Result<Vec<usize>, _> = numbers.iter().map(|number| number.parse()).collect();
    let done = match (accepts, numbers.as_deref()) {
        (true, Ok(&[port, connections, size])) => churn::run(port as u16, connections, size),
        (false, Ok(&[port, connections, messages, size])) => {
            connections::run(port as u16, connections, messages, size)
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says `ready` and waits for a line, or for the end of standard input.
fn rendezvous() -> io::Result<()> {
    println!("ready");
    io::stdout().flush()?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// Measures `work`, which gives the number of messages that came back, and prints the line.
fn report(work: impl FnOnce() -> io::Result<usize>) -> io::Result<()> {
    rendezvous()?;
    let began = Instant::now();
    let messages = work()?;
    println!("{{\"messages\":{messages},\"seconds\":{:.6}}}", began.elapsed().as_secs_f64());
    Ok(())
}

/// The `number`th message; no two in a row are alike.
fn fill(message: &mut [u8], number: usize) {
    let (start, rest) = message.split_at_mut(message.len().min(8));
    start.copy_from_slice(&(number as u64).to_ne_bytes()[..start.len()]);
    rest.fill(number as u8);
}

fn check(sent: &[u8], received: &[u8]) -> io::Result<()> {
    if sent == received { Ok(()) } else { Err(io::Error::other("the echo differs from the message")) }
}
