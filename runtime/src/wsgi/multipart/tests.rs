//! Forms without a connection: bytes in, wherever they are cut, and what comes out.

use std::io::ErrorKind;

use bytes::BytesMut;

use super::parser::{Event, Limits, Parser};
use crate::http::fuzz::{Random, rounds};

const SMALL: Limits = Limits { parts: 4, headers: 4, head: 200, field: 20, file: 40 };

/// What a form is: its parts, and what is wrong with it, if anything is.
type Outcome = (Vec<Told>, Option<(ErrorKind, String)>);

/// A part as it was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    name: String,
    file_name: Option<String>,
    content: Vec<u8>,
    is_whole: bool,
}

/// What comes of these bytes if they arrive in pieces of this size.
fn in_pieces(content_type: &str, limits: Limits, bytes: &[u8], size: usize) -> Outcome {
    let (mut parser, mut input) = match Parser::new(content_type.as_bytes(), limits) {
        Ok(made) => made,
        Err(fault) => return (vec![], Some((fault.kind, fault.message))),
    };
    let mut parts: Vec<Told> = vec![];
    let mut is_over = false;
    for piece in bytes.chunks(size.max(1)) {
        input.extend_from_slice(piece);
        loop {
            match parser.parse(&mut input) {
                Ok(None) => break,
                Ok(Some(Event::Part(head))) => {
                    let (name, file_name) = (head.name, head.file_name);
                    parts.push(Told { name, file_name, ..Told::default() });
                }
                Ok(Some(Event::Data(data))) => {
                    assert!(!data.is_empty());
                    parts.last_mut().unwrap().content.extend_from_slice(&data);
                }
                Ok(Some(Event::PartEnd)) => parts.last_mut().unwrap().is_whole = true,
                Ok(Some(Event::End)) => {
                    is_over = true;
                    break;
                }
                Err(fault) => {
                    // It stays as it is.
                    assert_eq!(parser.parse(&mut BytesMut::new()), Err(fault.clone()));
                    assert_eq!(parser.end(), fault);
                    return (parts, Some((fault.kind, fault.message)));
                }
            }
        }
    }
    let fault = (!is_over).then(|| parser.end()).map(|fault| (fault.kind, fault.message));
    (parts, fault)
}

/// What comes of these bytes, which is the same wherever they are cut.
fn outcome(bytes: &[u8]) -> Outcome {
    let content_type = "multipart/form-data; boundary=xyz";
    let whole = in_pieces(content_type, SMALL, bytes, bytes.len());
    for size in 1..bytes.len() {
        assert_eq!(in_pieces(content_type, SMALL, bytes, size), whole, "in pieces of {size}");
    }
    whole
}

fn field(name: &str, content: &str) -> Told {
    Told { name: name.to_owned(), content: content.into(), is_whole: true, ..Told::default() }
}

fn file(name: &str, file_name: &str, content: &str) -> Told {
    Told { file_name: Some(file_name.to_owned()), ..field(name, content) }
}

/// A form of one part with these headers.
fn with_head(head: &str) -> Outcome {
    outcome(format!("--xyz\r\n{head}\r\n\r\ncontent\r\n--xyz--\r\n").as_bytes())
}

/// What is wrong with that.
fn fault_of(outcome: Outcome) -> (ErrorKind, String) {
    outcome.1.expect("it is refused")
}

#[test]
fn a_form_is_its_parts_wherever_it_is_cut() {
    let form = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
        --xyz\r\ncontent-type: image/png\r\ncontent-disposition: form-data; name=b; filename=\"b.png\"\r\n\r\n\
        \r\n--xy\r\n\r--xyz-\n\r\n\r\n\
        --xyz \t\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--xyz--";
    let parts = vec![field("a", "one"), file("b", "b.png", "\r\n--xy\r\n\r--xyz-\n\r\n"), field("", "")];
    assert_eq!(outcome(form), (parts, None));
}

#[test]
fn what_stands_around_the_boundaries_is_passed_over() {
    let form = b"This is a form.\r\n--xy\r\n\r\n--xyz\r\n\
        Content-Disposition: form-data; name=a\r\n\r\none\r\n--xyz--\r\n--xyz\r\nand more";
    assert_eq!(outcome(form), (vec![field("a", "one")], None));
    assert_eq!(outcome(b"--xyz--"), (vec![], None));
    assert_eq!(outcome(b"\r\n--xyz--\r\n"), (vec![], None));
}

#[test]
fn names_are_what_clients_write() {
    let cases = [
        ("form-data; name=\"a b\"", "a b", None),
        ("FORM-DATA ; NAME = a ; FileName = b.txt ;", "a", Some("b.txt")),
        ("form-data; name=\"\u{e9}\u{4e16}\"; filename=\"\"", "\u{e9}\u{4e16}", Some("")),
        (r#"form-data; name="a\"b\\c"; filename="C:\files\new.txt""#, r#"a"b\c"#, Some(r"C:\files\new.txt")),
        ("form-data; name=\"a%22;b%0D%0A\"; filename=\"x;y=\\\"z\"", "a%22;b%0D%0A", Some("x;y=\"z")),
        ("form-data; other=1; name=a; filename*=UTF-8''x", "a", None),
    ];
    for (disposition, name, file_name) in cases {
        let (parts, fault) = with_head(&format!("Content-Disposition: {disposition}"));
        assert_eq!(fault, None, "{disposition}");
        assert_eq!(parts[0].name, name);
        assert_eq!(parts[0].file_name.as_deref(), file_name);
    }
}

#[test]
fn what_two_readers_could_understand_in_two_ways_is_refused() {
    let cases = [
        ("X: y", "a part has not one `Content-Disposition`"),
        (
            "Content-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b",
            "a part has not one `Content-Disposition`",
        ),
        ("Content-Disposition: form-data", "a part has no name"),
        ("Content-Disposition: attachment; name=a", "a part is no field of a form"),
        ("Content-Disposition: form-data; name=a; name=b", "a parameter of a form is there twice"),
        (
            "Content-Disposition: form-data; name=a; filename=b; FILENAME=c",
            "a parameter of a form is there twice",
        ),
        ("Content-Disposition: form-data; name=\"a", "a part's `Content-Disposition` is none"),
        ("Content-Disposition: form-data; name=\"a\"b", "a part's `Content-Disposition` is none"),
        ("Content-Disposition: form-data; name", "a part's `Content-Disposition` is none"),
        (
            "Content-Disposition: form-data; name=a\nX: y",
            "a line of a part's headers ends in a bare line feed",
        ),
        (
            "Content-Disposition: form-data; name=a\n\nX: y",
            "a line of a part's headers ends in a bare line feed",
        ),
        ("Content-Disposition: form-data;\r\n name=a", "a part's headers are none"),
        ("Content-Disposition : form-data; name=a", "a part's headers are none"),
        ("Content-Disposition", "a part's headers are none"),
        ("Content-Disposition: form-data; name=\0", "a part's headers are none"),
    ];
    for (head, message) in cases {
        assert_eq!(fault_of(with_head(head)), (ErrorKind::InvalidData, message.to_owned()), "{head:?}");
    }
    let latin = b"--xyz\r\nContent-Disposition: form-data; name=\"\xe9\"\r\n\r\n\r\n--xyz--";
    let fault = (ErrorKind::InvalidData, "the name of a part is not UTF-8".to_owned());
    assert_eq!(fault_of(outcome(latin)), fault);
    for behind in ["x", "-\r\n", "-x", " --", "\r\r\n", "\n"] {
        let form = format!("--xyz{behind}{}", " ".repeat(10));
        let fault = (ErrorKind::InvalidData, "something follows a boundary".to_owned());
        assert_eq!(fault_of(outcome(form.as_bytes())), fault, "{behind:?}");
    }
}

#[test]
fn a_form_that_is_cut_off_is_none() {
    let whole = b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\none\r\n--xyz--";
    assert_eq!(outcome(whole).1, None);
    for length in 1..whole.len() {
        let fault = (ErrorKind::UnexpectedEof, "the form ends before its last boundary".to_owned());
        assert_eq!(fault_of(outcome(&whole[..length])), fault, "{length} bytes");
    }
}

#[test]
fn what_is_larger_than_it_may_be_is_refused_at_its_first_byte_too_many() {
    let part = |head: &str, content: &str| {
        format!("--xyz\r\nContent-Disposition: form-data; name=a{head}\r\n\r\n{content}\r\n")
    };
    let too_large = |form: &str| {
        let (parts, fault) = outcome(form.as_bytes());
        let (kind, message) = fault.expect("it is refused");
        assert_eq!(kind, ErrorKind::FileTooLarge);
        (parts, message)
    };
    let whole = |form: String| outcome(format!("{form}--xyz--").as_bytes()).1.is_none();

    assert!(whole(part("", &"x".repeat(20))));
    let (parts, message) = too_large(&part("", &"x".repeat(21)));
    assert_eq!((parts[0].content.len(), &*message), (20, "a part has more than 20 bytes"));
    assert!(whole(part("; filename=f", &"x".repeat(40))));
    let (parts, message) = too_large(&part("; filename=f", &"x".repeat(41)));
    assert_eq!((parts[0].content.len(), &*message), (40, "a part has more than 40 bytes"));

    assert!(whole(part("", "x").repeat(4)));
    let (parts, message) = too_large(&part("", "x").repeat(5));
    assert_eq!((parts.len(), &*message), (4, "the form has more than 4 parts"));

    let length = "Content-Disposition: form-data; name=a\r\nX: \r\n\r\n".len();
    assert!(whole(part(&format!("\r\nX: {}", "x".repeat(200 - length)), "x")));
    let (_, message) = too_large(&part(&format!("\r\nX: {}", "x".repeat(201 - length)), "x"));
    assert_eq!(message, "a part's headers have more than 200 bytes");
    let (_, message) = too_large(&format!("--xyz\r\n{}", "x".repeat(201)));
    assert_eq!(message, "a part's headers have more than 200 bytes");
    assert!(whole(part("\r\nX: y\r\nX: y\r\nX: y", "x")));
    let (_, message) = too_large(&part("\r\nX: y\r\nX: y\r\nX: y\r\nX: y", "x"));
    assert_eq!(message, "a part has more than 4 headers");
}

#[test]
fn a_boundary_is_what_rfc_2046_allows() {
    let fault =
        |content_type: &str| in_pieces(content_type, SMALL, b"--a--", 1).1.map(|(_, message)| message);
    let form = |boundary: &str| fault(&format!("multipart/form-data; boundary={boundary}"));
    assert_eq!(form("a"), None);
    assert_eq!(form("\"a\"; charset=utf-8"), None);
    assert_eq!(fault("Multipart/Form-Data ;Boundary=a"), None);
    let none = Some("the form's boundary is none".to_owned());
    for boundary in ["", "\"\"", "\"a \"", "a\tb", "\"a\\\"b\"", "a\u{e9}", &"a".repeat(71)] {
        assert_eq!(form(boundary), none, "{boundary:?}");
    }
    let long = "a".repeat(70);
    let content_type = format!("multipart/form-data; boundary={long}");
    assert_eq!(in_pieces(&content_type, SMALL, format!("--{long}--").as_bytes(), 1).1, None);
    assert_eq!(form("a; boundary=b"), Some("a parameter of a form is there twice".to_owned()));
    assert_eq!(fault("multipart/form-data"), Some("the form names no boundary".to_owned()));
    for other in ["", "text/plain", "multipart/mixed; boundary=a", "multipart/form-datax; boundary=a"] {
        assert_eq!(fault(other), Some("the body is no form with parts".to_owned()));
    }
    assert_eq!(fault("multipart/form-data; boundary"), Some("the body is no form".to_owned()));
}

/// Bytes of letters that boundaries are made of, mostly.
fn content(random: &mut Random, limit: usize) -> Vec<u8> {
    let length = random.below(limit);
    (0..length).map(|_| b"\r\n-xyz-a\0\xff"[random.below(10)]).collect()
}

/// A fuzzer's driver: forms are what they were made of; of mutated ones nothing panics, nothing is
/// larger than it may be, and what they are does not depend on where they were cut.
/// `EVENTLET_FUZZ_SECONDS` says for how long; without it, for a fixed number of rounds.
#[test]
fn mutated_streams_of_forms_do_no_harm_and_are_understood_alike_in_any_pieces() {
    let mut random = Random::new();
    for round in rounds(2000) {
        let content_type = "multipart/form-data; boundary=xyz";
        let (mut bytes, mut made) = (vec![], vec![]);
        for _ in 0..random.below(5) {
            let is_file = random.below(2) == 0;
            let content = content(&mut random, if is_file { 41 } else { 21 });
            // What is made has no boundary in it.
            if content.windows(5).any(|window| window == b"--xyz") {
                continue;
            }
            let more = if is_file { "; filename=\"f\"\r\nX-Of-File: y" } else { "" };
            bytes
                .extend(format!("--xyz\r\nContent-Disposition: form-data; name=\"n\"{more}\r\n\r\n").bytes());
            bytes.extend(&content);
            bytes.extend(b"\r\n");
            let file_name = is_file.then(|| "f".to_owned());
            made.push(Told { name: "n".to_owned(), file_name, content, is_whole: true });
        }
        bytes.extend(b"--xyz--");
        bytes.extend(content(&mut random, 10));
        let whole = in_pieces(content_type, SMALL, &bytes, bytes.len());
        assert_eq!(whole, (made, None), "round {round}");
        for _ in 0..random.below(3) {
            let at = random.below(bytes.len());
            bytes.splice(at..at, *b"\r\n--xyz");
        }
        random.mutate(&mut bytes, b"\r\n-\";x");
        let whole = in_pieces(content_type, SMALL, &bytes, bytes.len().max(1));
        for size in [1, 1 + random.below(7), 1 + random.below(bytes.len().max(1))] {
            let other = in_pieces(content_type, SMALL, &bytes, size);
            assert_eq!(other, whole, "round {round}, in pieces of {size}");
        }
        assert!(whole.0.len() <= SMALL.parts, "round {round}");
        for part in whole.0 {
            let most = if part.file_name.is_some() { SMALL.file } else { SMALL.field };
            assert!(part.content.len() as u64 <= most, "round {round}");
        }
    }
}
