//! What rustc says of a patched crate: from its messages to marks.

use serde_json::Value;

use crate::edits::Edited;
use crate::marks::{Mark, MarkKind, Marks};
use crate::places::{BoundsOf, File};
use crate::plan::is_auto;

/// What was learned from rustc's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// How many places have become marks. With none, nothing changes any more.
    pub learned: usize,
    /// Errors that say nothing of green calls.
    pub trouble: Vec<Trouble>,
}

/// An error of rustc's in a patched crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The file's path from the crate's folder; empty where the error is in no file of the crate.
    pub file: String,
    /// The line, from one, which is that of the original.
    pub line: usize,
    /// The whole message, as rustc shows it.
    pub rendered: String,
    /// What to do about it, if that is known.
    pub help: String,
}

/// Macros of std's, whose arguments `#[green]` reads anyway.
const KNOWN_MACROS: [&str; 24] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "matches",
    "panic",
    "print",
    "println",
    "thread_local",
    "todo",
    "try",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Reads the lines that `cargo check --message-format=json` prints.
pub(crate) fn read(files: &[File], edited: &[Edited], lines: &str, prefix: &str) -> (Marks, Vec<Trouble>) {
    let mut reader = Reader { files, edited, prefix: format!("{}/", prefix.trim_end_matches('/')) };
    let (mut marks, mut trouble) = (Marks::new(), Vec::new());
    for line in lines.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        if line["reason"] != "compiler-message" {
            continue;
        }
        let is_ours = line["target"]["src_path"].as_str().is_some_and(|path| path.contains(&reader.prefix));
        if is_ours {
            reader.message(&line["message"], &mut marks, &mut trouble);
        }
    }
    (marks, trouble)
}

struct Reader<'a> {
    files: &'a [File],
    edited: &'a [Edited],
    prefix: String,
}

impl Reader<'_> {
    fn message(&mut self, message: &Value, marks: &mut Marks, trouble: &mut Vec<Trouble>) {
        let text = all_text(message);
        let kind = kind_of(message, &text);
        let mut found = Marks::new();
        match kind {
            Some(MarkKind::Unsendable) => self.unsendable(message, &text, &mut found),
            Some(MarkKind::Kept) => {
                for span in all_spans(message) {
                    let label = span["label"].as_str().unwrap_or("");
                    let words = ["closure, found `", "captured variable cannot escape"];
                    let is_primary =
                        span["is_primary"] == true && words.iter().any(|word| text.contains(word));
                    if is_primary || label.contains("found `async` closure body") {
                        found.extend(
                            self.place(span).map(|(file, offset)| self.mark(file, offset, MarkKind::Kept)),
                        );
                    }
                }
            }
            Some(kind) => {
                for span in spans(message).filter(|span| span["is_primary"] == true) {
                    let place = self.place(span);
                    found.extend(place.map(|(file, offset)| self.mark(file, offset, kind)));
                    if kind == MarkKind::Green {
                        found.extend(self.macro_around(span));
                        found.extend(place.and_then(|(file, offset)| self.argument_of_macro(file, offset)));
                    }
                }
            }
            None => {}
        }
        let is_error = message["level"] == "error";
        if is_error && found.iter().all(|mark| marks.contains(mark)) && !found.is_empty() {
            // It is known already in this round; should it stay, it comes again.
            return;
        }
        if is_error && !message["spans"].as_array().is_none_or(Vec::is_empty) {
            trouble.push(self.trouble(message, &text));
        }
        marks.extend(found);
    }

    fn mark(&self, file: usize, offset: usize, kind: MarkKind) -> Mark {
        Mark { file: self.files[file].path.clone(), offset, kind }
    }

    /// Where a span lies in the crate's own text. What a macro wrote lies where that was called, or
    /// where it was defined, whichever is in a function of the crate.
    fn place(&self, span: &Value) -> Option<(usize, usize)> {
        let mut span = span;
        let mut anywhere = None;
        loop {
            if let Some((file, offset)) = self.offset(span) {
                if self.files[file].innermost(offset).is_some() {
                    return Some((file, offset));
                }
                anywhere = anywhere.or(Some((file, offset)));
            }
            span = &span["expansion"]["span"];
            if !span.is_object() {
                return anywhere;
            }
        }
    }

    fn offset(&self, span: &Value) -> Option<(usize, usize)> {
        let name = span["file_name"].as_str()?;
        let path = &name[name.rfind(&self.prefix)? + self.prefix.len()..];
        let file = self.files.iter().position(|file| file.path == path)?;
        let offset = usize::try_from(span["byte_start"].as_u64()?).ok()?;
        Some((file, self.edited[file].original(offset)))
    }

    /// The same, by where the call stands.
    fn argument_of_macro(&self, file: usize, offset: usize) -> Option<Mark> {
        let around = self.files[file].macro_calls.iter().filter(|(range, name)| {
            range.contains(&offset) && range.start != offset && !KNOWN_MACROS.contains(&name.as_str())
        });
        let outermost = around.max_by_key(|(range, _)| range.len())?;
        Some(self.mark(file, outermost.0.start, MarkKind::Macro))
    }

    /// Where a macro is called that has a green call in what it is given, unless it is one of those
    /// that `#[green]` knows.
    fn macro_around(&self, span: &Value) -> Option<Mark> {
        let mut outermost = None;
        let mut span = span;
        while span["expansion"].is_object() {
            let expansion = &span["expansion"];
            let name = expansion["macro_decl_name"].as_str().unwrap_or("");
            let is_known = KNOWN_MACROS.contains(&name.trim_end_matches('!').trim_start_matches("$crate::"));
            span = &expansion["span"];
            if name.ends_with('!') && !is_known {
                let place = self.offset(span);
                let in_function =
                    place.filter(|(file, offset)| self.files[*file].innermost(*offset).is_some());
                outermost =
                    in_function.map(|(file, offset)| self.mark(file, offset, MarkKind::Macro)).or(outermost);
            }
        }
        outermost
    }

    /// A bound that is named in the message, or the objects that are.
    fn unsendable(&self, message: &Value, text: &str, found: &mut Marks) {
        let kind = MarkKind::Unsendable;
        for span in all_spans(message) {
            let label = span["label"].as_str().unwrap_or("");
            let words = ["required by this bound", "unsatisfied trait bound introduced here"];
            let is_drop = message["code"]["code"] == "E0367" && span["is_primary"] == true;
            let is_bound = is_drop || words.iter().any(|word| label.contains(word));
            if let Some((file, offset)) = is_bound.then(|| self.offset(span)).flatten() {
                let bounds = &self.files[file].bounds;
                let has_auto = |list: &[crate::places::Bound]| list.iter().any(|bound| is_auto(&bound.path));
                if bounds.iter().any(|bounds| bounds.range.contains(&offset) && has_auto(&bounds.list)) {
                    found.insert(self.mark(file, offset, kind));
                }
            }
        }
        let objects = text.split("dyn ").skip(1).map(|rest| {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            rest[..end].rsplit("::").next().unwrap_or("")
        });
        let objects: Vec<&str> = objects.filter(|name| !["Error", "Any", ""].contains(name)).collect();
        for (number, file) in self.files.iter().enumerate() {
            for bounds in file.bounds.iter().filter(|bounds| bounds.of == BoundsOf::Object) {
                let last = |path: &str| path.rsplit("::").next().unwrap_or("").to_owned();
                let is_named = bounds.list.iter().any(|bound| objects.contains(&last(&bound.path).as_str()));
                if is_named && bounds.list.iter().any(|bound| is_auto(&bound.path)) {
                    found.insert(self.mark(number, bounds.range.start, kind));
                }
            }
        }
    }

    fn trouble(&self, message: &Value, text: &str) -> Trouble {
        let mut places = spans(message).filter(|span| span["is_primary"] == true);
        let place = places.find_map(|span| self.place(span));
        let (file, line) = match place {
            Some((file, offset)) => (self.files[file].path.clone(), self.files[file].line(offset)),
            None => (String::new(), 0),
        };
        let rendered = message["rendered"].as_str().unwrap_or(text).to_owned();
        Trouble { file, line, rendered, help: help(text).to_owned() }
    }
}

/// What a message asks for, if it is about green calls.
fn kind_of(message: &Value, text: &str) -> Option<MarkKind> {
    let code = message["code"]["code"].as_str().unwrap_or("");
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if code == "E0733" || (code == "E0391" && says(&["async", "opaque", "layout"])) {
        return Some(MarkKind::Boxed);
    }
    if says(&["a green call is expected of this closure"]) {
        return Some(MarkKind::Handed);
    }
    if code == "E0271" && says(&["{async closure@"]) {
        return Some(MarkKind::Kept);
    }
    let first = message["message"].as_str().unwrap_or("");
    // A combinator of an iterator makes many calls, of which none can borrow what the others change.
    let is_kept =
        code == "E0277" && first.starts_with("expected a `Fn") && first.contains("closure, found `");
    if is_kept || first.starts_with("captured variable cannot escape `FnMut` closure body") {
        return Some(MarkKind::Kept);
    }
    let unsendable = ["cannot be sent between threads safely", "cannot be shared between threads safely"];
    let unbounded = says(&[": Send`", ": Sync`"]) && ["E0367", "E0599", "E0277"].contains(&code);
    if says(&unsendable) || unbounded {
        return Some(MarkKind::Unsendable);
    }
    if says(&["GreenIterator` which provides", "IntoGreenIterator` which provides"]) {
        return Some(MarkKind::Steps);
    }
    let of_std = ["Read", "Write", "BufRead", "Seek"].map(|name| format!("std::io::{name}`"));
    if code == "E0277" && of_std.iter().any(|name| first.ends_with(&format!("{name} is not satisfied"))) {
        return Some(MarkKind::Foreign);
    }
    let words = [
        "Green<",
        "`Green`",
        // What a parameter gives that has become an `AsyncFn`.
        "::CallRefFuture<",
        "::CallOnceFuture",
        "is not an iterator",
        "eventlet::lint",
        "may switch to another green thread",
        "a green call",
    ];
    says(&words).then_some(MarkKind::Green)
}

/// What helps against an error that no colour mends.
fn help(text: &str) -> &'static str {
    let known = [
        (
            "cannot be sent between threads safely",
            "green streams belong to one OS thread: somebody else's bound asks for `Send` here. Give that code a \
             stream of std's, or patch the crate that has the bound",
        ),
        (
            "dyn compatible",
            "an object of this trait needs boxed calls; patch the crate that declares the trait",
        ),
        (
            "E0195",
            "a method of the trait has another colour here; if a macro writes the impl, write it out in a copy of \
             the crate, and patch that",
        ),
        (
            "std::io::Read",
            "a dependency has std's own traits in its interface: patch that crate as well, before this one",
        ),
        (
            "std::io::Write",
            "a dependency has std's own traits in its interface: patch that crate as well, before this one",
        ),
        (
            "Green<",
            "a green call cannot be driven here. Write this place another way in a copy of the crate, and patch that",
        ),
    ];
    let found = known.iter().find(|(word, _)| text.contains(word));
    found.map_or(
        "this construct is not handled; write it another way in a copy of the crate, and patch that",
        |f| f.1,
    )
}

fn spans(message: &Value) -> impl Iterator<Item = &Value> {
    message["spans"].as_array().into_iter().flatten()
}

fn all_spans(message: &Value) -> Vec<&Value> {
    let children = message["children"].as_array().into_iter().flatten();
    spans(message).chain(children.flat_map(spans)).collect()
}

/// The message with its labels, notes and helps.
fn all_text(message: &Value) -> String {
    let mut text = String::new();
    let mut add = |value: &Value| {
        text.push_str(value.as_str().unwrap_or(""));
        text.push('\n');
    };
    add(&message["message"]);
    add(&message["code"]["code"]);
    for child in message["children"].as_array().into_iter().flatten() {
        add(&child["message"]);
    }
    for span in all_spans(message) {
        add(&span["label"]);
    }
    text
}
