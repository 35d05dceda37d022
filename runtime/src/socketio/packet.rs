//! The packets of Socket.IO (version 5), as they travel in messages of Engine.IO.

use bytes::Bytes;

use super::engine::Frame;
use super::value::{Args, Value, write_array, write_string};

/// A packet that has come, or goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packet {
    pub(super) namespace: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A client asks to be let in; it may say why.
    Connect(Value),
    Disconnect,
    Event {
        name: String,
        args: Args,
        ack: Option<u64>,
    },
    Ack {
        args: Args,
        ack: u64,
    },
}

/// What a client has sent makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The names that stand for something else at the other end.
pub(super) const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Messages to packets, of one client.
pub(super) struct Decoder {
    /// How many attachments a packet may have.
    limit: usize,
    waiting: Option<Waiting>,
}

/// A packet whose attachments have not all come.
struct Waiting {
    packet: Packet,
    attachments: Vec<Bytes>,
    count: usize,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Decoder {
        Decoder { limit, waiting: None }
    }

    /// A text. `None`: its attachments are to come.
    pub(super) fn text(&mut self, text: &str) -> Result<Option<Packet>, Malformed> {
        if self.waiting.is_some() {
            return Err(Malformed);
        }
        let (packet, count) = parse(text, self.limit)?;
        match count {
            None | Some(0) => Ok(Some(packet)),
            Some(count) => {
                self.waiting = Some(Waiting { packet, attachments: Vec::new(), count });
                Ok(None)
            }
        }
    }

    /// An attachment. `None`: more are to come.
    pub(super) fn binary(&mut self, bytes: Bytes) -> Result<Option<Packet>, Malformed> {
        let Some(waiting) = &mut self.waiting else { return Err(Malformed) };
        waiting.attachments.push(bytes);
        if waiting.attachments.len() < waiting.count {
            return Ok(None);
        }
        let Some(Waiting { mut packet, attachments, .. }) = self.waiting.take() else { return Ok(None) };
        if let Kind::Event { args, .. } | Kind::Ack { args, .. } = &mut packet.kind {
            let filled = args.0.iter_mut().try_for_each(|value| value.fill(&attachments));
            filled.map_err(|()| Malformed)?;
        }
        Ok(Some(packet))
    }
}

/// A packet, and how many attachments follow if it is of a kind that has some.
fn parse(text: &str, limit: usize) -> Result<(Packet, Option<usize>), Malformed> {
    let mut letters = text.chars();
    let kind = letters.next().ok_or(Malformed)?;
    let rest = letters.as_str();
    let (count, rest) = match kind {
        '5' | '6' => {
            let (digits, rest) = rest.split_once('-').ok_or(Malformed)?;
            let count = number(digits).and_then(|count| usize::try_from(count).ok()).ok_or(Malformed)?;
            if count > limit {
                return Err(Malformed);
            }
            (Some(count), rest)
        }
        _ => (None, rest),
    };
    let (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    let ack = match digits {
        "" => None,
        digits => Some(number(digits).ok_or(Malformed)?),
    };
    let value: Option<Value> = match rest {
        "" => None,
        json => Some(serde_json::from_str(json).map_err(|_| Malformed)?),
    };
    let kind = match (kind, value, ack) {
        ('0', None, None) => Kind::Connect(Value::Null),
        ('0', Some(auth @ Value::Object(_)), None) => Kind::Connect(auth),
        ('1', None, None) => Kind::Disconnect,
        ('2' | '5', Some(Value::Array(mut values)), ack) if !values.is_empty() => {
            let Value::String(name) = values.remove(0) else { return Err(Malformed) };
            if RESERVED.contains(&name.as_str()) {
                return Err(Malformed);
            }
            Kind::Event { name, args: Args(values), ack }
        }
        ('3' | '6', Some(Value::Array(values)), Some(ack)) => Kind::Ack { args: Args(values), ack },
        _ => return Err(Malformed),
    };
    Ok((Packet { namespace: namespace.to_owned(), kind }, count))
}

fn number(digits: &str) -> Option<u64> {
    // A sign is none of a packet's.
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// A packet without values, or with some JSON: the types 0, 1 and 4.
pub(super) fn plain(kind: char, namespace: &str, json: &str) -> Frame {
    let mut text = String::from("4");
    text.push(kind);
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    text.push_str(json);
    Frame::text(text)
}

/// An event, which is one frame and one more for each of its attachments.
pub(super) fn event(namespace: &str, name: &str, args: &Args, ack: Option<u64>) -> Vec<Frame> {
    let mut json = String::from("[");
    write_string(name, &mut json);
    let mut attachments = Vec::new();
    for value in &args.0 {
        json.push(',');
        value.write(&mut json, &mut attachments);
    }
    json.push(']');
    with_attachments(['2', '5'], namespace, ack, &json, attachments)
}

/// An acknowledgement.
pub(super) fn ack(namespace: &str, args: &Args, ack: u64) -> Vec<Frame> {
    let (mut json, mut attachments) = (String::new(), Vec::new());
    write_array(&args.0, &mut json, &mut attachments);
    with_attachments(['3', '6'], namespace, Some(ack), &json, attachments)
}

fn with_attachments(
    [plain, binary]: [char; 2],
    namespace: &str,
    ack: Option<u64>,
    json: &str,
    attachments: Vec<Bytes>,
) -> Vec<Frame> {
    let mut text = String::from("4");
    if attachments.is_empty() {
        text.push(plain);
    } else {
        text.push(binary);
        text.push_str(&attachments.len().to_string());
        text.push('-');
    }
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    if let Some(ack) = ack {
        text.push_str(&ack.to_string());
    }
    text.push_str(json);
    let mut frames = vec![Frame::text(text)];
    frames.extend(attachments.into_iter().map(Frame::Binary));
    frames
}
