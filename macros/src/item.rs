//! The function as we understand it.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Block, ExprClosure, Ident, Signature, Token, Visibility, braced, token};

use crate::broken;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::Source;

/// A function under `#[green]`.
pub(crate) struct GreenFn {
    /// The other attributes, inner ones included.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// A trait's method may have none.
    pub(crate) body: Option<Block>,
    /// The body as it was written.
    pub(crate) source: Source,
    pub(crate) role: Role,
}

/// What was read.
pub(crate) enum Parsed {
    /// A function.
    Whole(GreenFn),
    /// A function whose body does not parse, and what stands in for that.
    Broken(GreenFn, TokenStream),
    /// A closure: the function around it is not green, or it would have read the attribute.
    Closure(Box<ExprClosure>),
    /// Something else; it is reported why.
    NotAFunction,
}

/// What calls the function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Other functions: it makes a green call.
    Function,
    /// The program's start: it runs its call.
    Main,
    /// The test harness: it runs its call.
    Test,
    /// Other functions, as they call any: it suspends nobody.
    Ordinary,
    /// Nothing, for its signature is a mistake: only its name is kept.
    Stub,
}

impl GreenFn {
    /// Reads the item, or reports why it cannot be green.
    pub(crate) fn parse(item: &TokenStream, diagnostics: &mut Diagnostics) -> Parsed {
        Self::parse_or(item, diagnostics, Diagnostic::NotAFunction)
    }

    /// Reads a test, or reports why it cannot be one.
    pub(crate) fn parse_test(item: &TokenStream, diagnostics: &mut Diagnostics) -> Parsed {
        match Self::parse_or(item, diagnostics, Diagnostic::NotATest) {
            Parsed::Whole(function) if function.body.is_none() => {
                diagnostics.push(&function.sig.ident, Diagnostic::NotATest("a function without a body"));
                Parsed::NotAFunction
            }
            Parsed::Whole(function) => Parsed::Whole(GreenFn { role: Role::Test, ..function }),
            Parsed::Broken(function, body) => Parsed::Broken(GreenFn { role: Role::Test, ..function }, body),
            Parsed::Closure(closure) => {
                diagnostics.push(&closure.inputs_begin, Diagnostic::NotATest("a closure"));
                Parsed::NotAFunction
            }
            Parsed::NotAFunction => Parsed::NotAFunction,
        }
    }

    fn parse_or(
        item: &TokenStream,
        diagnostics: &mut Diagnostics,
        mistake: fn(&'static str) -> Diagnostic,
    ) -> Parsed {
        match syn::parse2::<Self>(item.clone()) {
            Ok(function) => Parsed::Whole(function),
            Err(error) => {
                if let Ok(closure) = syn::parse2(item.clone()) {
                    return Parsed::Closure(Box::new(closure));
                }
                if let Some((function, stmts)) = broken::signature(item) {
                    return Parsed::Broken(function, broken::body(&stmts, &error));
                }
                match syn::parse2::<syn::Item>(item.clone()) {
                    Ok(other) if !matches!(other, syn::Item::Fn(_) | syn::Item::Verbatim(_)) => {
                        diagnostics.push(keyword(item), mistake(kind_of(&other)));
                    }
                    _ => diagnostics.push_error(error),
                }
                Parsed::NotAFunction
            }
        }
    }

    /// The name that a direct recursion calls, and whether it is a method's.
    pub(crate) fn name(&self) -> (&Ident, bool) {
        (&self.sig.ident, self.sig.receiver().is_some())
    }
}

impl Parse for GreenFn {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let mut source = Source::default();
        let body = if input.peek(token::Brace) {
            let stmts;
            let brace_token = braced!(stmts in input);
            attrs.extend(stmts.call(Attribute::parse_inner)?);
            source = Source::at(stmts.cursor());
            Some(Block { brace_token, stmts: stmts.call(Block::parse_within)? })
        } else {
            input.parse::<Token![;]>()?;
            None
        };
        let role = role(&attrs, &sig, body.is_some());
        Ok(GreenFn { attrs, vis, sig, body, source, role })
    }
}

/// What calls a function like this.
fn role(attrs: &[Attribute], sig: &Signature, has_body: bool) -> Role {
    if !has_body || sig.receiver().is_some() {
        Role::Function
    } else if attrs.iter().any(is_test) {
        Role::Test
    } else if sig.ident == "main" {
        Role::Main
    } else {
        Role::Function
    }
}

/// Whether this is our own attribute.
pub(crate) fn is_green(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "green")
}

/// Whether the attribute is the test harness's own.
pub(crate) fn is_test(attr: &Attribute) -> bool {
    let path = attr.path();
    path.is_ident("test")
        || path.segments.len() > 1
            && path.segments.last().is_some_and(|last| last.ident == "test")
            && path.segments.first().is_some_and(|first| first.ident == "core" || first.ident == "std")
}

/// Whether the attribute is our own one for tests, by its path.
pub(crate) fn is_green_test(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    segments.len() == 2 && segments[0].ident == "eventlet" && segments[1].ident == "test"
}

/// The first keyword that tells what an item is, for the smallest span.
fn keyword(item: &TokenStream) -> TokenStream {
    const KEYWORDS: [&str; 15] = [
        "struct",
        "enum",
        "union",
        "trait",
        "impl",
        "mod",
        "use",
        "static",
        "const",
        "type",
        "extern",
        "macro_rules",
        "macro",
        "unsafe",
        "auto",
    ];
    item.clone()
        .into_iter()
        .find(|token| KEYWORDS.contains(&token.to_string().as_str()))
        .map_or_else(|| item.clone(), TokenStream::from)
}

/// What the user calls an item of this kind.
fn kind_of(item: &syn::Item) -> &'static str {
    match item {
        syn::Item::Struct(_) => "a struct",
        syn::Item::Enum(_) => "an enum",
        syn::Item::Union(_) => "a union",
        syn::Item::Trait(_) | syn::Item::TraitAlias(_) => "a trait",
        syn::Item::Impl(_) => "an impl block",
        syn::Item::Mod(_) => "a module",
        syn::Item::Use(_) | syn::Item::ExternCrate(_) => "an import",
        syn::Item::Static(_) => "a static",
        syn::Item::Const(_) => "a constant",
        syn::Item::Type(_) => "a type alias",
        syn::Item::ForeignMod(_) => "a block of foreign functions",
        syn::Item::Macro(_) => "a macro",
        _ => "this",
    }
}
