//! The way through a proxy of SOCKS, version 5.

use std::io;
use std::net::IpAddr;

use super::error::invalid;
use crate::green::io::{Read, Write};

/// What is said to a proxy of SOCKS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Socks {
    /// The proxy finds the hosts, and is told their names (`socks5h`).
    pub(super) finds_names: bool,
    /// Name and password.
    pub(super) credentials: Option<(String, String)>,
}

const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const CREDENTIALS: u8 = 2;

impl Socks {
    /// Asks for a tunnel to `host`, a name or an address, over a connection to the proxy.
    pub(super) async fn tunnel<S: Read + Write>(
        &self,
        stream: &mut S,
        host: &str,
        port: u16,
    ) -> io::Result<()> {
        let greeting: &[u8] = match self.credentials {
            Some(_) => &[VERSION, 2, NO_CREDENTIALS, CREDENTIALS],
            None => &[VERSION, 1, NO_CREDENTIALS],
        };
        say(stream, greeting).await?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await?;
        match (chosen, &self.credentials) {
            ([VERSION, NO_CREDENTIALS], _) => {}
            ([VERSION, CREDENTIALS], Some((name, password))) => {
                let mut message = vec![1];
                short(&mut message, name.as_bytes(), "the proxy's user")?;
                short(&mut message, password.as_bytes(), "the proxy's password")?;
                say(stream, &message).await?;
                let mut outcome = [0; 2];
                stream.read_exact(&mut outcome).await?;
                if outcome[1] != 0 {
                    return Err(denied("the proxy does not know this user"));
                }
            }
            ([VERSION, 0xff], _) => return Err(denied("the proxy wants to know who asks")),
            _ => return Err(malformed("the proxy does not speak SOCKS 5")),
        }
        // A connection, please.
        let mut message = vec![VERSION, 1, 0];
        match host.parse() {
            Ok(IpAddr::V4(address)) => {
                message.push(1);
                message.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                message.push(4);
                message.extend(address.octets());
            }
            Err(_) => {
                message.push(3);
                short(&mut message, host.as_bytes(), "the host's name")?;
            }
        }
        message.extend(port.to_be_bytes());
        say(stream, &message).await?;
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let [version, outcome, _, kind] = head;
        if version != VERSION {
            return Err(malformed("the proxy does not speak SOCKS 5"));
        }
        refusal(outcome)?;
        // Where the tunnel begins is of no interest, but for its length.
        let length = match kind {
            1 => 4,
            4 => 16,
            3 => {
                let mut length = [0];
                stream.read_exact(&mut length).await?;
                usize::from(length[0])
            }
            _ => return Err(malformed("the proxy names no address")),
        };
        let mut rest = [0; 255 + 2];
        stream.read_exact(&mut rest[..length + 2]).await
    }
}

async fn say<S: Write>(stream: &mut S, message: &[u8]) -> io::Result<()> {
    stream.write_all(message).await?;
    stream.flush().await
}

/// Adds what has its length in a byte before it.
fn short(message: &mut Vec<u8>, text: &[u8], what: &str) -> io::Result<()> {
    let length = u8::try_from(text.len());
    message.push(length.map_err(|_| invalid(format!("{what} has more than 255 bytes")))?);
    message.extend(text);
    Ok(())
}

/// Why there is no tunnel.
fn refusal(outcome: u8) -> io::Result<()> {
    let (kind, reason) = match outcome {
        0 => return Ok(()),
        1 => (io::ErrorKind::Other, "the proxy has failed"),
        2 => (io::ErrorKind::PermissionDenied, "the proxy does not allow it"),
        3 => (io::ErrorKind::NetworkUnreachable, "the proxy does not reach the network"),
        4 => (io::ErrorKind::HostUnreachable, "the proxy does not reach the host"),
        5 => (io::ErrorKind::ConnectionRefused, "the host has refused the proxy"),
        6 => (io::ErrorKind::TimedOut, "the proxy did not reach the host in time"),
        7 | 8 => (io::ErrorKind::Unsupported, "the proxy does not know such tunnels"),
        _ => return Err(malformed("the proxy gives no known reason")),
    };
    Err(io::Error::new(kind, reason))
}

fn denied(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}

fn malformed(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
