//! `Cargo.toml` as text: that of a patched crate, and the `[patch]` entry of whoever uses it.

/// Where a patched crate finds `eventlet`: the value of its dependency, such as
/// `{ version = "0.1" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// The value of `eventlet = …`.
    pub eventlet: String,
    /// The value of `eventlet-std = …`.
    pub eventlet_std: String,
}

/// The manifest of a patched crate, from the one that the registry has: without tests, examples,
/// benchmarks, programs and lints, and with the dependency on `eventlet`. Edition 2015 becomes 2018.
pub fn patched(manifest: &str, runtime: &Runtime) -> String {
    let dropped = |header: &str| {
        let header = header.trim_matches(['[', ']', ' ']);
        let first = header.split('.').next().unwrap_or("");
        ["bin", "bench", "example", "test", "lints", "badges", "profile", "dev-dependencies", "workspace"]
            .contains(&first)
            || header.contains(".dev-dependencies")
            || header.ends_with("dev-dependencies")
    };
    let mut written = String::from("# Written by `cargo eventlet patch`; see `green.toml`.\n");
    let mut keeps = true;
    let mut has_edition = false;
    let (mut in_text, mut in_package) = (false, false);
    let mut package_at = None;
    for line in manifest.lines() {
        let begins_table = !in_text && line.starts_with('[');
        if begins_table {
            keeps = !dropped(line);
            in_package = line.trim() == "[package]";
        }
        if line.matches("\"\"\"").count() % 2 == 1 {
            in_text = !in_text;
        }
        if !keeps || (!in_text && line.starts_with('#')) {
            continue;
        }
        let edition = (in_package && !in_text).then(|| line.strip_prefix("edition")).flatten();
        if let Some(edition) = edition {
            has_edition = true;
            let line = if edition.contains("2015") { "edition = \"2018\"" } else { line };
            written.push_str(line);
        } else {
            written.push_str(line);
        }
        written.push('\n');
        if begins_table && in_package {
            package_at = Some(written.len());
        }
    }
    if let Some(at) = package_at.filter(|_| !has_edition) {
        written.insert_str(at, "edition = \"2018\"\n");
    }
    let written = written.trim_end();
    let table = |name: &str, value: &str| {
        let fields = value.trim().trim_start_matches('{').trim_end_matches('}').trim();
        let mut table = format!("\n[dependencies.{name}]\n");
        for field in fields.split(", ") {
            table.push_str(field.trim());
            table.push('\n');
        }
        table
    };
    format!(
        "{written}\n{}{}\n# It stands alone, whatever folder it lies in.\n[workspace]\n",
        table("eventlet", &runtime.eventlet),
        table("eventlet-std", &runtime.eventlet_std)
    )
}

/// A manifest with an entry in `[patch.crates-io]`, or in that of a repository; an entry of that
/// name is replaced.
pub fn with_entry(manifest: &str, registry: &str, name: &str, path: &str) -> String {
    let table = match registry {
        "crates-io" => "[patch.crates-io]".to_owned(),
        url => format!("[patch.\"{url}\"]"),
    };
    let entry = format!("{name} = {{ path = \"{path}\" }}");
    let mut lines: Vec<&str> = manifest.lines().collect();
    let Some(head) = lines.iter().position(|line| line.trim() == table) else {
        return format!("{}\n\n{table}\n{entry}\n", manifest.trim_end());
    };
    let end = lines[head + 1..]
        .iter()
        .position(|line| line.starts_with('['))
        .map_or(lines.len(), |at| head + 1 + at);
    let is_it = |line: &&str| line.split('=').next().is_some_and(|key| key.trim() == name);
    match lines[head + 1..end].iter().position(is_it) {
        Some(at) => lines[head + 1 + at] = &entry,
        None => lines.insert(head + 1, &entry),
    }
    lines.join("\n") + "\n"
}

/// A manifest without that entry, wherever it is.
pub fn without_entry(manifest: &str, name: &str) -> String {
    let mut in_patch = false;
    let kept = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            in_patch = line.starts_with("[patch.");
        }
        !(in_patch && line.split('=').next().is_some_and(|key| key.trim() == name))
    });
    kept.collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_keeps_what_the_library_needs() {
        let manifest = r#"# by cargo
[package]
name = "old"
version = "1.0.0"
description = """
[not a table]
"""

[lib]
path = "src/lib.rs"

[[test]]
name = "main"

[dependencies.log]
version = "0.4"

[dev-dependencies.rand]
version = "0.8"

[target."cfg(unix)".dependencies.libc]
version = "0.2"

[target."cfg(unix)".dev-dependencies.nix]
version = "0.2"

[lints.rust]
unsafe_code = "forbid"
"#;
        let runtime = Runtime {
            eventlet: r#"{ path = "../../runtime", version = "0.1.0" }"#.to_owned(),
            eventlet_std: r#"{ version = "0.1.0" }"#.to_owned(),
        };
        let expected = r#"# Written by `cargo eventlet patch`; see `green.toml`.
[package]
edition = "2018"
name = "old"
version = "1.0.0"
description = """
[not a table]
"""

[lib]
path = "src/lib.rs"

[dependencies.log]
version = "0.4"

[target."cfg(unix)".dependencies.libc]
version = "0.2"

[dependencies.eventlet]
path = "../../runtime"
version = "0.1.0"

[dependencies.eventlet-std]
version = "0.1.0"

# It stands alone, whatever folder it lies in.
[workspace]
"#;
        assert_eq!(patched(manifest, &runtime), expected);
    }

    #[test]
    fn an_entry_is_added_replaced_and_taken_out() {
        let plain = "[package]\nname = \"a\"\n";
        let with = with_entry(plain, "crates-io", "minreq", "green/minreq");
        assert_eq!(
            with,
            "[package]\nname = \"a\"\n\n[patch.crates-io]\nminreq = { path = \"green/minreq\" }\n"
        );
        assert_eq!(with_entry(&with, "crates-io", "minreq", "green/minreq"), with);
        let both = with_entry(&with, "crates-io", "whois", "green/whois");
        assert!(both.contains("minreq = {") && both.contains("whois = { path = \"green/whois\" }"), "{both}");
        assert_eq!(without_entry(&both, "whois"), with);
        let third = with_entry(&both, "https://example.org/own", "own", "green/own");
        let entry = "\n[patch.\"https://example.org/own\"]\nown = { path = \"green/own\" }\n";
        assert!(third.ends_with(entry), "{third}");
        assert!(!without_entry(&third, "own").contains("green/own"));
    }
}
