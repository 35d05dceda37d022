//! Each construct, before and after. `BLESS=1` writes what comes out.
//!
//! In `tests/golden/` a comment `/*green*/` stands where rustc would speak of a green call; its word is
//! that of a [`MarkKind`]. What comes out (`NAME.green.rs`) is an example of this package, so that it is
//! compiled, too.

use std::fs;
use std::path::{Path, PathBuf};

use eventlet_patcher::{Mark, Marks, Patch, Purpose, Source};

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_input = |path: &PathBuf| !path.to_string_lossy().ends_with(".green.rs");
    let mut paths: Vec<_> = paths.filter(is_input).collect();
    paths.sort();
    paths
}

/// The marks that stand in a text as comments.
fn marks(text: &str) -> Marks {
    let comments = text.match_indices("/*").filter_map(|(begin, _)| {
        let end = begin + text[begin..].find("*/")? + 2;
        Mark::parse(&format!("{} lib.rs {end}", &text[begin + 2..end - 2]))
    });
    comments.collect()
}

fn patch(text: &str) -> Patch {
    Patch::new(Source::of_text(text), marks(text)).unwrap()
}

#[test]
fn each_construct_becomes_what_it_should() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let mut differ = Vec::new();
    for path in golden() {
        let text = fs::read_to_string(&path).unwrap();
        let written = &patch(&text).write(Purpose::Use)["lib.rs"];
        // rustfmt would put the attributes on lines of their own.
        let written = format!("#![cfg_attr(rustfmt, rustfmt_skip)]\n{written}");
        let beside = path.with_extension("green.rs");
        let name = beside.file_name().unwrap().to_str().unwrap();
        assert!(manifest.contains(&format!("\"tests/golden/{name}\"")), "{name} is not compiled");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&beside, &written).unwrap();
        } else if fs::read_to_string(&beside).ok().as_ref() != Some(&written) {
            differ.push(format!("{}:\n{written}", path.display()));
        }
    }
    assert!(differ.is_empty(), "BLESS=1 writes these:\n{}", differ.join("\n"));
}

#[test]
fn no_line_moves() {
    for path in golden() {
        let text = fs::read_to_string(&path).unwrap();
        for purpose in [Purpose::Ask, Purpose::Check, Purpose::CheckMacros, Purpose::Use] {
            let written = &patch(&text).write(purpose)["lib.rs"];
            assert_eq!(written.lines().count(), text.lines().count(), "{}", path.display());
            for (number, (before, after)) in text.lines().zip(written.lines()).enumerate() {
                let Some(name) = before.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next())
                else {
                    continue;
                };
                assert!(after.contains(name), "{}:{}: {after}", path.display(), number + 1);
            }
        }
    }
}

/// An error of rustc's on any line of what is written is found on that line of the original.
#[test]
fn an_error_is_found_where_it_is() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/callbacks.rs")).unwrap();
    let patch = patch(&text);
    let written = &patch.write(Purpose::Ask)["lib.rs"];
    let mut offset = 0;
    for (number, line) in written.lines().enumerate() {
        let begin = offset + (line.len() - line.trim_start().len());
        offset += line.len() + 1;
        let message = format!(
            r#"{{"reason":"compiler-message","target":{{"src_path":"/home/green/it/lib.rs"}},"message":{{"level":"error",
            "message":"mismatched types","code":null,"children":[],"rendered":"…","spans":[{{"file_name":"green/it/lib.rs",
            "byte_start":{begin},"byte_end":{},"is_primary":true,"label":null,"expansion":null}}]}}}}"#,
            begin + 1
        );
        let mut patch = self::patch(&text);
        let heard = patch.hear(Purpose::Ask, &message.replace('\n', ""), "green/it").unwrap();
        assert_eq!(heard.learned, 0);
        assert_eq!(heard.trouble[0].line, number + 1, "{line}");
    }
}

#[test]
fn what_cannot_be_patched_is_refused_with_its_line() {
    let refused = |text: &str| {
        let refusal = Patch::new(Source::of_text(text), marks(text)).unwrap_err();
        (refusal.line, refusal.reason)
    };
    let (line, reason) = refused("\nconst fn f() { /*green*/g() }");
    assert_eq!(line, 2);
    assert!(reason.starts_with("`f` is `const` and makes a green call"), "{reason}");
    let (line, reason) = refused("\n\nasync fn f() { /*green*/g() }");
    assert_eq!(line, 3);
    assert!(reason.starts_with("`f` is `async` and makes a green call"), "{reason}");
    let (line, reason) = refused("fn f() {}\nconst H: u8 = /*green*/h();");
    assert_eq!(line, 2);
    assert!(reason.contains("outside of any function"), "{reason}");
    let (line, reason) = refused("\nfn f(x: Box<Fn(u8) -> u8 + Send>) {}");
    assert_eq!(line, 2);
    assert!(reason.contains("edition 2015"), "{reason}");
}

#[test]
fn what_waits_in_place_is_listed_with_its_line_and_the_reason() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/in_place.rs")).unwrap();
    let waits = patch(&text).waits();
    let listed: Vec<_> =
        waits.iter().map(|wait| (wait.line, wait.name.as_str(), wait.why.as_str())).collect();
    assert_eq!(
        listed,
        [
            (9, "`drop`", "a destructor cannot suspend"),
            (15, "`fmt`", "it is a method of somebody else's trait, whose calls are ordinary"),
            (23, "a closure", "a closure that is handed to somebody else, or kept, cannot suspend"),
        ]
    );
}

/// A `use` of edition 2015 begins at the crate's root, and one of edition 2018 where it stands or at another crate.
#[test]
fn the_paths_of_edition_2015_become_those_of_2018() {
    let files = [
        ("lib.rs", "extern crate byteorder;\nmod client;\nuse client::Client;\npub struct Address;"),
        (
            "client.rs",
            "use byteorder::ByteOrder;\nuse {Address, Client as Own};\nuse std::io;\npub struct Client;",
        ),
    ];
    let read = |path: &str| files.iter().find(|file| file.0 == path).map(|file| file.1.to_owned());
    for is_2015 in [true, false] {
        let source = Source::read("lib.rs", is_2015, &read).unwrap();
        let written = Patch::new(source, Marks::new()).unwrap().write(Purpose::Ask);
        let own = if is_2015 { "use crate::{Address" } else { "use {Address" };
        let expected = files[1].1.replace("use {Address", own);
        assert_eq!(written["client.rs"], expected);
        assert!(written["lib.rs"].contains("\nuse client::Client;"), "{}", written["lib.rs"]);
    }
}

/// Closures that rustc speaks of by the method that they are given to, and those that a block gives.
#[test]
fn a_closure_for_a_new_thread_is_found() {
    let text = "\
use std::thread;

fn begin(n: u32) {
    thread::spawn({
        let n = n + 1;
        move || n
    });
    thread::Builder::new()./*handed*/spawn(move || n).unwrap();
}
";
    let written = &patch(text).write(Purpose::Ask)["lib.rs"];
    assert!(written.contains("        #[::eventlet::green] move || n\n"), "{written}");
    assert!(written.contains("spawn(#[::eventlet::green] move || n).unwrap()"), "{written}");
}
