//! HTTP/2 with prior knowledge: as much of it as it takes to ask for the greeting, and to see that it came.

use std::collections::HashMap;
use std::io;

use eventlet_bench_measure::GREETING;

use super::connections::{Protocol, Taken};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// GET, http and / by their numbers in the static table; authority, user agent and what is accepted as literals that
/// go into no table.
const FIELDS: &[u8] = b"\x82\x86\x84\x01\x09localhost\x0f\x2b\x05bench\x0f\x04\x03*/*";
/// The status 200, by its number in the static table.
const STATUS_200: u8 = 0x88;
/// What may be sent to this client before it says that it takes more.
const WINDOW: usize = 65_535;

/// One connection.
#[derive(Default)]
pub(super) struct Http2 {
    /// How many streams were begun.
    begun: u32,
    /// How much of each body has come, of those whose head has.
    bodies: HashMap<u32, usize>,
    /// How much of the connection's window is used up.
    used: usize,
}

impl Protocol for Http2 {
    const REFILLS: bool = true;

    fn ask(&mut self, _number: usize, count: usize, message: &mut Vec<u8>) {
        if self.begun == 0 {
            message.extend_from_slice(PREFACE);
            frame(message, SETTINGS, 0, 0, &[]);
        }
        for _ in 0..count {
            frame(message, HEADERS, END_STREAM | END_HEADERS, self.begun * 2 + 1, FIELDS);
            self.begun += 1;
        }
    }

    fn take(&mut self, came: &[u8], reply: &mut Vec<u8>) -> io::Result<Taken> {
        let mut taken = Taken::default();
        while let Some((head, rest)) = came[taken.bytes..].split_first_chunk::<9>() {
            let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *head;
            let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            let Some(payload) = rest.get(..length) else { break };
            let stream = u32::from_be_bytes([s0, s1, s2, s3]);
            taken.answers += usize::from(self.frame(kind, flags, stream, payload, reply)?);
            taken.bytes += 9 + length;
        }
        Ok(taken)
    }
}

impl Http2 {
    /// Takes one frame; is it the end of an answer?
    fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        reply: &mut Vec<u8>,
    ) -> io::Result<bool> {
        match (kind, flags) {
            (HEADERS, END_HEADERS) => {
                // A change of the table's size may come before the first field.
                let field = payload.iter().find(|&&byte| byte & 0b1110_0000 != 0b0010_0000);
                if field != Some(&STATUS_200) || self.bodies.insert(stream, 0).is_some() {
                    return Err(io::Error::other("a status that is not 200"));
                }
                Ok(false)
            }
            (DATA, 0 | END_STREAM) => {
                let count =
                    self.bodies.get_mut(&stream).ok_or_else(|| io::Error::other("a body without a head"))?;
                if !GREETING.as_bytes()[*count..].starts_with(payload) {
                    return Err(io::Error::other("a body that is not the greeting"));
                }
                *count += payload.len();
                let is_over = flags == END_STREAM;
                if is_over && self.bodies.remove(&stream) != Some(GREETING.len()) {
                    return Err(io::Error::other("a length that is not the greeting's"));
                }
                self.use_up(payload.len(), reply);
                Ok(is_over)
            }
            (SETTINGS, 0) => {
                frame(reply, SETTINGS, ACK, 0, &[]);
                Ok(false)
            }
            (PING, 0) => {
                frame(reply, PING, ACK, 0, payload);
                Ok(false)
            }
            (SETTINGS | PING, ACK) | (WINDOW_UPDATE, _) => Ok(false),
            _ => Err(io::Error::other(format!("a frame of kind {kind} with flags {flags:#x}"))),
        }
    }

    /// Says from time to time that there is room again.
    fn use_up(&mut self, bytes: usize, reply: &mut Vec<u8>) {
        self.used += bytes;
        if self.used > WINDOW / 2 {
            frame(reply, WINDOW_UPDATE, 0, 0, &(self.used as u32).to_be_bytes());
            self.used = 0;
        }
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(out: &mut Vec<u8>, stream: u32, fields: &[u8], body: &str) {
        frame(out, HEADERS, END_HEADERS, stream, fields);
        frame(out, DATA, END_STREAM, stream, body.as_bytes());
    }

    fn taken(came: &[u8]) -> (Option<Taken>, Vec<u8>) {
        let mut reply = Vec::new();
        let taken = Http2::default().take(came, &mut reply).ok();
        (taken, reply)
    }

    #[test]
    fn answers_are_counted_and_settings_confirmed() {
        let mut came = Vec::new();
        frame(&mut came, SETTINGS, 0, 0, &[0, 3, 0, 0, 1, 0]);
        answer(&mut came, 1, &[0x20, STATUS_200, 0x5c], GREETING);
        frame(&mut came, HEADERS, END_HEADERS, 3, &[STATUS_200]);
        frame(&mut came, DATA, 0, 3, &GREETING.as_bytes()[..5]);
        frame(&mut came, DATA, END_STREAM, 3, &GREETING.as_bytes()[5..]);
        let bytes = came.len();
        came.extend_from_slice(&[0, 0, 8, PING, 0]);
        assert_eq!(
            taken(&came),
            (Some(Taken { bytes, answers: 2 }), vec![0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0])
        );
    }

    #[test]
    fn another_status_or_body_is_an_error() {
        for (fields, body) in [(0x8d, GREETING), (STATUS_200, "Hello"), (STATUS_200, "Hello, World!\n\n")] {
            let mut came = Vec::new();
            answer(&mut came, 1, &[fields], body);
            assert_eq!(taken(&came).0, None, "{fields} {body}");
        }
    }

    #[test]
    fn room_is_given_back_before_it_is_used_up() {
        let mut came = Vec::new();
        let answers = WINDOW / 2 / GREETING.len() + 1;
        (0..answers as u32).for_each(|number| answer(&mut came, number * 2 + 1, &[STATUS_200], GREETING));
        let (taken, reply) = taken(&came);
        assert_eq!(taken, Some(Taken { bytes: came.len(), answers }));
        let mut expected = Vec::new();
        let used = (answers * GREETING.len()) as u32;
        frame(&mut expected, WINDOW_UPDATE, 0, 0, &used.to_be_bytes());
        assert_eq!(reply, expected);
    }
}
