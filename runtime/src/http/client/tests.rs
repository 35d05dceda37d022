//! Everything of the client that reads a stranger's bytes, on bytes that nobody would send.

use std::io::{self, Write as _};

use ::http::HeaderMap;
use ::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use url::Url;

use super::cookies::Jar;
use super::decode::Decoder;
use super::proxy::Heard;
use super::redirect;
use super::socks::Socks;
use crate::green;
use crate::green::io::{Read, Write};
use crate::http::fuzz::{Random, rounds};

const BROTLI: &[u8] = &[11, 6, 128, 104, 101, 108, 108, 111, 44, 32, 98, 114, 111, 116, 108, 105, 3];
const BROTLI_BOMB: &[u8] = &[
    203, 255, 255, 63, 248, 39, 0, 226, 177, 64, 32, 247, 254, 47, 255, 44, 49, 240, 79, 0, 196, 97, 17, 128,
    142, 35, 6,
];
/// Of zstd's own library, with tables and a checksum.
const ZSTD: &[u8] = &[
    0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x4a, 0x25, 0x01, 0x00, 0xc8, 0x6f, 0x6e, 0x65, 0x20, 0x6c, 0x69, 0x6e,
    0x65, 0x2c, 0x20, 0x61, 0x6e, 0x6f, 0x74, 0x68, 0x65, 0x72, 0x20, 0x74, 0x68, 0x69, 0x72, 0x64, 0x3b,
    0x20, 0x03, 0x00, 0x93, 0x22, 0x18, 0x88, 0x32, 0x88, 0xb9, 0x04, 0x0b, 0xca, 0x49, 0x08,
];

/// What comes of bytes.
#[derive(Debug, PartialEq)]
enum Decoded {
    All(Vec<u8>),
    /// Three million bytes, and perhaps more.
    Much,
    Fault,
}

/// What comes of this in pieces of so many bytes.
fn decoded(coding: &str, bytes: &[u8], size: usize) -> Decoded {
    decode(coding, bytes, size).map_or(Decoded::Fault, |all| all.map_or(Decoded::Much, Decoded::All))
}

/// The same; `None` is much.
fn decode(coding: &str, bytes: &[u8], size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut decoder = Decoder::of(coding).expect("it is known");
    let mut all = vec![];
    let mut take = |output: Vec<u8>| {
        assert!(output.len() <= 300_000, "a piece of {}", output.len());
        all.extend(output);
        all.len() < 3_000_000
    };
    for piece in bytes.chunks(size) {
        let mut input = Bytes::copy_from_slice(piece);
        loop {
            let output = decoder.decode(&mut input)?;
            if output.is_empty() && input.is_empty() {
                break;
            }
            if !take(output) {
                return Ok(None);
            }
        }
    }
    loop {
        let output = decoder.finish()?;
        if output.is_empty() {
            return Ok(Some(all));
        }
        if !take(output) {
            return Ok(None);
        }
    }
}

#[test]
fn mutated_streams_are_decoded_alike_in_any_pieces_or_are_errors() {
    let mut random = Random::new();
    for _ in rounds(600) {
        let length = random.below(3000);
        let letters: Vec<u8> = (0..length).map(|_| b'a' + random.below(3) as u8).collect();
        let (coding, mut bytes) = match random.below(5) {
            0 => {
                let mut encoder = GzEncoder::new(vec![], Compression::new(random.below(10) as u32));
                encoder.write_all(&letters).expect("a vector takes all");
                ("gzip", encoder.finish().expect("a vector takes all"))
            }
            1 => ("br", [BROTLI, BROTLI_BOMB][random.below(2)].to_vec()),
            2 => ("zstd", ZSTD.to_vec()),
            3 => ("zstd", [ZSTD, b"\x5a\x2a\x4d\x18\x03\0\0\0abc", ZSTD].concat()),
            _ => ("zstd", compress_to_vec(&letters[..], CompressionLevel::Fastest)),
        };
        random.mutate(&mut bytes, b"");
        let whole = decoded(coding, &bytes, bytes.len().max(1));
        for size in [1, 1 + random.below(7), 1 + random.below(bytes.len().max(1))] {
            let pieces = decoded(coding, &bytes, size);
            // A decoder that has all of its input at once may meet a fault before it has given out
            // what stands before it.
            let is_late_fault = matches!(
                (&pieces, &whole),
                (Decoded::Much, Decoded::Fault) | (Decoded::Fault, Decoded::Much)
            );
            assert!(is_late_fault || pieces == whole, "{coding} in pieces of {size}: {bytes:?}");
        }
    }
}

#[test]
fn mutated_streams_of_a_proxy_are_a_tunnel_or_an_error_of_one_line() {
    let mut random = Random::new();
    for _ in rounds(5000) {
        let good =
            ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 407 Who\r\nA: b\r\n\r\n", "HTTP/1.1 502 No\x1b[2J\r\n\r\n"];
        let mut bytes = good[random.below(3)].as_bytes().to_vec();
        random.mutate(&mut bytes, b"");
        let heard_in = |size: usize| {
            let mut heard = Heard::default();
            bytes.chunks(size).find_map(|piece| heard.take(piece))
        };
        let outcome = |result: Option<io::Result<()>>| {
            result.map(|result| {
                result.map_err(|error| {
                    let text = error.to_string();
                    assert!(text.len() < 900 && !text.contains(char::is_control), "{text:?}");
                    error.kind()
                })
            })
        };
        let one_by_one = outcome(heard_in(1));
        let whole = outcome(heard_in(bytes.len().max(1)));
        // What comes behind a head that is good is seen only where it comes with it.
        assert!(whole == one_by_one || one_by_one == Some(Ok(())), "{one_by_one:?} {whole:?}: {bytes:?}");
    }
}

/// A proxy that says this, whatever it hears.
struct Deaf {
    said: io::Cursor<Vec<u8>>,
    heard: Vec<u8>,
}

impl Read for Deaf {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut self.said, buf)
    }
}

impl Write for Deaf {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.heard.extend_from_slice(buf);
        Ok(buf.len())
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn mutated_streams_of_a_proxy_of_socks_are_a_tunnel_at_their_end_or_an_error() {
    let mut random = Random::new();
    for _ in rounds(3000) {
        let has_credentials = random.below(2) == 0;
        let credentials = has_credentials.then(|| ("anna".to_owned(), "secret".to_owned()));
        let socks = Socks { finds_names: true, credentials };
        let greeting: &[u8] = if has_credentials { &[5, 2, 1, 0] } else { &[5, 0] };
        let answer: &[u8] = match random.below(3) {
            0 => &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80],
            1 => b"\x05\0\0\x03\x04host\0\x50",
            _ => &[5, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 80],
        };
        let good = [greeting, answer].concat();
        let mut bytes = good.clone();
        random.mutate(&mut bytes, b"");
        let is_good = bytes == good;
        let (said, heard) = (io::Cursor::new(bytes), vec![]);
        let mut proxy = Deaf { said, heard };
        let (result, proxy) = crate::hubs::run(|| async move {
            let result = socks.tunnel(&mut proxy, "one.test", 80).await;
            (result, proxy)
        });
        assert!(result.is_ok() || !is_good, "{result:?}");
        // What comes behind is the server's.
        assert!(!is_good || proxy.said.position() == good.len() as u64);
        assert!(proxy.heard.len() < 60, "{}", proxy.heard.len());
    }
}

#[test]
fn mutated_streams_of_headers_lead_to_servers_alone_and_set_cookies_that_can_be_sent() {
    let from = Url::parse("https://www.example.co.uk/a/b?c#d").expect("it is one");
    let jar = Jar::default();
    let mut random = Random::new();
    for _ in rounds(5000) {
        let good = [
            "/next",
            "//other.test:81/x",
            "https://me:secret@a.test/#e",
            "javascript:alert(1)",
            "a=b; Path=/; Domain=example.co.uk; Secure; HttpOnly; Max-Age=9",
            "c=\"d\"; Domain=co.uk; Expires=Wed, 21 Oct 2099 07:28:00 GMT; SameSite=Lax",
        ];
        let mut bytes = good[random.below(good.len())].as_bytes().to_vec();
        random.mutate(&mut bytes, b"");
        let Ok(value) = HeaderValue::from_bytes(&bytes) else { return };
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, value.clone());
        headers.insert(SET_COOKIE, value);
        if let Ok(Some(url)) = redirect::target(&from, &headers) {
            assert!(matches!(url.scheme(), "http" | "https") && url.has_host(), "{url}");
            assert!(url.username().is_empty() && url.password().is_none(), "{url}");
        }
        jar.take(&from, &headers);
        if let Some(header) = jar.header(&from) {
            let text = header.to_str().expect("it was text before");
            assert!(text.split("; ").count() <= 180 + 1, "{text}");
        }
        let everybodys = Url::parse("https://other.co.uk/").expect("it is one");
        assert_eq!(jar.header(&everybodys), None);
        if random.below(100) == 0 {
            jar.clear();
        }
    }
}
