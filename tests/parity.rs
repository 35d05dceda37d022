//! The pages of `docs/parity` are complete, what they say is shown by tests that exist, and their table counts what is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A part's page and name, and the rows that it has, in order: `PREFIX FIRST..=LAST`.
type Part = (&'static str, &'static str, &'static [(&'static str, u32)]);

const PARTS: [Part; 7] = [
    ("eventlet.md", "eventlet: features", &[("", 240)]),
    ("gevent.md", "gevent: the scheduler", &[("S", 13)]),
    (
        "gevent.md",
        "gevent: features",
        &[
            ("1.1.", 17),
            ("1.2.", 26),
            ("1.3.", 10),
            ("1.4.", 11),
            ("1.5.", 14),
            ("1.6.", 10),
            ("1.7.", 18),
            ("1.8.", 8),
            ("1.9.", 14),
            ("1.10.", 26),
            ("1.11.", 1),
            ("1.12.", 21),
            ("1.13.", 13),
            ("1.14.", 2),
            ("1.15.", 3),
            ("1.16.", 5),
            ("1.17.", 10),
            ("1.18.", 3),
            ("1.19.", 4),
            ("1.20.", 10),
            ("1.21.", 9),
        ],
    ),
    ("gevent.md", "gevent: greenlet's primitives", &[("2.", 22)]),
    ("semantics.md", "eventlet: subtle semantics", &[("", 90)]),
    ("semantics.md", "eventlet: defects", &[("D", 17)]),
    ("semantics.md", "gevent: subtle semantics", &[("", 98)]),
];

/// From here on the first page is written by a test.
const COUNTED: &str = "## How much is here\n";

#[test]
fn every_row_is_there_once_and_each_named_test_exists() {
    let parity = Parity::read();
    let mut mistakes = parity.mistakes.clone();
    parity.check_numbers(&mut mistakes);
    let mut sources = Sources::default();
    for row in &parity.rows {
        row.check(&mut sources, &mut mistakes);
    }
    assert!(mistakes.is_empty(), "docs/parity:\n{}", mistakes.join("\n"));
}

#[test]
fn the_first_page_counts_the_rows_that_are_there() {
    let path = folder().join("README.md");
    let page = fs::read_to_string(&path).expect("the first page can be read");
    let (by_hand, counted) = page.split_once(COUNTED).expect("the page has the heading of the counts");
    let counts = Parity::read().counts();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{by_hand}{COUNTED}{counts}")).expect("the first page can be written");
        return;
    }
    assert_eq!(counted, counts, "with BLESS=1 this test counts anew");
}

/// A row: what is said of one feature or behaviour.
struct Row {
    page: &'static str,
    part: &'static str,
    section: String,
    number: String,
    name: String,
    status: String,
    /// The tests that show it, or the reason.
    shown_by: String,
    line: usize,
}

#[derive(Default)]
struct Parity {
    rows: Vec<Row>,
    mistakes: Vec<String>,
}

impl Parity {
    fn read() -> Self {
        let mut parity = Parity::default();
        let mut pages = PARTS.map(|(page, ..)| page).to_vec();
        pages.dedup();
        for page in pages {
            let text = fs::read_to_string(folder().join(page)).expect("each page can be read");
            let (mut part, mut section) = ("", "");
            for (index, line) in text.lines().enumerate() {
                if let Some(heading) = line.strip_prefix("## ") {
                    let known = PARTS.iter().find(|(of, name, _)| *of == page && *name == heading);
                    part = known.map_or("", |known| known.1);
                    section = "";
                } else if let Some(heading) = line.strip_prefix("### ") {
                    section = heading;
                } else if !part.is_empty() && is_row(line) {
                    parity.take_row(page, part, section, line, index + 1);
                }
            }
        }
        parity
    }

    /// `| number | name | … | status | tests or reason |`.
    fn take_row(
        &mut self,
        page: &'static str,
        part: &'static str,
        section: &str,
        line: &str,
        number_of_line: usize,
    ) {
        let line = line.trim().trim_matches('|').replace(r"\|", "¦");
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [number, name, .., status, shown_by] = cells[..] else {
            self.mistakes.push(format!("{page}:{number_of_line}: a row has at least four columns"));
            return;
        };
        self.rows.push(Row {
            page,
            part,
            section: section.to_owned(),
            number: number.to_owned(),
            name: name.to_owned(),
            status: status.to_owned(),
            shown_by: shown_by.to_owned(),
            line: number_of_line,
        });
    }

    /// Compares the rows that are there with those that should be.
    fn check_numbers(&self, mistakes: &mut Vec<String>) {
        for (_, part, ranges) in PARTS {
            let expected = ranges
                .iter()
                .flat_map(|(prefix, last)| (1..=*last).map(move |number| format!("{prefix}{number}")));
            let mut found: BTreeMap<&str, usize> = BTreeMap::new();
            for row in self.rows.iter().filter(|row| row.part == part) {
                *found.entry(&row.number).or_default() += 1;
            }
            for number in expected {
                match found.remove(&*number) {
                    Some(1) => {}
                    Some(count) => mistakes.push(format!("{part}: row {number} is there {count} times")),
                    None => mistakes.push(format!("{part}: row {number} is missing")),
                }
            }
            mistakes.extend(
                found.keys().map(|number| format!("{part}: there is no row {number} in the reference")),
            );
        }
    }

    /// How many rows of each section have which status, and what the missing ones wait for.
    fn counts(&self) -> String {
        let mut text = format!(
            "\nNumbers of rows, as `tests/parity.rs` has counted them.\n\n| | rows | {} |\n|---|---:{}|\n",
            STATUSES.join(" | "),
            "|---:".repeat(STATUSES.len())
        );
        for (page, part, _) in PARTS {
            let of_part = || self.rows.iter().filter(|row| row.part == part);
            text += &line_of_counts(&format!("**[{part}]({page}#{})**", anchor(part)), of_part());
            let mut sections: Vec<&str> = of_part().map(|row| &*row.section).collect();
            sections.dedup();
            for section in sections.iter().filter(|_| sections.len() > 1) {
                let rows = of_part().filter(|row| row.section == *section);
                text += &line_of_counts(&format!("[{section}]({page}#{})", anchor(section)), rows);
            }
        }
        text += &line_of_counts("**all**", self.rows.iter());

        let mut missing: BTreeMap<&str, u32> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.status == "missing") {
            let (brought_by, _) = row.shown_by.split_once(':').unwrap_or((&row.shown_by, ""));
            *missing.entry(brought_by).or_default() += 1;
        }
        text +=
            "\nWhat is missing, by the part of the project that brings it:\n\n| part | rows |\n|---|---:|\n";
        for (part, rows) in missing {
            writeln!(text, "| {part} | {rows} |").expect("a string takes everything");
        }
        text
    }
}

fn line_of_counts<'a>(name: &str, rows: impl Iterator<Item = &'a Row>) -> String {
    let mut counts = [0; STATUSES.len()];
    for row in rows {
        if let Some(index) = STATUSES.iter().position(|status| *status == row.status) {
            counts[index] += 1;
        }
    }
    let total: u32 = counts.iter().sum();
    format!("| {name} | {total} | {} |\n", counts.map(|count| count.to_string()).join(" | "))
}

/// What a link to a heading ends in.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Is it a row of a table, and neither its head nor the line below?
fn is_row(line: &str) -> bool {
    line.starts_with('|') && !line.starts_with("| #") && !line.starts_with("|-")
}

const STATUSES: [&str; 4] = ["works", "differs", "not applicable", "missing"];

impl Row {
    fn check(&self, sources: &mut Sources, mistakes: &mut Vec<String>) {
        let mut wrong = |what: String| {
            mistakes.push(format!(
                "{}:{}, {}, row {} ({}): {what}",
                self.page, self.line, self.part, self.number, self.name
            ));
        };
        let tests = self.tests();
        for test in &tests {
            if let Err(reason) = sources.find(test) {
                wrong(format!("`{test}`: {reason}"));
            }
        }
        match &*self.status {
            "works" | "differs" if tests.is_empty() => {
                wrong(format!("`{}` needs a test that shows it", self.status))
            }
            "works" | "differs" => {}
            "not applicable" | "missing" if self.shown_by.is_empty() => {
                wrong("no reason is given".to_owned())
            }
            "not applicable" | "missing" => {}
            other => wrong(format!("`{other}` is no status; there are {STATUSES:?}")),
        }
    }

    /// What stands in code quotes and has the form of a test: `file::test`, or the path of a test of messages.
    fn tests(&self) -> Vec<&str> {
        let quoted = self.shown_by.split('`').skip(1).step_by(2);
        quoted.filter(|code| code.starts_with("ui-tests/") || is_test(code)).collect()
    }
}

/// Is it `file::test`? (`Type::method` and `a::b()` are not: a file and a test are lower case.)
fn is_test(code: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/-".contains(c))
    };
    code.split_once("::").is_some_and(|(file, test)| is_name(file) && is_name(test) && test.contains('_'))
}

/// The texts in which tests stand.
#[derive(Default)]
struct Sources(BTreeMap<PathBuf, String>);

impl Sources {
    /// `file::test` is the test in `tests/file.rs`, in the folder `tests/file/`, or in `file.rs` from the top.
    fn find(&mut self, test: &str) -> Result<(), String> {
        let Some((file, name)) = test.split_once("::") else {
            return if root().join(test).with_extension("rs").is_file() {
                Ok(())
            } else {
                Err("no such file".into())
            };
        };
        let mut files = vec![];
        for start in [root().join("tests"), root()] {
            files.extend(Some(start.join(file).with_extension("rs")).filter(|path| path.is_file()));
            rust_files(&start.join(file), &mut files);
        }
        if files.is_empty() {
            return Err("no such file".to_owned());
        }
        let is_there = files.into_iter().any(|path| has_test(self.text(path), name));
        if is_there { Ok(()) } else { Err("the file has no such test".to_owned()) }
    }

    fn text(&mut self, path: PathBuf) -> &str {
        self.0
            .entry(path)
            .or_insert_with_key(|path| fs::read_to_string(path).expect("a file that was found can be read"))
    }
}

/// A function of that name, or the name alone where a macro makes tests of names.
fn has_test(text: &str, name: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    if text.contains("macro_rules!") {
        return words.any(|word| word == name);
    }
    let mut before = "";
    words.any(|word| std::mem::replace(&mut before, word) == "fn" && word == name)
}

/// The Rust files under a folder, which need not exist.
fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Where the pages are.
fn folder() -> PathBuf {
    root().join("docs/parity")
}

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
