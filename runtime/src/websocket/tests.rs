//! The protocol without a connection: bytes in, wherever they are cut, and what comes out.

use bytes::{Bytes, BytesMut};

use super::decode::{Decoder, Event, Role};
use super::deflate::{Agreed, Deflate};
use super::encode::Encoder;
use super::error::Fault;
use super::mask::mask;
use super::message::{CloseCode, CloseFrame, Message};
use crate::http::fuzz::{Random, rounds};

/// What comes of these bytes if they arrive in pieces of this size.
fn in_pieces(mut decoder: Decoder, bytes: &[u8], size: usize) -> (Vec<Event>, Option<Fault>) {
    let mut input = BytesMut::new();
    let mut events = vec![];
    for piece in bytes.chunks(size) {
        input.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(fault) => return (events, Some(fault)),
            }
        }
    }
    (events, None)
}

/// What comes of these bytes, which is the same wherever they are cut.
fn outcome(make: impl Fn() -> Decoder, bytes: &[u8]) -> (Vec<Event>, Option<u16>) {
    let code = |fault: Option<Fault>| fault.map(|fault| fault.code.get());
    let (whole, fault) = in_pieces(make(), bytes, bytes.len().max(1));
    for size in 1..bytes.len() {
        let (events, other) = in_pieces(make(), bytes, size);
        assert_eq!((&events, &other), (&whole, &fault), "in pieces of {size}");
    }
    (whole, code(fault))
}

fn client(max: usize) -> Decoder {
    Decoder::new(Role::Client, max, None)
}

fn of_server(bytes: &[u8]) -> (Vec<Event>, Option<u16>) {
    outcome(|| client(1000), bytes)
}

fn text(text: &str) -> Event {
    Event::Message(text.into())
}

fn binary(bytes: &[u8]) -> Event {
    Event::Message(bytes.into())
}

#[test]
fn the_examples_of_the_rfc_are_understood() {
    assert_eq!(of_server(b"\x81\x05Hello"), (vec![text("Hello")], None));
    let server = || Decoder::new(Role::Server, 1000, None);
    let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(outcome(server, masked), (vec![text("Hello")], None));
    assert_eq!(of_server(b"\x01\x03Hel\x80\x02lo"), (vec![text("Hello")], None));
    assert_eq!(of_server(b"\x89\x05Hello"), (vec![Event::Ping(Bytes::from_static(b"Hello"))], None));
    let mut long = b"\x82\x7e\x01\x00".to_vec();
    long.extend([7; 256]);
    assert_eq!(of_server(&long), (vec![binary(&[7; 256])], None));
    let mut longer = b"\x82\x7f\0\0\0\0\0\x01\0\0".to_vec();
    longer.extend(vec![7; 65536]);
    let (events, fault) = in_pieces(client(1 << 20), &longer, 4096);
    assert_eq!((events, fault), (vec![binary(&vec![7; 65536])], None));
}

#[test]
fn a_control_frame_may_stand_in_the_middle_of_a_message() {
    let bytes = b"\x01\x02Gr\x89\x01p\x00\x01\xc3\x8a\x00\x80\x02\xbc\xc3\x02\x00";
    let (events, code) = of_server(bytes);
    // U+00FC, cut between two frames; then a character that is never whole.
    assert_eq!(events, [Event::Ping(Bytes::from_static(b"p")), Event::Pong(Bytes::new())]);
    assert_eq!(code, Some(1007));
    let bytes = b"\x01\x02Gr\x89\x01p\x00\x01\xc3\x80\x01\xbc";
    assert_eq!(of_server(bytes), (vec![Event::Ping(Bytes::from_static(b"p")), text("Gr\u{fc}")], None));
}

#[test]
fn empty_messages_and_empty_frames_are_messages() {
    assert_eq!(of_server(b"\x81\x00"), (vec![text("")], None));
    assert_eq!(of_server(b"\x02\x00\x00\x00\x80\x00"), (vec![binary(b"")], None));
}

#[test]
fn what_breaks_the_protocol_has_its_close_code() {
    let cases: &[(&[u8], u16)] = &[
        (b"\x91\x00", 1002), // a reserved bit
        (b"\xc1\x00", 1002), // compressed, which nobody has agreed on
        (b"\x83\x00", 1002), // reserved kinds of frames
        (b"\x8b\x00", 1002),
        (b"\x09\x00", 1002),                      // a ping in pieces
        (b"\x89\x7e\x00\x7e", 1002),              // a ping of 126 bytes
        (b"\x80\x00", 1002),                      // a continuation of nothing
        (b"\x01\x01a\x81\x01b", 1002),            // a message in a message
        (b"\x81\x85\x00\x00\x00\x00Hello", 1002), // masked by a server
        (b"\x82\x7e\x00\x05Hello", 1002),         // longer than it need be
        (b"\x82\x7f\0\0\0\0\0\0\0\x05Hello", 1002),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", 1002), // the highest bit of a length
        (b"\x88\x01\x03", 1002),               // half a code
        (b"\x88\x02\x03\xe7", 1002),           // 999
        (b"\x88\x02\x03\xec", 1002),           // 1004, 1005, 1006, 1015, 1016
        (b"\x88\x02\x03\xed", 1002),
        (b"\x88\x02\x03\xee", 1002),
        (b"\x88\x02\x03\xf7", 1002),
        (b"\x88\x02\x03\xf8", 1002),
        (b"\x88\x02\x13\x88", 1002),     // 5000
        (b"\x88\x03\x03\xe8\xff", 1007), // a reason that is no text
        (b"\x81\x02\xc3\x28", 1007),
        (b"\x81\x04\xf4\x90\x80\x80", 1007),
        (b"\x81\x03\xed\xa0\x80", 1007),
        (b"\x81\x01\xc3", 1007),
        (b"\x82\x7e\x03\xe9", 1009), // 1001 bytes, before one is here
        (b"\x02\x7e\x03\xe8", 0),
    ];
    for (bytes, code) in cases {
        let (events, found) = of_server(bytes);
        assert_eq!((events, found), (vec![], Some(*code).filter(|code| *code != 0)), "{bytes:02x?}");
    }
    let unmasked = outcome(|| Decoder::new(Role::Server, 1000, None), b"\x81\x05Hello");
    assert_eq!(unmasked, (vec![], Some(1002)));
}

#[test]
fn a_text_that_is_none_is_known_by_its_first_bad_byte() {
    let mut decoder = client(1000);
    let mut input = BytesMut::from(&b"\x81\x7e\x01\x00\xf4"[..]);
    assert_eq!(decoder.decode(&mut input), Ok(None));
    input.extend_from_slice(b"\x90");
    assert_eq!(decoder.decode(&mut input).unwrap_err().code, CloseCode::INVALID_DATA);
}

#[test]
fn the_frames_of_a_message_are_counted_together() {
    let mut bytes = b"\x02\x7e\x02\x00".to_vec();
    bytes.extend([1; 512]);
    bytes.extend(b"\x80\x7e\x01\xe8");
    bytes.extend([2; 488]);
    let (events, code) = of_server(&bytes);
    assert_eq!((events.len(), code), (1, None));
    bytes[518..520].copy_from_slice(b"\x01\xe9");
    assert_eq!(of_server(&bytes), (vec![], Some(1009)));
}

#[test]
fn a_close_is_the_last_word() {
    let close = |code: u16, reason: &str| {
        Event::Close(Some(CloseFrame { code: CloseCode::new(code).unwrap(), reason: reason.to_owned() }))
    };
    assert_eq!(of_server(b"\x88\x00\x81\x05Hello"), (vec![Event::Close(None)], None));
    assert_eq!(of_server(b"\x88\x05\x03\xe8bye"), (vec![close(1000, "bye")], None));
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999_u16] {
        let [high, low] = code.to_be_bytes();
        assert_eq!(of_server(&[0x88, 2, high, low]), (vec![close(code, "")], None));
    }
}

#[test]
fn a_mask_is_the_same_in_pieces() {
    let plain: Vec<u8> = (0..100).collect();
    let key = [1, 2, 3, 250];
    let mut whole = plain.clone();
    mask(&mut whole, key, 0);
    assert!(whole.iter().zip(&plain).enumerate().all(|(at, (masked, byte))| masked ^ byte == key[at % 4]));
    for cut in 0..=plain.len() {
        let mut pieces = plain.clone();
        let (first, second) = pieces.split_at_mut(cut);
        mask(first, key, 0);
        mask(second, key, cut);
        assert_eq!(pieces, whole, "cut at {cut}");
    }
}

/// A message as one end sends it, in frames of at most so many bytes.
fn sent(encoder: &mut Encoder, message: &Message, most: usize) -> Vec<u8> {
    let mut out = vec![];
    let mut outgoing = encoder.begin(message);
    while !outgoing.is_over() {
        encoder.next(&mut outgoing, most, &mut out);
    }
    out
}

#[test]
fn what_one_end_sends_the_other_understands_in_frames_of_any_size() {
    let messages: [Message; 4] =
        ["".into(), "Gr\u{fc}\u{df}e, \u{4e16}\u{754c}".into(), b"\0\xff".into(), vec![9; 300].into()];
    for (sender, receiver) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        for most in [1, 2, 7, 125, 126, usize::MAX] {
            let mut encoder = Encoder::new(sender, None);
            for message in &messages {
                let bytes = sent(&mut encoder, message, most);
                let made = outcome(|| Decoder::new(receiver, 1000, None), &bytes);
                assert_eq!(made, (vec![Event::Message(message.clone())], None), "{most}");
            }
        }
    }
}

#[test]
fn no_two_frames_of_a_client_have_one_key() {
    let mut encoder = Encoder::new(Role::Client, None);
    let message = Message::from("a");
    let keys: std::collections::BTreeSet<Vec<u8>> =
        (0..200).map(|_| sent(&mut encoder, &message, usize::MAX)[2..6].to_vec()).collect();
    assert_eq!(keys.len(), 200);
}

fn agreed(deflate: &Deflate) -> Agreed {
    deflate.accept(&deflate.answer(&deflate.offer()).unwrap().header()).unwrap()
}

#[test]
fn deflated_messages_of_the_rfc_are_understood() {
    let agreed = agreed(&Deflate::new());
    let decoder = || Decoder::new(Role::Client, 1000, agreed.of_client().0);
    let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    assert_eq!(outcome(decoder, hello), (vec![text("Hello")], None));
    let in_two = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
    assert_eq!(outcome(decoder, in_two), (vec![text("Hello")], None));
    // The second one is found again in the window.
    let twice = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    assert_eq!(outcome(decoder, twice), (vec![text("Hello"), text("Hello")], None));
    let stored = b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    assert_eq!(outcome(decoder, stored), (vec![text("Hello")], None));
    let last_block = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    assert_eq!(outcome(decoder, last_block), (vec![text("Hello")], None));
    let two_blocks = b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    assert_eq!(outcome(decoder, two_blocks), (vec![text("Hello")], None));
    // The first frame says of all that they are compressed, or not.
    assert_eq!(outcome(decoder, b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00"), (vec![], Some(1002)));
    assert_eq!(outcome(decoder, b"\xc9\x00"), (vec![], Some(1002)));
    assert_eq!(outcome(decoder, b"\x81\x05Hello"), (vec![text("Hello")], None));
}

#[test]
fn what_cannot_be_inflated_is_invalid_data() {
    let agreed = agreed(&Deflate::new());
    let decoder = || Decoder::new(Role::Client, 1000, agreed.of_client().0);
    assert_eq!(outcome(decoder, b"\xc2\x03\xff\xff\xff"), (vec![], Some(1007)));
    // A distance that goes back before the beginning.
    assert_eq!(outcome(decoder, b"\xc1\x05\xf2\x00\x11\x00\x00"), (vec![], Some(1007)));
    // A text that is none, once it is inflated.
    let mut encoder = Encoder::new(Role::Server, agreed.of_server().1);
    let mut bytes = sent(&mut encoder, &vec![0xff; 100].into(), usize::MAX);
    assert_eq!(bytes[0], 0xc2);
    bytes[0] = 0xc1;
    assert_eq!(outcome(decoder, &bytes), (vec![], Some(1007)));
}

#[test]
fn a_message_is_counted_as_it_is_inflated() {
    let agreed = agreed(&Deflate::new());
    let mut encoder = Encoder::new(Role::Server, agreed.of_server().1);
    let mut bomb = sent(&mut encoder, &vec![0; 16 << 20].into(), usize::MAX);
    assert!(bomb.len() < 20_000, "{}", bomb.len());
    let decoder = || Decoder::new(Role::Client, 1 << 20, agreed.of_client().0);
    assert_eq!(in_pieces(decoder(), &bomb, 4096).1.unwrap().code, CloseCode::TOO_LARGE);
    // As much as is allowed, and a byte more.
    for (length, code) in [(1000, None), (1001, Some(1009))] {
        let mut encoder = Encoder::new(Role::Server, agreed.of_server().1);
        bomb = sent(&mut encoder, &vec![0; length].into(), 5);
        let (events, found) = outcome(|| Decoder::new(Role::Client, 1000, agreed.of_client().0), &bomb);
        assert_eq!((events.len(), found), (usize::from(code.is_none()), code));
    }
}

#[test]
fn compressed_messages_go_from_end_to_end_with_every_parameter() {
    let words = "the quick brown fox jumps over the lazy dog; ".repeat(40);
    let noise: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let messages: [Message; 5] =
        [words.as_str().into(), noise.into(), "".into(), words.as_str().into(), vec![7; 100_000].into()];
    for bits in 8..=15 {
        for takeover in [true, false] {
            let deflate = Deflate::new()
                .server_max_window_bits(bits)
                .client_max_window_bits(bits)
                .server_no_context_takeover(!takeover)
                .client_no_context_takeover(!takeover)
                .threshold(1);
            let agreed = agreed(&deflate);
            let ends = [
                (Role::Server, agreed.of_server().1, Role::Client, agreed.of_client().0),
                (Role::Client, agreed.of_client().1, Role::Server, agreed.of_server().0),
            ];
            for (sender, deflater, receiver, inflater) in ends {
                let mut encoder = Encoder::new(sender, deflater);
                let mut decoder = Decoder::new(receiver, 1 << 20, inflater);
                let mut sizes = vec![];
                for message in &messages {
                    let bytes = sent(&mut encoder, message, 3000);
                    sizes.push(bytes.len());
                    let mut input = BytesMut::from(&bytes[..]);
                    let event = decoder.decode(&mut input);
                    assert_eq!(event, Ok(Some(Event::Message(message.clone()))), "{bits} {takeover}");
                }
                if bits == 15 {
                    // What was said before is found again, or not.
                    assert_eq!(sizes[3] < sizes[0] / 2, takeover, "{sizes:?}");
                }
            }
        }
    }
}

#[test]
fn offers_are_answered_by_the_first_that_can_be_taken() {
    let cases = [
        ("", None),
        ("permessage-deflate", Some("permessage-deflate")),
        ("x-webkit-deflate-frame, permessage-deflate", Some("permessage-deflate")),
        ("permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
        (
            "permessage-deflate; client_max_window_bits=10",
            Some("permessage-deflate; client_max_window_bits=10"),
        ),
        (
            "permessage-deflate; server_max_window_bits=\"9\"; server_no_context_takeover",
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=9"),
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        // What makes no sense is passed over.
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_max_window_bits=7, permessage-deflate", Some("permessage-deflate")),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=09", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; unknown", None),
    ];
    for (offer, answer) in cases {
        let answered = Deflate::new().answer(offer).map(|agreed| agreed.header());
        assert_eq!(answered.as_deref(), answer, "{offer}");
    }
    let small =
        Deflate::new().server_max_window_bits(9).client_max_window_bits(10).client_no_context_takeover(true);
    let answered = |offer| small.answer(offer).unwrap().header();
    assert_eq!(
        answered("permessage-deflate; client_max_window_bits"),
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10"
    );
    // A client that does not offer it cannot be asked for a smaller window.
    assert_eq!(
        answered("permessage-deflate; server_max_window_bits=12"),
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=9"
    );
}

#[test]
fn an_answer_must_be_one_to_the_offer() {
    let asked = Deflate::new().server_max_window_bits(10).server_no_context_takeover(true);
    assert_eq!(
        asked.offer(),
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10; server_no_context_takeover"
    );
    let is_taken = |answer| asked.accept(answer).is_ok();
    assert!(is_taken("permessage-deflate; server_max_window_bits=10; server_no_context_takeover"));
    assert!(is_taken(
        "permessage-deflate; server_max_window_bits=8; server_no_context_takeover; client_max_window_bits=9"
    ));
    assert!(!is_taken("permessage-deflate; server_max_window_bits=11; server_no_context_takeover"));
    assert!(!is_taken("permessage-deflate; server_no_context_takeover"));
    assert!(!is_taken("permessage-deflate; server_max_window_bits=10"));
    assert!(!is_taken(
        "permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits"
    ));
    assert!(!is_taken("permessage-deflate, permessage-deflate"));
    assert!(!is_taken("x-other"));
}

/// A fuzzer's driver, which mutates good streams: nothing panics, no message is larger than it may
/// be, and what comes out does not depend on where the bytes were cut. `EVENTLET_FUZZ_SECONDS` says
/// for how long; without it, for a fixed number of rounds.
#[test]
fn mutated_streams_do_no_harm_and_are_understood_alike_in_any_pieces() {
    const MAX: usize = 2000;
    let mut random = Random::new();
    for round in rounds(2000) {
        let deflate = Deflate::new().server_max_window_bits(8 + random.below(8) as u8).threshold(1);
        let agreed = agreed(&deflate.server_no_context_takeover(random.below(2) == 0));
        let mut encoder =
            Encoder::new(Role::Server, Some(()).filter(|()| random.below(4) > 0).and(agreed.of_server().1));
        let mut bytes = vec![];
        for _ in 0..1 + random.below(4) {
            let length = random.below(400);
            let letters: Vec<u8> = (0..length).map(|_| b'a' + random.below(3) as u8).collect();
            let message: Message = match random.below(2) {
                0 => String::from_utf8(letters).unwrap().into(),
                _ => letters.into(),
            };
            bytes.extend(sent(&mut encoder, &message, 1 + random.below(300)));
            match random.below(6) {
                0 => encoder.ping(b"ping", &mut bytes),
                1 => encoder.close(Some(&CloseFrame::new(CloseCode::NORMAL, "bye")), &mut bytes),
                _ => {}
            }
        }
        random.mutate(&mut bytes, b"");
        let decoder = || Decoder::new(Role::Client, MAX, agreed.of_client().0);
        let (whole, fault) = in_pieces(decoder(), &bytes, bytes.len().max(1));
        let sizes = [1, 1 + random.below(7), 1 + random.below(bytes.len().max(1))];
        for size in sizes {
            let (events, other) = in_pieces(decoder(), &bytes, size);
            assert_eq!((&events, &other), (&whole, &fault), "round {round}, in pieces of {size}");
        }
        for event in whole {
            if let Event::Message(message) = event {
                assert!(message.len() <= MAX, "round {round}: {}", message.len());
            }
        }
    }
}
