//! What stands in `#[green(..)]`, and in `#[eventlet::test(..)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, Token, parenthesized};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::paths::Paths;

/// What becomes of the green calls in a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// They suspend it, so it is a green one.
    Suspend,
    /// They are waited for where they stand, so it is an ordinary one.
    InPlace,
    /// It has none, so it is an ordinary one.
    Refused,
}

/// The options of one `#[green(..)]`.
pub(crate) struct Options {
    /// The call's state goes on the heap, so that its type can be named.
    pub(crate) boxed: bool,
    /// What becomes of its green calls.
    pub(crate) calls: Calls,
    /// Macros whose arguments are expressions.
    pub(crate) macros: Vec<Ident>,
    /// Where the runtime crate is.
    pub(crate) paths: Paths,
    /// How a test is run; only `#[eventlet::test]` says that.
    pub(crate) harness: Option<Harness>,
    /// The function gives a `Green` that it has made itself, and is marked only. This is for the
    /// runtime crate, which alone can make one; the reason that is written with it is for whoever
    /// reads the function.
    pub(crate) by_hand: bool,
}

/// How a test is run.
#[derive(Default)]
pub(crate) struct Harness {
    /// The clock goes by itself.
    pub(crate) real_time: bool,
    /// The name of the hub that it wants.
    pub(crate) hub: Option<LitStr>,
}

impl Options {
    /// Reads the options. A mistaken one is reported and left out; the rest still count.
    pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut boxed = false;
        let mut by_hand = false;
        let mut calls = Calls::Suspend;
        let mut kinds = Vec::new();
        let mut macros = Vec::new();
        let mut root = None;
        let parser = |input: ParseStream| {
            while !input.is_empty() {
                let name = input.call(Ident::parse_any)?;
                match name.to_string().as_str() {
                    "boxed" if at_end(input) => {
                        boxed = true;
                        kinds.push(name);
                    }
                    "in_place" if at_end(input) => {
                        calls = Calls::InPlace;
                        kinds.push(name);
                    }
                    "no_switch" if at_end(input) => {
                        calls = Calls::Refused;
                        kinds.push(name);
                    }
                    "by_hand" if input.peek(Token![=]) && input.peek2(LitStr) => by_hand = true,
                    "macros" => macros.extend(macro_names(&name, input, diagnostics)),
                    "crate" => root = root_path(&name, input, diagnostics).or(root.take()),
                    _ => diagnostics.push(&name, Diagnostic::UnknownOption(name.to_string())),
                }
                skip_to_comma(input)?;
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            diagnostics.push_error(error);
        }
        if let [first, .., last] = &*kinds
            && first != last
        {
            diagnostics.push(last, Diagnostic::OptionsTogether(first.to_string(), last.to_string()));
        }
        Options { boxed, calls, macros, paths: Paths::new(root), harness: None, by_hand }
    }

    /// The same for `#[eventlet::test(..)]`.
    pub(crate) fn parse_of_test(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut harness = Harness::default();
        let mut root = None;
        let parser = |input: ParseStream| {
            while !input.is_empty() {
                let name = input.call(Ident::parse_any)?;
                match name.to_string().as_str() {
                    "real_time" if at_end(input) => harness.real_time = true,
                    "hub" => harness.hub = hub_name(&name, input, diagnostics).or(harness.hub.take()),
                    "crate" => root = root_path(&name, input, diagnostics).or(root.take()),
                    _ => diagnostics.push(&name, Diagnostic::UnknownTestOption(name.to_string())),
                }
                skip_to_comma(input)?;
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            diagnostics.push_error(error);
        }
        let paths = Paths::new(root);
        let (calls, harness) = (Calls::Suspend, Some(harness));
        Options { boxed: false, calls, macros: Vec::new(), paths, harness, by_hand: false }
    }
}

/// `macros(retry, my::tri)`, behind its name.
fn macro_names(name: &Ident, input: ParseStream, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    let list = |input: ParseStream| {
        let list;
        parenthesized!(list in input);
        list.parse_terminated(Path::parse_mod_style, Token![,])
    };
    let ahead = input.fork();
    match list(&ahead) {
        Ok(paths) if at_end(&ahead) && !paths.is_empty() => {
            paths.into_iter().filter_map(|path| Some(path.segments.last()?.ident.clone())).collect()
        }
        _ => {
            diagnostics.push(name, Diagnostic::BadMacrosOption);
            Vec::new()
        }
    }
}

/// `hub = "name"`, behind its name.
fn hub_name(name: &Ident, input: ParseStream, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let value = input.parse::<Token![=]>().and_then(|_| input.fork().parse::<LitStr>());
    match value {
        Ok(value) => Some(value),
        Err(_) => {
            match input.cursor().token_tree() {
                Some((value, _)) if !at_end(input) => diagnostics.push(value, Diagnostic::BadHubOption),
                _ => diagnostics.push(name, Diagnostic::BadHubOption),
            }
            None
        }
    }
}

/// `crate = some::path`, behind its name.
fn root_path(name: &Ident, input: ParseStream, diagnostics: &mut Diagnostics) -> Option<Path> {
    if !input.peek(Token![=]) {
        diagnostics.push(name, Diagnostic::BadCrateOption);
        return None;
    }
    input.parse::<Token![=]>().ok()?;
    let value = input.fork();
    match value.call(Path::parse_mod_style) {
        Ok(path) if at_end(&value) => Some(path),
        _ => {
            match input.cursor().token_tree() {
                Some((value, _)) => diagnostics.push(value, Diagnostic::BadCrateOption),
                None => diagnostics.push(name, Diagnostic::BadCrateOption),
            }
            None
        }
    }
}

/// Whether an option ends here.
fn at_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Goes behind the next comma, so that one bad option does not hide the next.
fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !at_end(input) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Option<Token![,]>>()?;
    Ok(())
}
