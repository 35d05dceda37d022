//! What an editor sees while somebody types: whatever stands in the body, the function is still
//! there.

use proc_macro2::TokenStream;

/// Expands a function with this body, and gives what comes out.
fn expanded(body: &str) -> String {
    let item = format!("/// Doc.\npub fn half_typed(a: u32, b: &str) -> Option<u32> {{ {body} }}");
    let item: TokenStream = item.parse().expect("the tokens are whole");
    crate::expand(TokenStream::new(), item).to_string()
}

#[test]
fn half_typed_bodies_keep_their_signature_and_their_tokens() {
    let bodies = [
        "let x",
        "let x =",
        "let x = a.",
        "a.",
        "b.len().",
        "call(a, b.)",
        "call(, a)",
        "if a",
        "if a == { 1 }",
        "match a { 1 => }",
        "for x in { }",
        "let Some(x) = call(a) else",
        "a +",
        "return call(a).await.",
        "println!(\"{}\", a.)",
        "|x|",
        "#[green]",
        "struct S { x: }",
    ];
    for body in bodies {
        let out = expanded(body);
        assert!(out.contains("pub fn half_typed (a : u32 , b : & str) ->"), "{body}: {out}");
        let last = body.rsplit(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
        assert!(last.is_none_or(|word| out.contains(word)), "{body}: {out}");
    }
}

#[test]
fn a_signature_that_is_not_whole_keeps_its_tokens() {
    for item in ["fn", "fn f", "fn f(", "fn f(a: )", "fn f(a: u32) ->", "pub fn f<T", "fn f() -> u32"] {
        let Ok(tokens) = item.parse::<TokenStream>() else { continue };
        let out = crate::expand(TokenStream::new(), tokens).to_string();
        assert!(out.contains("fn"), "{item}: {out}");
        // A function without a body may be a trait's; rustc says so itself if it is not.
        assert!(out.contains("compile_error") || item.ends_with("u32"), "{item}: {out}");
    }
}

/// Every token of the user's is where it was: an editor finds a name in the expansion by its place.
#[test]
fn tokens_keep_their_places() {
    let source = "fn f(url: &str) -> usize { let page = fetch(url)?; for part in parts(page) { part.call(1) } url.len() }";
    let item: TokenStream = source.parse().expect("it lexes");
    let mut places = Vec::new();
    names(crate::expand(TokenStream::new(), item), &mut places);
    for name in ["url", "page", "fetch", "part", "parts", "call", "len"] {
        for (at, _) in source.match_indices(name) {
            let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            let whole =
                alone(source[..at].chars().next_back()) && alone(source[at + name.len()..].chars().next());
            assert!(
                !whole || places.iter().any(|(seen, column)| seen == name && *column == at),
                "`{name}` at {at} has lost its place: {places:?}"
            );
        }
    }
}

/// The names in a stream, each with its column.
fn names(tokens: TokenStream, into: &mut Vec<(String, usize)>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => names(group.stream(), into),
            proc_macro2::TokenTree::Ident(name) => into.push((name.to_string(), name.span().start().column)),
            _ => {}
        }
    }
}
