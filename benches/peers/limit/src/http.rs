//! The least that answers HTTP: a request ends with an empty line, and every one gets the same bytes, whose date never
//! changes.

use std::io::{self, Write};
use std::net::TcpStream;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 14\r\n\
    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nHello, World!\n";
/// So many are written at one go.
const TOGETHER: usize = 32;
static ANSWERS: [u8; TOGETHER * ANSWER.len()] = repeated();

const fn repeated() -> [u8; TOGETHER * ANSWER.len()] {
    let mut answers = [0; TOGETHER * ANSWER.len()];
    let mut at = 0;
    while at < answers.len() {
        answers[at] = ANSWER[at % ANSWER.len()];
        at += 1;
    }
    answers
}

/// Answers the requests that are whole.
pub fn answer(stream: &mut TcpStream, buffer: &mut [u8], count: usize) -> io::Result<usize> {
    let mut rest = &buffer[..count];
    let mut requests = 0;
    while let Some(end) = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
        rest = &rest[end + 4..];
        requests += 1;
    }
    let left = rest.len();
    if left == buffer.len() {
        return Err(io::Error::other("a head is larger than the buffer"));
    }
    buffer.copy_within(count - left..count, 0);
    while requests > 0 {
        let together = requests.min(TOGETHER);
        stream.write_all(&ANSWERS[..together * ANSWER.len()])?;
        requests -= together;
    }
    Ok(left)
}
