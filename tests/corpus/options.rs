//! A parser of command lines with its own types: values behind `Any`, iterators with names, errors that end.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Debug, Write};
use std::iter::{Flatten, Map};
use std::marker::PhantomData;
use std::rc::Rc;
use std::slice::Iter;
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id(Cow<'static, str>);
impl From<&'static str> for Id {
    fn from(name: &'static str) -> Self {
        Id(Cow::Borrowed(name))
    }
}
impl From<String> for Id {
    fn from(name: String) -> Self {
        Id(Cow::Owned(name))
    }
}

#[derive(Clone)]
struct Value {
    inner: Rc<dyn Any>,
    id: TypeId,
}
impl Value {
    fn new<V: Any>(inner: V) -> Self {
        Value { inner: Rc::new(inner), id: TypeId::of::<V>() }
    }
    fn get<T: Any>(&self) -> Option<&T> {
        self.inner.downcast_ref()
    }
}
impl Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("value")
    }
}

#[derive(Clone, Debug, Default)]
struct Matched {
    groups: Vec<Vec<Value>>,
    raw: Vec<Vec<OsString>>,
}

/// What goes over the values, with a type that can be named.
struct Values<'a, T> {
    iter: Map<Flatten<Iter<'a, Vec<Value>>>, fn(&'a Value) -> &'a T>,
    len: usize,
}
impl<'a, T> Iterator for Values<'a, T> {
    type Item = &'a T;
    fn next(&mut self) -> Option<&'a T> {
        self.iter.next()
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}
impl<T: Debug> Debug for Values<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter.clone()).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Unknown,
    Missing,
    Invalid,
}

#[derive(Debug)]
struct Failure {
    kind: Kind,
    about: Vec<(Kind, String)>,
}
impl Failure {
    fn new(kind: Kind) -> Self {
        Failure { kind, about: Default::default() }
    }
    fn with(mut self, kind: Kind, text: impl Into<String>) -> Self {
        self.about.push((kind, text.into()));
        self
    }
    fn exit(&self) -> ! {
        panic!("{:?}", self.kind)
    }
}

#[derive(Default)]
struct Parser {
    known: BTreeMap<&'static str, Option<Rc<Check>>>,
    styles: [&'static str; 2],
}
type Check = dyn Fn(&OsStr) -> Result<Value, Failure>;

fn number<T: FromStr + Any>(text: &OsStr) -> Result<Value, Failure> {
    let text = text.to_str().ok_or_else(|| Failure::new(Kind::Invalid))?;
    text.parse::<T>().map(Value::new).map_err(|_| Failure::new(Kind::Invalid).with(Kind::Invalid, text))
}

fn named<T: Any>(value: &Value) -> &T {
    value.get().expect("the type that was checked")
}

fn one(value: Value) -> Matched {
    Matched { groups: vec![vec![value]], raw: vec![] }
}

fn parser() -> Parser {
    let mut parser = Parser { styles: ["-", "--"], ..Default::default() };
    let size: Rc<Check> = Rc::new(number::<u32>);
    parser.known.insert("size", Some(size));
    parser.known.insert("loud", None);
    parser
        .known
        .insert("name", Some(Rc::new(|text: &OsStr| Ok(Value::new(text.to_string_lossy().into_owned())))));
    parser
}

crate::pairs! {
    fn placeholder(parser: &Parser, name: &str) -> String {
        let mut text = String::new();
        let takes = parser.known.get(name).map_or(false, Option::is_some);
        write!(text, "{}{name}", parser.styles[usize::from(name.len() > 1)]).unwrap();
        if takes { write!(&mut text, " <{}>", name.to_uppercase()).unwrap(); }
        text
    }
    with (&parser(), "size"), (&parser(), "x");

    fn did_you_mean<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut near: Vec<(usize, &str)> = known.into_iter()
            .map(|name| (name.chars().zip(text.chars()).filter(|(a, b)| a == b).count(), name))
            .filter(|(same, _)| *same >= 2).collect();
        near.sort_by(|a, b| b.cmp(a));
        near.into_iter().map(|(_, name)| name).collect()
    }
    with ("sice", ["size", "name", "loud"]), ("q", ["size"]);

    fn split(text: &OsStr) -> Option<(&str, Option<&str>)> {
        let text = text.to_str()?.strip_prefix("--")?;
        match text.split_once('=') { Some((name, value)) => Some((name, Some(value))), None => Some((text, None)) }
    }
    with (OsStr::new("--size=3")), (OsStr::new("--loud")), (OsStr::new("size"));

    fn unknown(parser: &Parser, name: &str) -> Failure {
        let failure = Failure::new(Kind::Unknown).with(Kind::Unknown, name);
        did_you_mean(name, parser.known.keys().copied()).first().map_or(failure, |near| {
            let near = *near;
            Failure::new(Kind::Unknown).with(Kind::Unknown, format!("{name}, perhaps {near}"))
        })
    }
    with (&parser(), "sice"), (&parser(), "z");

    fn parse[I: IntoIterator<Item = T>, T: Into<OsString>](parser: &Parser, args: I) -> Result<BTreeMap<Id, Matched>, Failure> {
        let mut found = BTreeMap::new();
        let mut args = args.into_iter().map(Into::into).peekable();
        while let Some(arg) = args.next() {
            let arg: OsString = arg;
            let Some((name, value)) = split(&arg) else { return Err(Failure::new(Kind::Unknown).with(Kind::Unknown, arg.to_string_lossy())) };
            let check = match parser.known.get(name) { Some(check) => check, None => return Err(unknown(parser, name)) };
            let matched: &mut Matched = found.entry(Id::from(name.to_owned())).or_default();
            let Some(check) = check else { matched.groups.push(vec![Value::new(true)]); continue };
            let raw = match value { Some(value) => OsString::from(value), None => args.next().ok_or(Failure::new(Kind::Missing))? };
            matched.groups.push(vec![check(&raw)?]);
            matched.raw.push(vec![raw]);
        }
        Ok(found)
    }
    with (&parser(), ["--size=3", "--loud", "--size", "4"]), (&parser(), ["--sice"]),
        (&parser(), ["--size"]), (&parser(), ["--size=x"]), (&parser(), ["x"]);

    fn values<'a>(matched: &'a Matched) -> Values<'a, u32> {
        let len = matched.groups.iter().map(Vec::len).sum();
        Values { iter: matched.groups.iter().flatten().map(named as fn(&Value) -> &u32), len }
    }
    with (&Matched { groups: vec![vec![Value::new(1u32)], vec![Value::new(2u32), Value::new(3u32)]], raw: vec![] });

    fn only[T: Any + Clone](found: &BTreeMap<Id, Matched>, id: impl Into<Id>, _: PhantomData<T>) -> Option<T> {
        let id = id.into();
        let matched = found.get(&id)?;
        let value = matched.groups.iter().flatten().next_back()?;
        if value.id != TypeId::of::<T>() { return None }
        value.get().cloned()
    }
    with (&BTreeMap::from([(Id::from("n"), one(Value::new(1u32)))]), "n", PhantomData::<u32>),
        (&BTreeMap::from([(Id::from("n"), one(Value::new(1u32)))]), "n", PhantomData::<String>),
        (&BTreeMap::new(), String::from("n"), PhantomData::<bool>);

    fn read(args: &[&str]) -> Result<(u32, bool, Vec<OsString>), Failure> {
        let parser = parser();
        let found = parse(&parser, args)?;
        let size = only(&found, "size", PhantomData).unwrap_or(7);
        let loud = only(&found, "loud", PhantomData::<bool>).unwrap_or_default();
        let raw = found.values().flat_map(|matched| matched.raw.iter().flatten()).cloned().collect();
        Ok((size, loud, raw))
    }
    with (&["--size", "9"]), (&["--loud", "--name=x"]), (&["--nope"]);

    fn or_exit[T](result: Result<T, Failure>) -> T {
        match result { Ok(value) => value, Err(failure) => failure.exit() }
    }
    with (Ok(3));
}
