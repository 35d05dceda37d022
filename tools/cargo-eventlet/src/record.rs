//! `green.toml`: what was done to a crate, and all that it takes to do it again without rustc.

use std::fmt::Write;

use eventlet_patcher::{Count, Mark, Marks, Wait};

/// What stands in `green.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Of the crate's file, as the registry has it.
    pub(crate) checksum: String,
    /// The URL and the revision, if it is none of the registry's.
    pub(crate) repository: Option<(String, String)>,
    pub(crate) rounds: usize,
    pub(crate) count: Count,
    pub(crate) waits: Vec<String>,
    pub(crate) marks: Marks,
}

/// A wait in a line of its own.
pub(crate) fn line_of(wait: &Wait) -> String {
    format!("{}:{}: {}: {}", wait.file, wait.line, wait.name, wait.why)
}

impl Record {
    /// The file's text.
    pub(crate) fn to_text(&self) -> String {
        let Record { name, version, checksum, repository, rounds, count, waits, marks } = self;
        let Count { lines, changed_lines, functions, green } = count;
        let mut text = format!(
            "# What `cargo eventlet patch` has made of this crate; `cargo eventlet patch --check` does it again.\n\
             name = \"{name}\"\nversion = \"{version}\"\nchecksum = \"{checksum}\"\n\n\
             # How often rustc was asked, and what came of it.\nrounds = {rounds}\nlines = {lines}\n\
             changed_lines = {changed_lines}\nfunctions = {functions}\ngreen = {green}\n\n\
             # What waits in place, and holds the other green threads for as long.\nwaits = [\n"
        );
        if let Some((url, revision)) = repository {
            let lines = format!("git = \"{url}\"\nrev = \"{revision}\"\nchecksum = ");
            text = text.replacen("checksum = ", &lines, 1);
        }
        for wait in waits {
            let _ = writeln!(text, "    {},", quoted(wait));
        }
        text.push_str(
            "]\n\n# Where rustc has met a green call, in bytes of the crate's own files.\nmarks = [\n",
        );
        for mark in marks {
            let _ = writeln!(text, "    {},", quoted(&mark.to_string()));
        }
        text.push_str("]\n");
        text
    }

    /// Reads what [`to_text`](Record::to_text) writes.
    pub(crate) fn parse(text: &str) -> Result<Record, String> {
        let mut record = Record::default();
        let mut list = "";
        for line in text.lines().map(str::trim) {
            let wrong = || format!("green.toml: what is `{line}`?");
            if line.is_empty() || line.starts_with('#') || line == "]" {
                continue;
            }
            if line.starts_with('"') {
                let item = unquoted(line.trim_end_matches(','));
                match list {
                    "waits" => record.waits.push(item),
                    "marks" => drop(record.marks.insert(Mark::parse(&item).ok_or_else(wrong)?)),
                    _ => return Err(wrong()),
                }
                continue;
            }
            let (key, value) = line.split_once(" = ").ok_or_else(wrong)?;
            let number = || value.parse::<usize>().map_err(|_| wrong());
            match key {
                "name" => record.name = unquoted(value),
                "version" => record.version = unquoted(value),
                "checksum" => record.checksum = unquoted(value),
                "git" => record.repository.get_or_insert_default().0 = unquoted(value),
                "rev" => record.repository.get_or_insert_default().1 = unquoted(value),
                "rounds" => record.rounds = number()?,
                "lines" => record.count.lines = number()?,
                "changed_lines" => record.count.changed_lines = number()?,
                "functions" => record.count.functions = number()?,
                "green" => record.count.green = number()?,
                "waits" | "marks" => list = if key == "waits" { "waits" } else { "marks" },
                _ => return Err(wrong()),
            }
        }
        Ok(record)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn unquoted(text: &str) -> String {
    let inside = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    inside.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use eventlet_patcher::MarkKind;

    use super::*;

    #[test]
    fn a_record_is_read_as_it_is_written() {
        let mark = |offset, kind| Mark { file: "src/lib.rs".to_owned(), offset, kind };
        let record = Record {
            name: "minreq".to_owned(),
            version: "2.14.1".to_owned(),
            checksum: "abc".to_owned(),
            repository: Some(("https://example.org/minreq".to_owned(), "def".to_owned())),
            rounds: 4,
            count: Count { lines: 100, changed_lines: 9, functions: 30, green: 8 },
            waits: vec!["src/lib.rs:3: `drop`: a destructor cannot \"suspend\"".to_owned()],
            marks: [mark(7, MarkKind::Green), mark(90, MarkKind::Boxed)].into(),
        };
        assert_eq!(Record::parse(&record.to_text()), Ok(record));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        assert!(Record::parse("colour = \"green\"").unwrap_err().contains("colour"));
    }
}
