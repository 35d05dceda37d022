//! HTTP/1.1: requests that go out together, and answers that must be 200 with the greeting as their body.

use std::io;

use eventlet_bench_measure::{GREETING, REQUEST};

use super::connections::{Protocol, Taken};

pub(super) struct Http1;

impl Protocol for Http1 {
    const REFILLS: bool = false;

    fn ask(&mut self, _number: usize, count: usize, message: &mut Vec<u8>) {
        (0..count).for_each(|_| message.extend_from_slice(REQUEST));
    }

    fn take(&mut self, came: &[u8], _reply: &mut Vec<u8>) -> io::Result<Taken> {
        let mut taken = Taken::default();
        while let Some(length) = whole(&came[taken.bytes..])? {
            taken.bytes += length;
            taken.answers += 1;
        }
        Ok(taken)
    }
}

/// The length of the first answer, if it is there to its end.
fn whole(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let mut lines = head.split(|&byte| byte == b'\n');
    if !lines.next().is_some_and(|line| line.starts_with(b"HTTP/1.1 200 ")) {
        return Err(io::Error::other("a status that is not 200"));
    }
    let mut lengths = lines.filter_map(content_length);
    if lengths.next() != Some(GREETING.len()) || lengths.next().is_some() {
        return Err(io::Error::other("a length that is not the greeting's"));
    }
    match body.get(..GREETING.len()) {
        None => Ok(None),
        Some(body) if body == GREETING.as_bytes() => Ok(Some(end + 4 + GREETING.len())),
        Some(_) => Err(io::Error::other("a body that is not the greeting")),
    }
}

fn content_length(line: &[u8]) -> Option<usize> {
    let (name, value) = line.split_at(line.iter().position(|&byte| byte == b':')?);
    let is_length = name.eq_ignore_ascii_case(b"content-length");
    is_length.then(|| std::str::from_utf8(&value[1..]).ok()?.trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(came: &[u8]) -> Option<Taken> {
        Http1.take(came, &mut Vec::new()).ok()
    }

    fn answer(status: &str, length: usize, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nServer: s\r\nContent-length:  {length}\r\n\r\n{body}")
    }

    #[test]
    fn answers_are_taken_as_far_as_they_are_whole() {
        let one = answer("200 OK", 14, GREETING);
        let two = one.repeat(2);
        for end in 0..=two.len() {
            let answers = end / one.len();
            let expected = Taken { bytes: answers * one.len(), answers };
            assert_eq!(taken(&two.as_bytes()[..end]), Some(expected), "{end} bytes");
        }
    }

    #[test]
    fn another_status_length_or_body_is_an_error() {
        assert_eq!(taken(answer("503 Busy", 14, GREETING).as_bytes()), None);
        assert_eq!(taken(answer("200 OK", 13, GREETING).as_bytes()), None);
        assert_eq!(taken(answer("200 OK", 14, "Hello, world!\n").as_bytes()), None);
        assert_eq!(taken(format!("HTTP/1.1 200 OK\r\n\r\n{GREETING}").as_bytes()), None);
    }
}
