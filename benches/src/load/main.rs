//! Load for servers: connections that each have some messages under way, every answer checked.
//!
//! It speaks to whoever started it: when it is connected it prints `ready`, does so many messages for each line `go N`,
//! and prints a line when they are back. Between two lines it sleeps, so that several of them can take turns.

mod churn;
mod connections;
mod echo;
mod http1;
mod http2;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use connections::Crowd;
use echo::Echo;
use http1::Http1;
use http2::Http2;

const USAGE: &str = "\
usage: load PORT CONNECTIONS SIZE [spin]    round trips over open connections
       load accept PORT SIZE                each connection is opened, used for one round trip, and closed
       load http PORT CONNECTIONS DEPTH [spin]     requests of HTTP/1.1, so many together on each connection
       load http2 PORT CONNECTIONS DEPTH [spin]    requests of HTTP/2, so many streams at once on each connection
and on standard input, as often as is liked: go N";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["accept", port, size] => numbers([port, size]).map(|[port, size]| churn::run(port as u16, size)),
        [protocol @ ("http" | "http2"), port, connections, depth, ref spin @ ..]
            if matches!(spin, [] | ["spin"]) =>
        {
            numbers([port, connections, depth]).map(|[port, connections, depth]| {
                let (port, crowd) = (port as u16, Crowd { connections, depth, spins: !spin.is_empty() });
                match protocol {
                    "http" => connections::run(port, crowd, || Http1),
                    _ => connections::run(port, crowd, Http2::default),
                }
            })
        }
        [port, connections, size, ref spin @ ..] if matches!(spin, [] | ["spin"]) => {
            numbers([port, connections, size]).map(|[port, connections, size]| {
                let crowd = Crowd { connections, depth: 1, spins: !spin.is_empty() };
                connections::run(port as u16, crowd, || Echo::of(size))
            })
        }
        _ => None,
    };
    match done {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn numbers<const N: usize>(texts: [&str; N]) -> Option<[usize; N]> {
    let numbers: Option<Vec<usize>> = texts.into_iter().map(|text| text.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Does `work` for each line, until standard input ends. It is given the number, and gives how many came back.
fn obey(mut work: impl FnMut(usize) -> io::Result<usize>) -> io::Result<()> {
    let mut output = io::stdout();
    writeln!(output, "ready")?;
    for line in io::stdin().lines() {
        let line = line?;
        let number = line.strip_prefix("go ").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| io::Error::other(format!("`{line}` is not `go N`")))?;
        let began = Instant::now();
        let messages = work(number)?;
        let seconds = began.elapsed().as_secs_f64();
        writeln!(output, "{{\"messages\":{messages},\"seconds\":{seconds:.6}}}")?;
    }
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
