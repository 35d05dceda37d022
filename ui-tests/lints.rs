//! The lints that a plain function gets, its green copy gets on the same lines, and no others.

use std::collections::BTreeSet;
use std::fs;

use crate::generated::Generated;

/// The lints that a green body loses, and why. No lint comes up in a green body alone.
const LOST: [(&str, &str); 11] = [
    ("clippy::chars_next_cmp", CALL),
    ("clippy::filter_next", CALL),
    ("clippy::len_zero", CALL),
    ("clippy::map_unwrap_or", CALL),
    ("clippy::missing_errors_doc", SIGNATURE),
    ("clippy::must_use_candidate", SIGNATURE),
    ("clippy::needless_pass_by_value", SIGNATURE),
    ("clippy::needless_return", SIGNATURE),
    ("clippy::ptr_arg", SIGNATURE),
    ("unused_must_use", "of a `#[must_use]` function: rustc looks for a call, and finds a `match` around it"),
    (
        "unused_parens",
        "around a condition that begins with a call: in front of a block, a `match` would need them",
    ),
];

/// The lint is about the shape of a call, and a call has a `match` around it.
const CALL: &str = "it looks for a call of a certain shape, and finds a `match` around it";
/// The lint is about a function that gives its value, and has its body in itself.
const SIGNATURE: &str =
    "it looks at a function's own arguments, result and body: this one gives a green call";

/// Stands on the first line of both.
const HEAD: &str = "#![warn(clippy::pedantic)]";

/// The lints of a source file, each with the line that it is about.
fn reports(name: &str, source: &str) -> BTreeSet<(String, String)> {
    let package = Generated::new(name, "2024", "");
    fs::create_dir_all(package.path("src")).expect("a folder");
    fs::write(package.path("src/lib.rs"), source).expect("a writable folder");
    let output = package.cargo(&["clippy", "--quiet", "--message-format=json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| report(name, source, line)).collect()
}

/// Reads the name of a lint and the place that it points at from one of cargo's messages.
fn report(package: &str, source: &str, line: &str) -> Option<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    if !value["package_id"].as_str()?.contains(package) {
        return None;
    }
    let message = &value["message"];
    let lint = message["code"]["code"].as_str()?.to_string();
    let place = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let line = usize::try_from(place["line_start"].as_u64()?).ok()?;
    Some((lint, format!("{line}: {}", source.lines().nth(line - 1)?.trim())))
}

#[test]
fn green_bodies_get_the_lints_of_plain_ones() {
    let bodies = include_str!("lints/bodies.rs");
    let green = reports("lints-green", &format!("{HEAD} use eventlet::green; {bodies}"));
    let plain = reports("lints-plain", &format!("{HEAD} {}", bodies.replace("#[green]", "")));
    assert!(plain.len() > 40, "the bodies give reason for lints: {plain:#?}");
    let only_green: Vec<_> = green.difference(&plain).collect();
    assert!(only_green.is_empty(), "only in a green body: {only_green:#?}");
    let only_plain: BTreeSet<&str> = plain.difference(&green).map(|(lint, _)| lint.as_str()).collect();
    let lost: BTreeSet<&str> = LOST.iter().map(|(lint, _)| *lint).collect();
    assert_eq!(only_plain, lost, "{:#?}", plain.difference(&green));
}

/// Over a call that may suspend, a guard that is held is reported; over any other call it is not.
#[test]
fn guards_are_reported_over_green_calls_only() {
    let source = include_str!("lints/guards.rs");
    let reports = reports("lints-guards", source);
    let of_guards: Vec<&str> = reports
        .iter()
        .filter(|(lint, _)| lint.starts_with("clippy::await_holding"))
        .map(|(_, place)| place.split_once(": ").expect("a line").1)
        .collect();
    let expected: Vec<&str> =
        source.lines().filter(|line| line.contains("// reported")).map(str::trim).collect();
    assert_eq!(of_guards, expected);
}

/// rustfmt knows all that green code is written with.
#[test]
fn rustfmt_leaves_green_code_alone() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/lints/formatted.rs");
    let status = std::process::Command::new("rustfmt").args(["--edition", "2024", "--check", file]).status();
    assert!(status.expect("rustfmt runs").success());
}
