//! Error handling, with anyhow and thiserror.

use anyhow::{Context, anyhow, bail, ensure};
use std::io::{self, BufRead, Cursor, Read, Write};
use thiserror::Error;

#[derive(Debug, Error, PartialEq)]
enum ConfigError {
    #[error("line {line}: {what}")]
    Syntax { line: usize, what: String },
    #[error("bad number")]
    Number(#[from] std::num::ParseIntError),
    #[error("missing `{0}`")]
    Missing(&'static str),
}

#[derive(Debug, PartialEq)]
struct Config {
    port: u16,
    host: String,
}

crate::pairs! {
    fn parse_config(text: &str) -> Result<Config, ConfigError> {
        let (mut port, mut host) = (None, None);
        for (line, content) in text.lines().enumerate() {
            let content = content.split('#').next().unwrap_or_default().trim();
            if content.is_empty() { continue }
            let (key, value) = content.split_once('=').ok_or_else(|| ConfigError::Syntax { line: line + 1, what: content.to_string() })?;
            match key.trim() {
                "port" => port = Some(value.trim().parse()?),
                "host" => host = Some(value.trim().to_string()),
                other => return Err(ConfigError::Syntax { line: line + 1, what: format!("unknown key {other}") }),
            }
        }
        Ok(Config { port: port.ok_or(ConfigError::Missing("port"))?, host: host.ok_or(ConfigError::Missing("host"))? })
    }
    with ("port = 80\nhost=x # y"), ("port=x"), ("what"), ("a=b"), ("port=1");

    fn load(text: &str) -> anyhow::Result<u32> {
        let config = parse_config(text).context("cannot read the configuration")?;
        ensure!(config.port != 0, "port {} is not usable", config.port);
        if config.host == "down" { bail!("{} is down", config.host) }
        let n: u32 = config.host.parse().with_context(|| format!("host {:?} on {}", config.host, config.port))?;
        Ok(n)
    }
    with ("port=1\nhost=7"), ("port=0\nhost=x"), ("port=1\nhost=down"), ("port=1\nhost=x"), ("");

    fn root_cause(text: &str) -> String {
        match load(text) {
            Ok(n) => n.to_string(),
            Err(error) => error.chain().map(|e| e.to_string()).collect::<Vec<_>>().join(" <- "),
        }
    }
    with ("port=q\nhost=7"), ("port=1\nhost=1");

    fn downcast(text: &str) -> Option<usize> {
        let error = load(text).err()?;
        match error.downcast_ref::<ConfigError>()? { ConfigError::Syntax { line, .. } => Some(*line), _ => None }
    }
    with ("\n\nx"), ("port=1");

    fn options(n: Option<i32>) -> anyhow::Result<i32> {
        let n = n.context("nothing there")?;
        n.checked_sub(1).filter(|n| *n >= 0).ok_or_else(|| anyhow!("{n} is too small"))
    }
    with (None), (Some(0)), (Some(4));

    fn boxed(kind: u8) -> Result<String, Box<dyn std::error::Error>> {
        if kind == 0 { return Err("plain text".into()) }
        if kind == 1 { Err(ConfigError::Missing("one"))? }
        if kind == 2 { let _: u8 = "x".parse()?; }
        if kind == 3 { return Err(Box::new(io::Error::other("io"))); }
        Ok(String::from_utf8(vec![b'a' + kind])?)
    }
    with (0), (1), (2), (3), (4), (200);

    fn read_lines(data: &[u8]) -> io::Result<Vec<String>> {
        let mut reader = io::BufReader::new(data);
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 { return Err(io::ErrorKind::UnexpectedEof.into()) }
        let mut all = vec![first.trim_end().to_owned()];
        for line in reader.lines() { all.push(line?) }
        Ok(all)
    }
    with (b"a\nb\nc"), (b""), (b"\xff\n");

    fn write_report(items: &[(&str, u32)]) -> io::Result<String> {
        let mut out = Vec::new();
        for (i, (name, count)) in items.iter().enumerate() {
            if i > 0 { out.write_all(b", ")?; }
            write!(out, "{name}={count}")?;
        }
        writeln!(&mut out)?;
        out.flush()?;
        String::from_utf8(out).map_err(io::Error::other)
    }
    with (&[("a", 1), ("b", 2)]), (&[]);

    fn exact(data: &[u8], n: u64) -> Result<Vec<u8>, io::ErrorKind> {
        let mut cursor = Cursor::new(data);
        cursor.set_position(1);
        let mut buffer = vec![0; n as usize];
        cursor.read_exact(&mut buffer).map_err(|e| e.kind())?;
        let mut rest = vec![];
        cursor.take(2).read_to_end(&mut rest).unwrap();
        buffer.append(&mut rest);
        Ok(buffer)
    }
    with (b"abcdef", 2), (b"ab", 5);

    fn retried(mut failures: u32) -> Result<u32, String> {
        let mut tries = 0;
        let mut attempt = || { tries += 1; if failures > 0 { failures -= 1; Err(format!("failed {tries}")) } else { Ok(tries) } };
        let mut last = Err(String::new());
        for _ in 0..3 {
            last = attempt();
            if last.is_ok() { break }
        }
        last
    }
    with (0), (2), (5);

    fn collected(texts: &[&str]) -> Result<(i32, usize), ConfigError> {
        let numbers = texts.iter().map(|t| Ok::<i32, ConfigError>(t.parse::<i32>()?)).collect::<Result<Vec<_>, _>>()?;
        Ok((numbers.iter().sum(), numbers.len()))
    }
    with (&["1", "2"]), (&["x"]);

    fn unwraps(n: Option<u8>) -> u8 { n.map(|n| n + 1).expect("a number") }
    with (Some(1)), (None);
}
