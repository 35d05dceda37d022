//! What bodies are made of: forms, files, JSON, and what compressed ones become.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::rc::Rc;

use eventlet::http::client::{Form, Phase};
use eventlet::http::{Body, Client, Out, Request};
use eventlet::testing::{run_clean, run_virtual};
use eventlet::wsgi::{self, Server};
use eventlet::{green, sleep};
use eventlet_web_tests::Site;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Local, MS, Raw, Step, quiet, say};

/// "hello, brotli", and ten million zeros.
const BROTLI: &[u8] = &[11, 6, 128, 104, 101, 108, 108, 111, 44, 32, 98, 114, 111, 116, 108, 105, 3];
const BROTLI_BOMB: &[u8] = &[
    203, 255, 255, 63, 248, 39, 0, 226, 177, 64, 32, 247, 254, 47, 255, 44, 49, 240, 79, 0, 196, 97, 17, 128,
    142, 35, 6,
];

/// "hello, zstd", with a checksum.
const ZSTD: &[u8] = &[
    0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x0b, 0x59, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x2c, 0x20, 0x7a,
    0x73, 0x74, 0x64, 0x78, 0x96, 0x21, 0x3c,
];

/// A frame of zstd that is to be passed over.
const SKIPPED: &[u8] = b"\x53\x2a\x4d\x18\x05\0\0\0aside";

/// Ten million zeros: blocks that say "this byte, so often", with a window of 128 KiB.
fn zstd_bomb() -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    let mut left = 10_000_000_u32;
    while left > 0 {
        let size = left.min(128 * 1024);
        left -= size;
        bytes.extend(&(size << 3 | 1 << 1 | u32::from(left == 0)).to_le_bytes()[..3]);
        bytes.push(0);
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An answer that is encoded like this.
fn encoded(coding: &str, body: &[u8]) -> Vec<Step> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    vec![say(head), say(body)]
}

#[test]
fn forms_and_json_have_their_types() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
        Ok(match kind.as_str() {
            "application/x-www-form-urlencoded" => format!("{:?}", wsgi::form(request)?),
            _ => format!("{kind} {}", request.into_body().text()?),
        })
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let client = Client::new();
        let url = format!("http://{}/", site.address);
        let answer = client.post(&url).form([("a", "1&2"), ("b c", "é")]).send().unwrap();
        assert_eq!(answer.text().unwrap(), r#"[("a", "1&2"), ("b c", "é")]"#);
        let answer = client.post(&url).json(&[1, 2]).send().unwrap();
        assert_eq!(answer.text().unwrap(), "application/json [1,2]");
        let answer = client.post(&url).header("content-type", "text/x").json("a").send().unwrap();
        assert_eq!(answer.text().unwrap(), "text/x \"a\"");
        drop(client);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_form_with_files_is_sent_part_by_part() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        out.write("from a ")?;
        out.write("stream")
    }
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let length = request.headers().get("content-length").map(|value| value.to_str().unwrap().to_owned());
        let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
        let text = request.into_body().text()?;
        assert!(length.is_none_or(|length| length.parse() == Ok(text.len())));
        Ok(text.replace(&boundary, "BOUNDARY"))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let client = Client::new();
        let url = format!("http://{}/", site.address);
        let form =
            || Form::new().text("na\"me\r\n", "anna").file("f", "a.txt", "text/plain\r\nx: y", "content");
        let whole = "--BOUNDARY\r\ncontent-disposition: form-data; name=\"na%22me%0D%0A\"\r\n\r\nanna\r\n\
                     --BOUNDARY\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\
                     content-type: text/plainx: y\r\n\r\ncontent\r\n";
        let answer = client.post(&url).multipart(form()).send().unwrap();
        assert_eq!(answer.text().unwrap(), format!("{whole}--BOUNDARY--\r\n"));
        let streamed = form().file("s", "s.bin", "application/octet-stream", Body::stream(produce));
        let answer = client.post(&url).multipart(streamed).send().unwrap();
        let last = "--BOUNDARY\r\ncontent-disposition: form-data; name=\"s\"; filename=\"s.bin\"\r\n\
                    content-type: application/octet-stream\r\n\r\nfrom a stream\r\n--BOUNDARY--\r\n";
        assert_eq!(answer.text().unwrap(), format!("{whole}{last}"));
        assert_eq!(
            client.post(&url).multipart(Form::new()).send().unwrap().text().unwrap(),
            "--BOUNDARY--\r\n"
        );
        drop(client);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn compressed_answers_are_asked_for_and_unpacked() {
    #[green]
    fn scenario() {
        let twice = [gzip(b"hello, "), gzip(b"gzip")].concat();
        let raw = Raw::new(move |_, request| match request.split(' ').nth(1).unwrap() {
            "/gzip" => encoded("gzip", &twice),
            "/br" => encoded("br", BROTLI),
            "/zstd" => encoded("zstd", &[ZSTD, SKIPPED, ZSTD].concat()),
            "/head" => vec![say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 50\r\n\r\n")],
            "/unknown" => encoded("rot13", b"uryyb"),
            "/chunked" => vec![say(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            )],
            _ => encoded("gzip", b""),
        });
        let client = quiet();
        for (path, text) in [
            ("/gzip", "hello, gzip"),
            ("/br", "hello, brotli"),
            ("/zstd", "hello, zstdhello, zstd"),
            ("/", ""),
            ("/chunked", ""),
        ] {
            let answer = client.get(raw.url(path)).send().unwrap();
            assert_eq!(answer.header("content-length").filter(|_| !text.is_empty()), None);
            assert_eq!(answer.text().unwrap(), text);
            assert_eq!(client.idle_connections(), 1, "{path}");
        }
        assert!(raw.requests()[0].1.contains("accept-encoding: gzip, br, zstd\r\n"), "{:?}", raw.requests());
        // What is not understood is left as it is, and so is what has no body.
        let answer = client.get(raw.url("/unknown")).send().unwrap();
        assert_eq!(answer.header("content-encoding"), Some("rot13"));
        assert_eq!(answer.text().unwrap(), "uryyb");
        let answer = client.head(raw.url("/head")).send().unwrap();
        assert_eq!((answer.header("content-encoding"), answer.content_length()), (Some("gzip"), Some(0)));
        drop((answer, client));
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn what_a_few_bytes_unfold_to_comes_in_small_pieces_and_has_the_limit_of_all_bodies() {
    #[green]
    fn scenario() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert!(bomb.len() < 10_000);
        let raw = Raw::new(move |_, request| match request.split(' ').nth(1).unwrap() {
            "/br" => encoded("br", BROTLI_BOMB),
            "/zstd" => encoded("zstd", &zstd_bomb()),
            _ => encoded("gzip", &bomb),
        });
        let client = Client::builder().max_body(1_000_000).build().unwrap();
        for path in ["/gzip", "/br", "/zstd"] {
            let error = client.get(raw.url(path)).send().unwrap().bytes().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            let mut answer = client.get(raw.url(path)).send().unwrap();
            let (mut count, mut largest) = (0, 0);
            while let Some(piece) = answer.piece().unwrap() {
                count += piece.len();
                largest = largest.max(piece.len());
            }
            assert_eq!(count, 10_000_000);
            assert!(largest <= 300_000, "{path}: {largest}");
        }
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_not_compressed_as_it_says_is_an_error_and_ends_its_connection() {
    #[green]
    fn scenario() {
        let (whole, cut) = (gzip(b"hello"), gzip(b"hello").len() - 4);
        let raw = Raw::new(move |_, request| match request.split(' ').nth(1).unwrap() {
            "/plain" => encoded("gzip", b"plain text, which is no gzip at all"),
            "/cut" => encoded("gzip", &whole[..cut]),
            "/br" => encoded("br", b"\xff\xff\xff\xff plain"),
            "/br-cut" => encoded("br", &BROTLI[..10]),
            "/zstd" => encoded("zstd", b"plain"),
            "/zstd-cut" => encoded("zstd", &ZSTD[..ZSTD.len() - 1]),
            "/zstd-skipped" => encoded("zstd", &SKIPPED[..10]),
            "/zstd-sum" => encoded("zstd", &[&ZSTD[..ZSTD.len() - 1], b"x"].concat()),
            "/zstd-more" => encoded("zstd", &[ZSTD, b"more"].concat()),
            // A window of 16 MiB, a dictionary, a block of no kind, and one that is too large.
            "/zstd-window" => encoded("zstd", b"\x28\xb5\x2f\xfd\0\x70\x03\0\0x"),
            "/zstd-dictionary" => encoded("zstd", b"\x28\xb5\x2f\xfd\x01\x38\x05\x03\0\0x"),
            "/zstd-kind" => encoded("zstd", b"\x28\xb5\x2f\xfd\0\x38\x07\0\0"),
            "/zstd-block" => encoded("zstd", b"\x28\xb5\x2f\xfd\0\x38\xff\xff\xff"),
            _ => encoded("br", &[BROTLI, b"more"].concat()),
        });
        let client = Client::new();
        for (path, kind) in [
            ("/plain", io::ErrorKind::InvalidData),
            ("/cut", io::ErrorKind::InvalidData),
            ("/br", io::ErrorKind::InvalidData),
            ("/br-cut", io::ErrorKind::UnexpectedEof),
            ("/br-more", io::ErrorKind::InvalidData),
            ("/zstd", io::ErrorKind::InvalidData),
            ("/zstd-cut", io::ErrorKind::UnexpectedEof),
            ("/zstd-skipped", io::ErrorKind::UnexpectedEof),
            ("/zstd-sum", io::ErrorKind::InvalidData),
            ("/zstd-more", io::ErrorKind::InvalidData),
            ("/zstd-window", io::ErrorKind::InvalidData),
            ("/zstd-dictionary", io::ErrorKind::InvalidData),
            ("/zstd-kind", io::ErrorKind::InvalidData),
            ("/zstd-block", io::ErrorKind::InvalidData),
        ] {
            let error = client.get(raw.url(path)).send().unwrap().bytes().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (kind, Phase::ReceiveBody), "{path}: {error}");
            let start =
                format!("GET {}: cannot read the answer: it was not compressed as it says: ", raw.url(path));
            assert!(error.to_string().starts_with(&start), "{error}");
        }
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn a_compressed_answer_is_the_same_wherever_it_is_cut() {
    #[green]
    fn scenario() {
        for (coding, bytes, text) in [
            ("gzip", gzip(b"hello, gzip"), "hello, gzip"),
            ("br", BROTLI.to_vec(), "hello, brotli"),
            ("zstd", [SKIPPED, ZSTD, ZSTD].concat(), "hello, zstdhello, zstd"),
        ] {
            let cut = Rc::new(Cell::new(1));
            let (at, all) = (cut.clone(), bytes.clone());
            let raw = Raw::local(move |_, _| {
                let (one, other) = all.split_at(at.get());
                let length = all.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
                );
                vec![say(head), say(one), Step::Pause(MS), say(other)]
            });
            let client = raw.client().build().unwrap();
            while cut.get() < bytes.len() {
                let answer = client.get(raw.url("/")).send().unwrap().text();
                assert_eq!(answer.unwrap(), text, "{coding} cut at {}", cut.get());
                cut.set(cut.get() + 1);
            }
            drop(client);
            raw.end();
        }
    }
    run_virtual(scenario);
}

#[test]
fn a_stream_is_as_long_as_its_length_says_or_an_error_that_names_both() {
    #[green]
    fn write(out: Out, pieces: &'static [&'static str]) -> io::Result<()> {
        for piece in pieces {
            out.write(*piece)?;
            sleep(MS);
        }
        Ok(())
    }
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let length = request.headers().get("content-length").map(|value| value.to_str().unwrap().to_owned());
        Ok(format!("{length:?} {:?}", request.into_body().text()?))
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), app);
        let wrong = |has: &str| format!("its body has {has} bytes, and its Content-Length says 5");
        let cases: [(&[&str], Result<&str, String>); 8] = [
            (&["abc", "de"], Ok("abcde")),
            (&["abcde", ""], Ok("abcde")),
            (&["abcdef"], Err(wrong("at least 6"))),
            (&["abc", "def", "ghi"], Err(wrong("at least 6"))),
            // What comes after all that was promised.
            (&["abcde", "f"], Err(wrong("at least 6"))),
            (&["abc"], Err(wrong("3"))),
            (&[], Err(wrong("0"))),
            (&[""], Err(wrong("0"))),
        ];
        for is_http2 in [false, true] {
            let client = site.place.client().http2_prior_knowledge(is_http2).build().unwrap();
            for (pieces, expected) in &cases {
                let pieces = *pieces;
                let request = client.put("http://site/").header("content-length", "5");
                let result = request.body(Body::stream(move |out| write(out, pieces))).send();
                match (result, expected) {
                    (Ok(answer), Ok(body)) => {
                        assert_eq!(answer.text().unwrap(), format!("Some(\"5\") {body:?}"));
                    }
                    (Err(error), Err(wrong)) => {
                        let is = (error.phase(), error.kind());
                        assert_eq!(is, (Phase::Send, io::ErrorKind::InvalidData), "{is_http2} {pieces:?}");
                        assert!(error.to_string().ends_with(wrong), "{error}");
                    }
                    (result, _) => panic!("{pieces:?}, HTTP/2 {is_http2}: {result:?}"),
                }
            }
            for (lengths, wrong) in
                [(&["five"][..], "is no number"), (&["+5"], "is no number"), (&["5", "5"], "it has several")]
            {
                let mut request = client.put("http://site/").body(Body::stream(move |out| write(out, &[])));
                for length in lengths {
                    request = request.header("content-length", *length);
                }
                let error = request.send().unwrap_err();
                assert!(error.phase() == Phase::Build && error.to_string().contains(wrong), "{error}");
            }
            // What is whole has its own length, whatever is said.
            let answer = client.put("http://site/").header("content-length", "5").body("abc").send();
            assert_eq!(answer.unwrap().text().unwrap(), "Some(\"3\") \"abc\"");
            drop(client);
        }
        site.end();
    }
    run_virtual(scenario);
}
