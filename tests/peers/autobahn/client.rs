//! The client for the Autobahn suite's server: it sends back what it gets, case by case.

use std::env;
use std::io;

use eventlet::green;
use eventlet::websocket::{Client, Message, Options, Result};

/// What the server says at this path, sent back to it; the first message is the result.
#[green]
fn talk(client: &Client, url: &str, is_echo: bool) -> Result<Option<Message>> {
    let ws = client.connect(url)?;
    let mut first = None;
    while let Some(message) = ws.recv()? {
        if is_echo {
            ws.send(&message)?;
        }
        first.get_or_insert(message);
    }
    Ok(first)
}

#[green]
fn main() -> io::Result<()> {
    let server = env::args().nth(1).expect("the first argument is the address of the suite's server");
    // More than the 8 MiB that a message has if nothing is said.
    let client = Client::new().options(Options::new().max_message(32 << 20));
    let count = talk(&client, &format!("ws://{server}/getCaseCount"), false)?;
    let count = count.and_then(|message| message.as_text()?.parse::<u32>().ok());
    for case in 1..=count.expect("the suite says how many cases it has") {
        let url = format!("ws://{server}/runCase?case={case}&agent=eventlet");
        // Most cases end badly, as they should. The suite is the judge of how.
        let _ = talk(&client, &url, true);
    }
    talk(&client, &format!("ws://{server}/updateReports?agent=eventlet"), false)?;
    Ok(())
}
