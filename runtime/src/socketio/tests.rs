//! The codec, on bytes that are good and bytes that are not.

use bytes::Bytes;
use serde_json::json;

use super::engine::{self, Frame};
use super::packet::{self, Decoder, Kind, Malformed, Packet};
use super::value::{Args, IntoArgs, Value};
use crate::http::fuzz::{Random, rounds};

fn decoded(text: &str) -> Result<Option<Packet>, Malformed> {
    Decoder::new(10).text(text)
}

fn args(values: serde_json::Value) -> Args {
    let Value::Array(values) = Value::from(values) else { panic!("an array") };
    Args(values)
}

fn event(namespace: &str, name: &str, values: serde_json::Value, ack: Option<u64>) -> Packet {
    let kind = Kind::Event { name: name.to_owned(), args: args(values), ack };
    Packet { namespace: namespace.to_owned(), kind }
}

fn texts(frames: &[Frame]) -> Vec<String> {
    let text = |frame: &Frame| match frame {
        Frame::Text(text) => text.to_string(),
        Frame::Binary(bytes) => format!("{bytes:?}"),
    };
    frames.iter().map(text).collect()
}

#[test]
fn packets_of_each_kind_are_understood() {
    let packet = |namespace: &str, kind| Ok(Some(Packet { namespace: namespace.to_owned(), kind }));
    assert_eq!(decoded("0"), packet("/", Kind::Connect(Value::Null)));
    assert_eq!(decoded("0/admin"), packet("/admin", Kind::Connect(Value::Null)));
    let auth = Value::from(json!({"token": "123"}));
    assert_eq!(decoded("0{\"token\":\"123\"}"), packet("/", Kind::Connect(auth.clone())));
    assert_eq!(decoded("0/admin,{\"token\":\"123\"}"), packet("/admin", Kind::Connect(auth)));
    assert_eq!(decoded("1/admin,"), packet("/admin", Kind::Disconnect));
    assert_eq!(decoded("2[\"foo\"]"), Ok(Some(event("/", "foo", json!([]), None))));
    assert_eq!(decoded("2/admin,[\"bar\",1]"), Ok(Some(event("/admin", "bar", json!([1]), None))));
    assert_eq!(decoded("212[\"foo\"]"), Ok(Some(event("/", "foo", json!([]), Some(12)))));
    assert_eq!(
        decoded("3/admin,13[\"bar\"]"),
        packet("/admin", Kind::Ack { args: args(json!(["bar"])), ack: 13 })
    );
}

#[test]
fn what_is_no_packet_is_malformed() {
    let bad = [
        "",
        "4",
        "7",
        "abc",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[\"a\"",
        "2[\"a\"]x",
        "2[\"connect\"]",
        "3[\"a\"]",
        "31",
        "0[]",
        "0\"a\"",
        "01",
        "1{}",
        "4{\"message\":\"a\"}",
        "5[\"a\"]",
        "5-[\"a\"]",
        "5+1-[\"a\"]",
        "511-[\"a\"]",
        "299999999999999999999[\"a\"]",
        "2/a[\"a\"]",
        "5",
    ];
    for text in bad {
        assert_eq!(decoded(text), Err(Malformed), "{text}");
    }
}

#[test]
fn attachments_stand_in_their_places_and_nothing_comes_between() {
    let mut decoder = Decoder::new(10);
    let text = r#"52-/admin,7["a",{"x":{"_placeholder":true,"num":1}},[{"_placeholder":true,"num":0}]]"#;
    assert_eq!(decoder.text(text), Ok(None));
    assert_eq!(decoder.binary(Bytes::from_static(b"one")), Ok(None));
    let packet = decoder.binary(Bytes::from_static(b"two")).unwrap().unwrap();
    let Kind::Event { args, ack, .. } = packet.kind else { panic!("an event") };
    assert_eq!(ack, Some(7));
    assert_eq!(args[0].get("x").unwrap().as_bytes(), Some(&b"two"[..]));
    assert_eq!(args[1].as_array().unwrap()[0].as_bytes(), Some(&b"one"[..]));
    // Each is as good as the other, and without either there is nothing.
    assert_eq!(decoder.binary(Bytes::new()), Err(Malformed));
    assert_eq!(decoder.text("51-[\"a\",{\"_placeholder\":true,\"num\":1}]"), Ok(None));
    assert_eq!(decoder.text("2[\"a\"]"), Err(Malformed));
    assert_eq!(decoder.binary(Bytes::new()), Err(Malformed));
    // In a packet without attachments it is an object as any other.
    let packet = decoded("2[\"a\",{\"_placeholder\":true,\"num\":1}]");
    assert_eq!(packet, Ok(Some(event("/", "a", json!([{"_placeholder": true, "num": 1}]), None))));
}

#[test]
fn packets_are_written_as_the_protocol_has_them() {
    let none = ().into_args();
    assert_eq!(texts(&packet::event("/", "foo", &none, None)), [r#"42["foo"]"#]);
    let three = (1, "two", json!({"three": [true, null]})).into_args();
    let text = r#"42/admin,13["bar",1,"two",{"three":[true,null]}]"#;
    assert_eq!(texts(&packet::event("/admin", "bar", &three, Some(13))), [text]);
    let object = Value::Object([("picture".to_owned(), vec![1u8, 2].into())].into());
    let frames = packet::event("/", "b", &(object, b"three".to_vec()).into_args(), None);
    assert_eq!(
        texts(&frames),
        [
            r#"452-["b",{"picture":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]"#,
            r#"b"\x01\x02""#,
            r#"b"three""#
        ]
    );
    assert_eq!(texts(&packet::ack("/", &"ok".into_args(), 3)), [r#"433["ok"]"#]);
    assert_eq!(texts(&packet::ack("/a", &none, 0)), ["43/a,0[]"]);
    let frames = packet::ack("/a", &Value::from(vec![0u8]).into_args(), 4);
    assert_eq!(texts(&frames), [r#"461-/a,4[{"_placeholder":true,"num":0}]"#, r#"b"\0""#]);
    assert_eq!(packet::plain('0', "/", "{\"sid\":\"x\"}"), Frame::text("40{\"sid\":\"x\"}"));
    assert_eq!(packet::plain('1', "/admin", ""), Frame::text("41/admin,"));
}

#[test]
fn values_are_what_plain_values_and_serde_make_of_them() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    struct Point {
        x: i32,
        label: Option<String>,
    }
    let point = Point { x: -3, label: None };
    let value = Value::of(&point).unwrap();
    assert_eq!(value.to_string(), r#"{"label":null,"x":-3}"#);
    assert_eq!(value.parse::<Point>().unwrap(), point);
    let error = Value::from("three").parse::<Point>().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(Value::from(vec![1u8, 2]).parse::<Vec<u8>>().unwrap(), [1, 2]);
    assert_eq!(Value::from(f64::NAN), Value::Null);
    assert_eq!(Value::from(0.5).as_f64(), Some(0.5));
    assert_eq!(Value::from(Some(7u8)).as_u64(), Some(7));
    assert_eq!(Value::from(None::<bool>), Value::Null);
    assert_eq!(Value::from("say \"é\"\n").to_string(), r#""say \"é\"\n""#);
    assert_eq!(().into_args().data(), &Value::Null);
}

/// A value of a few levels, with bytes in it.
fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => (random.below(1000) as i64 - 500).into(),
        2 => "say \"Grüße\",\u{1e}".into(),
        3 => (random.below(2) == 0).into(),
        4 => vec![7u8; random.below(5)].into(),
        5 => Value::Array((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        _ => {
            let names = ["a", "num", "_placeholder"];
            let fields =
                (0..random.below(4)).map(|_| (names[random.below(3)].into(), value(random, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

/// A fuzzer's driver, which mutates good payloads: nothing panics, and what is understood can be
/// written and understood again. `EVENTLET_FUZZ_SECONDS` says for how long; without it, for a fixed
/// number of rounds.
#[test]
fn mutated_streams_of_packets_do_no_harm_and_good_ones_come_back() {
    let mut random = Random::new();
    for round in rounds(2000) {
        let mut frames = vec![];
        let mut sent = vec![];
        for _ in 0..1 + random.below(3) {
            let values = Args((0..random.below(4)).map(|_| value(&mut random, 3)).collect());
            let namespace = ["/", "/admin"][random.below(2)];
            let ack = [None, Some(random.below(100) as u64)][random.below(2)];
            frames.extend(match (ack, random.below(3)) {
                (Some(ack), 0) => packet::ack(namespace, &values, ack),
                _ => packet::event(namespace, "event", &values, ack),
            });
            sent.push(values);
        }
        let payload = engine::payload(&frames);
        let good = understood(&payload);
        // A value that looks like the place of one's bytes is the one thing that cannot be sent.
        if !payload.contains("\"_placeholder\":") {
            assert_eq!(good.len(), sent.len(), "round {round}: {payload}");
        }
        for (packet, values) in good.iter().zip(&sent) {
            let (Kind::Event { args, .. } | Kind::Ack { args, .. }) = &packet.kind else { continue };
            if !format!("{values:?}").contains("_placeholder") {
                assert_eq!(args, values, "round {round}: {payload}");
            }
        }
        let mut bytes = payload.into_bytes();
        random.mutate(&mut bytes, b"0123456789-/,[]{}\"\x1eb");
        let text = String::from_utf8_lossy(&bytes);
        for packet in understood(&text) {
            let Kind::Event { name, args, ack } = &packet.kind else { continue };
            let again = understood(&engine::payload(&packet::event(&packet.namespace, name, args, *ack)));
            if !format!("{args:?}").contains("_placeholder") {
                assert_eq!(again, [packet], "round {round}: {text}");
            }
        }
    }
}

/// The packets of a payload, as far as it makes sense.
fn understood(payload: &str) -> Vec<Packet> {
    let mut decoder = Decoder::new(1000);
    let mut understood = vec![];
    for packet in engine::Packet::of_payload(payload).unwrap_or_default() {
        let decoded = match packet {
            engine::Packet::Message(text) => decoder.text(text),
            engine::Packet::Binary(bytes) => decoder.binary(bytes),
            _ => Ok(None),
        };
        match decoded {
            Ok(packet) => understood.extend(packet),
            Err(Malformed) => break,
        }
    }
    understood
}
