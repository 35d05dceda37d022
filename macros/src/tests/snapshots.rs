//! Readable expansions: `ui-tests/expand/NAME.rs` becomes `NAME.expanded.rs`, and those of
//! `docs/what-green-writes.md`.
//!
//! `UPDATE_EXPAND=1 cargo test -p eventlet-macros` writes them anew; read the difference before it
//! goes in.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item};

/// Expands each function of a file that carries `#[green]`, and spells the file as rustfmt nearly
/// would.
fn expanded(source: &str) -> String {
    let mut file = syn::parse_file(source).expect("the example parses");
    let mut items = Vec::new();
    for item in std::mem::take(&mut file.items) {
        let Item::Fn(mut function) = item else {
            items.push(item);
            continue;
        };
        let is_green = |attr: &Attribute| attr.path().is_ident("green");
        let Some(at) = function.attrs.iter().position(is_green) else {
            items.push(Item::Fn(function));
            continue;
        };
        let options = match function.attrs.remove(at).meta {
            syn::Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let tokens = crate::expand(options, function.into_token_stream());
        items.extend(syn::parse2::<syn::File>(tokens).expect("the expansion parses").items);
    }
    file.items = items;
    prettyplease::unparse(&file)
}

#[test]
fn expansions_stay_readable() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui-tests/expand");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("the folder of examples is there") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().expect("a file name").to_string_lossy().into_owned();
        if name.ends_with(".expanded.rs") || !name.ends_with(".rs") {
            continue;
        }
        let expansion = expanded(&fs::read_to_string(&path).expect("a readable example"));
        let kept = path.with_extension("expanded.rs");
        if std::env::var_os("UPDATE_EXPAND").is_some() {
            fs::write(&kept, &expansion).expect("a writable folder");
        }
        let before = fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(expansion, before, "the expansion of {name} has changed");
        seen += 1;
    }
    assert!(seen >= 3, "only {seen} examples");
}

/// The page has pairs of code blocks: a function, and its expansion.
#[test]
fn the_page_on_what_green_writes_is_true() {
    const FENCE: &str = "```";
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/what-green-writes.md");
    let before = fs::read_to_string(&page).expect("the page is there");
    // Text, block, text, block, …
    let mut parts: Vec<String> = before.split(FENCE).map(str::to_owned).collect();
    let blocks: Vec<usize> = (1..parts.len()).step_by(2).collect();
    assert_eq!(blocks.len(), 2 * 5, "the page has five functions");
    for pair in blocks.chunks(2) {
        let language = "rust,ignore\n";
        let source = parts[pair[0]].strip_prefix(language).expect("a block of Rust").to_owned();
        parts[pair[1]] = format!("{language}{}", expanded(&source));
    }
    let after = parts.join(FENCE);
    if std::env::var_os("UPDATE_EXPAND").is_some() {
        fs::write(&page, &after).expect("a writable page");
        return;
    }
    assert_eq!(after, before, "docs/what-green-writes.md is not what `#[green]` writes");
}
