//! What events carry: JSON, and bytes in it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

/// A value of JSON, in which bytes may stand as well: what an event carries.
///
/// It is made of plain values with [`From`], of what [`json!`](super::json) writes, and of
/// everything that serde can serialize with [`Value::of`].
///
/// ```
/// use eventlet::socketio::{Value, json};
///
/// let value = Value::from(json!({"name": "anna", "age": 42}));
/// assert_eq!(value.get("name").and_then(Value::as_str), Some("anna"));
/// assert_eq!(value.to_string(), r#"{"age":42,"name":"anna"}"#);
/// let picture = Value::from(vec![0u8, 1, 2]);
/// assert_eq!(picture.as_bytes(), Some(&[0, 1, 2][..]));
/// ```
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// Bytes, which travel beside the JSON.
    Binary(Bytes),
    /// Several values.
    Array(Vec<Value>),
    /// Values by name.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// What serde makes of a value: of a struct an object, for example. Bytes in it are arrays of
    /// numbers, as they are to serde; as [`Value::Binary`] they are put in by hand.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it cannot be JSON: a map whose keys are no texts, for example.
    pub fn of(value: &(impl Serialize + ?Sized)) -> io::Result<Value> {
        Ok(serde_json::to_value(value)?.into())
    }

    /// The value as a type of the program's own. Bytes are taken by what takes an array of numbers,
    /// such as a `Vec<u8>`.
    ///
    /// ```
    /// use eventlet::socketio::{Value, json};
    ///
    /// let points: Vec<(i32, i32)> = Value::from(json!([[1, 2], [3, 4]])).parse()?;
    /// assert_eq!(points, [(1, 2), (3, 4)]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not such a value, with the reason.
    pub fn parse<T: DeserializeOwned>(&self) -> io::Result<T> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        serde_json::from_value(self.to_json()).map_err(invalid)
    }

    /// The same in the words of the crate `serde_json`. Bytes become arrays of numbers.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::String(text.clone()),
            Value::Binary(bytes) => bytes.iter().map(|byte| Json::from(*byte)).collect(),
            Value::Array(values) => values.iter().map(Value::to_json).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
            }
        }
    }

    /// Is there nothing?
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is a whole one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The number, if it is one that is whole, not negative, and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if they are such.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The values in it, if it is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The values in it by name, if it is an object.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The value of this name, if it is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// Writes it as JSON, and puts the bytes in it aside: in their places stands which they are.
    pub(super) fn write(&self, text: &mut String, attachments: &mut Vec<Bytes>) {
        match self {
            Value::Null => text.push_str("null"),
            Value::Bool(true) => text.push_str("true"),
            Value::Bool(false) => text.push_str("false"),
            Value::Number(number) => text.push_str(&number.to_string()),
            Value::String(string) => write_string(string, text),
            Value::Binary(bytes) => {
                text.push_str("{\"_placeholder\":true,\"num\":");
                text.push_str(&attachments.len().to_string());
                text.push('}');
                attachments.push(bytes.clone());
            }
            Value::Array(values) => write_array(values, text, attachments),
            Value::Object(fields) => {
                text.push('{');
                for (number, (name, value)) in fields.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    write_string(name, text);
                    text.push(':');
                    value.write(text, attachments);
                }
                text.push('}');
            }
        }
    }

    /// Puts bytes into the places that are kept for them. Fails where there are none for a place.
    pub(super) fn fill(&mut self, attachments: &[Bytes]) -> Result<(), ()> {
        match self {
            Value::Array(values) => values.iter_mut().try_for_each(|value| value.fill(attachments)),
            Value::Object(fields) => {
                if fields.get("_placeholder") != Some(&Value::Bool(true)) {
                    return fields.values_mut().try_for_each(|value| value.fill(attachments));
                }
                let number = fields.get("num").and_then(Value::as_u64);
                let number = number.and_then(|number| usize::try_from(number).ok()).ok_or(())?;
                *self = Value::Binary(attachments.get(number).ok_or(())?.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Writes values as an array of JSON, with their bytes put aside.
pub(super) fn write_array<'a>(
    values: impl IntoIterator<Item = &'a Value>,
    text: &mut String,
    attachments: &mut Vec<Bytes>,
) {
    text.push('[');
    for (number, value) in values.into_iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        value.write(text, attachments);
    }
    text.push(']');
}

/// Writes a text as JSON does.
pub(super) fn write_string(string: &str, text: &mut String) {
    text.push_str(&serde_json::to_string(string).expect("a text can be written as JSON"));
}

/// JSON, in which bytes show by their number only.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, &mut Vec::new());
        f.write_str(&text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Number(number) => fmt::Display::fmt(number, f),
            Value::String(text) => text.fmt(f),
            Value::Binary(bytes) => bytes.fmt(f),
            Value::Array(values) => values.fmt(f),
            Value::Object(fields) => fields.fmt(f),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match value {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::String(text),
            Json::Array(values) => Value::Array(values.into_iter().map(Value::from).collect()),
            Json::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    /// What is no number is null, as in JavaScript's JSON.
    fn from(value: f64) -> Value {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Value {
        Value::Array(values)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Binary(Bytes::copy_from_slice(bytes))
    }
}

macro_rules! values {
    ($($kind:ident $type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::$kind(value.into())
            }
        }
    )*};
}

values! {
    Number i8, Number i16, Number i32, Number i64, Number u8, Number u16, Number u32, Number u64, Number usize,
    String &str, String &String, String String, Binary Bytes, Binary Vec<u8>
}

/// JSON as it is read; places of bytes are objects yet.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of JSON")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
                let mut array = Vec::new();
                while let Some(value) = values.next_element()? {
                    array.push(value);
                }
                Ok(Value::Array(array))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
                let mut object = BTreeMap::new();
                while let Some((name, value)) = fields.next_entry()? {
                    object.insert(name, value);
                }
                Ok(Value::Object(object))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// The arguments of an event, or of an acknowledgement: any number of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(pub(super) Vec<Value>);

impl Args {
    /// The first of them, which for most events is the only one; null if there is none.
    pub fn data(&self) -> &Value {
        self.0.first().unwrap_or(&Value::Null)
    }

    /// The first of them as a type of the program's own.
    ///
    /// # Errors
    ///
    /// As [`Value::parse`].
    pub fn parse<T: DeserializeOwned>(&self) -> io::Result<T> {
        self.data().parse()
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Value> {
        self.0
    }
}

impl Deref for Args {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

/// What can be the arguments of an event: a value, several as a tuple, or none as `()`.
pub trait IntoArgs {
    /// The arguments. Does not suspend.
    fn into_args(self) -> Args;
}

impl<T: Into<Value>> IntoArgs for T {
    fn into_args(self) -> Args {
        Args(vec![self.into()])
    }
}

impl IntoArgs for () {
    fn into_args(self) -> Args {
        Args::default()
    }
}

impl IntoArgs for Args {
    fn into_args(self) -> Args {
        self
    }
}

impl<A: Into<Value>, B: Into<Value>> IntoArgs for (A, B) {
    fn into_args(self) -> Args {
        Args(vec![self.0.into(), self.1.into()])
    }
}

impl<A: Into<Value>, B: Into<Value>, C: Into<Value>> IntoArgs for (A, B, C) {
    fn into_args(self) -> Args {
        Args(vec![self.0.into(), self.1.into(), self.2.into()])
    }
}

/// What a handler of an event may give: the arguments of the acknowledgement, which the client gets
/// if it asked for one, or a `Result` of them whose error is an [`io::Error`] or becomes one.
pub trait Reply {
    /// What it came to.
    ///
    /// # Errors
    ///
    /// The handler's.
    fn into_result(self) -> io::Result<Args>;
}

impl<T: IntoArgs> Reply for T {
    fn into_result(self) -> io::Result<Args> {
        Ok(self.into_args())
    }
}

impl<T: IntoArgs, E: Into<io::Error>> Reply for Result<T, E> {
    fn into_result(self) -> io::Result<Args> {
        self.map(IntoArgs::into_args).map_err(Into::into)
    }
}
