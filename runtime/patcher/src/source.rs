//! A crate's source files, as they are found from its root.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use syn::spanned::Spanned;
use syn::{Expr, Item, Lit, Meta};

/// The text of each of a crate's files that its `mod` items lead to.
///
/// Files are known by their path from the crate's folder, written with `/`.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The path of the crate's root, such as `src/lib.rs`.
    pub root: String,
    /// Whether it is of edition 2015, in which a `use` begins at the crate's root.
    pub is_2015: bool,
    /// Path and text.
    pub files: BTreeMap<String, String>,
}

/// Why a crate cannot be read or written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file's path from the crate's folder.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// What is wrong, and the way round.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

impl std::error::Error for Refusal {}

impl Source {
    /// Reads a crate, from its root on. `read` is given the path of a file from the crate's folder,
    /// and gives its text if there is such a file.
    ///
    /// A module whose file is not there is left out: it belongs to another platform or feature, or
    /// rustc will say so.
    ///
    /// # Errors
    ///
    /// A file that does not parse.
    pub fn read(root: &str, is_2015: bool, read: &dyn Fn(&str) -> Option<String>) -> Result<Source, Refusal> {
        let mut source = Source { root: root.to_owned(), is_2015, files: BTreeMap::new() };
        source.follow(root, &folder_of(root), read)?;
        Ok(source)
    }

    /// A crate of one file.
    pub fn of_text(text: &str) -> Source {
        let files = BTreeMap::from([("lib.rs".to_owned(), text.to_owned())]);
        Source { root: "lib.rs".to_owned(), is_2015: false, files }
    }

    fn follow(
        &mut self,
        path: &str,
        folder: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Refusal> {
        if self.files.contains_key(path) {
            return Ok(());
        }
        let Some(text) = read(path) else { return Ok(()) };
        let file = parse(path, &text)?;
        self.files.insert(path.to_owned(), text);
        self.modules(&file.items, &folder_of(path), folder, read)
    }

    /// `beside` is the folder that a `#[path]` starts from, `inside` the one of the module's own
    /// children.
    fn modules(
        &mut self,
        items: &[Item],
        beside: &str,
        inside: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Refusal> {
        for item in items {
            let Item::Mod(module) = item else { continue };
            let name = module.ident.to_string();
            let name = name.trim_start_matches("r#");
            if let Some((_, items)) = &module.content {
                let inside = joined(inside, name);
                self.modules(items, &inside, &inside, read)?;
            } else if let Some(written) = module.attrs.iter().find_map(|attr| path_attribute(&attr.meta)) {
                let path = joined(beside, &written);
                let children = folder_of(&path);
                self.follow(&path, &children, read)?;
            } else {
                let folder = joined(inside, name);
                self.follow(&format!("{folder}.rs"), &folder, read)?;
                self.follow(&joined(&folder, "mod.rs"), &folder, read)?;
            }
        }
        Ok(())
    }
}

/// Parses a file, so that the offsets of its spans are those of `text`.
pub(crate) fn parse(path: &str, text: &str) -> Result<syn::File, Refusal> {
    syn::parse_file(text).map_err(|error| Refusal {
        file: path.to_owned(),
        line: error.span().start().line,
        reason: format!(
            "this does not parse: {error}. (Bare trait objects and `try!` of edition 2015 are not read: \
             write `dyn` and `?` in a copy of the crate, and patch that)"
        ),
    })
}

/// The line of an offset, from one.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The bytes that a piece of syntax takes.
pub(crate) fn range_of(piece: &impl Spanned) -> std::ops::Range<usize> {
    piece.span().byte_range()
}

fn path_attribute(meta: &Meta) -> Option<String> {
    let Meta::NameValue(pair) = meta else { return None };
    let Expr::Lit(value) = &pair.value else { return None };
    match &value.lit {
        Lit::Str(path) if pair.path.is_ident("path") => Some(path.value()),
        _ => None,
    }
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts = PathBuf::new();
    for part in Path::new(folder).join(path).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_where_rustc_finds_them() {
        let files = [
            (
                "src/lib.rs",
                "mod a; mod b { mod c; } #[path = \"other/d.rs\"] mod d; #[cfg(windows)] mod absent;",
            ),
            ("src/a/mod.rs", "mod e;"),
            ("src/a/e.rs", "mod f;"),
            ("src/a/e/f.rs", ""),
            ("src/b/c.rs", ""),
            ("src/other/d.rs", "mod g;"),
            ("src/other/g.rs", ""),
            ("src/stray.rs", ""),
        ];
        let read = |path: &str| files.iter().find(|file| file.0 == path).map(|file| file.1.to_owned());
        let source = Source::read("src/lib.rs", false, &read).unwrap();
        let found: Vec<&str> = source.files.keys().map(String::as_str).collect();
        let expected = [
            "src/a/e.rs",
            "src/a/e/f.rs",
            "src/a/mod.rs",
            "src/b/c.rs",
            "src/lib.rs",
            "src/other/d.rs",
            "src/other/g.rs",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_does_not_parse_is_named_with_its_line() {
        let read = |_: &str| Some("fn a() {}\nfn b( {}\n".to_owned());
        let refusal = Source::read("src/lib.rs", false, &read).unwrap_err();
        assert_eq!((refusal.file.as_str(), refusal.line), ("src/lib.rs", 2));
    }
}
