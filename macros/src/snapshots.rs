//! Readable expansions: `ui-tests/expand/NAME.rs` becomes `NAME.expanded.rs`.
//!
//! `UPDATE_EXPAND=1 cargo test -p eventlet-macros` writes them anew; read the difference before it goes in.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item};

/// Expands each function of a file that carries `#[green]`, and spells the file as rustfmt nearly would.
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
