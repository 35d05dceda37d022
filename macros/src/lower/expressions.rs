//! Macros whose arguments are expressions, but for names and signs in front of them: those of `log`
//! and `tracing`, and those that `#[green(macros(…))]` names.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::VisitMut;
use syn::{Expr, Ident, Lit, Macro, Token, token};

use super::Lower;

/// The macros of `log` and `tracing`.
const LOGGING: [&str; 13] = [
    "log",
    "error",
    "warn",
    "info",
    "debug",
    "trace",
    "event",
    "span",
    "error_span",
    "warn_span",
    "info_span",
    "debug_span",
    "trace_span",
];

/// Whether a macro of `log` or `tracing` has this name.
pub(super) fn is_logging(name: &str) -> bool {
    LOGGING.contains(&name)
}

/// Whether these are the crates that log.
pub(super) fn is_log_crate(name: &str) -> bool {
    name == "log" || name == "tracing"
}

/// An argument, and what stands around it.
struct Part {
    /// `target:`, `user.name = ?`.
    lead: TokenStream,
    value: Value,
    separator: Option<TokenTree>,
}

enum Value {
    Expr(Box<Expr>),
    /// Fields in braces.
    Fields(Group, Vec<Part>),
    /// What is no expression stays as it is.
    Other(TokenStream),
}

impl Lower<'_> {
    /// ```text
    /// Input:  info!(target: "app", page = %fetch(1), "{}", size())
    /// Output: info!(target: "app", page = %(match fetch(1) { … }), "{}", (match size() { … }))
    /// ```
    pub(super) fn expressions(&mut self, mac: &mut Macro) {
        if let Ok(parts) = parts.parse2(mac.tokens.clone()) {
            mac.tokens = self.lowered_parts(parts);
        }
    }

    fn lowered_parts(&mut self, parts: Vec<Part>) -> TokenStream {
        let mut tokens = TokenStream::new();
        for Part { lead, value, separator } in parts {
            tokens.extend(lead);
            match value {
                Value::Expr(mut expr) => {
                    self.visit_expr_mut(&mut expr);
                    expr.to_tokens(&mut tokens);
                }
                Value::Fields(around, fields) => {
                    let mut group = Group::new(around.delimiter(), self.lowered_parts(fields));
                    group.set_span(around.span());
                    group.to_tokens(&mut tokens);
                }
                Value::Other(other) => tokens.extend(other),
            }
            separator.to_tokens(&mut tokens);
        }
        tokens
    }
}

fn parts(input: ParseStream) -> syn::Result<Vec<Part>> {
    let mut parts = Vec::new();
    while !input.is_empty() {
        let lead = lead(input)?;
        let value = value(input)?;
        let separator = if input.is_empty() { None } else { Some(input.parse()?) };
        parts.push(Part { lead, value, separator });
    }
    Ok(parts)
}

/// A name and signs in front of a value: `target:`, `"key" =`, `user.name = ?`, `key:debug =`, `%`.
fn lead(input: ParseStream) -> syn::Result<TokenStream> {
    let mut lead = TokenStream::new();
    let ahead = input.fork();
    if let Ok(name) = name(&ahead) {
        name.to_tokens(&mut lead);
        input.advance_to(&ahead);
    }
    if input.peek(Token![?]) || input.peek(Token![%]) {
        lead.extend(Some(input.parse::<TokenTree>()?));
    }
    Ok(lead)
}

fn name(input: ParseStream) -> syn::Result<TokenStream> {
    let mut name = TokenStream::new();
    if input.peek(Lit) {
        input.parse::<Lit>()?.to_tokens(&mut name);
    } else {
        input.call(Ident::parse_any)?.to_tokens(&mut name);
        while input.peek(Token![.]) {
            let (dot, next) = (input.parse::<Token![.]>()?, input.call(Ident::parse_any)?);
            name.extend(quote!(#dot #next));
        }
    }
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        input.parse::<Token![:]>()?.to_tokens(&mut name);
        let capture = input.fork();
        if capture.parse::<TokenTree>().is_err() || !capture.peek(Token![=]) || capture.peek(Token![==]) {
            return Ok(name);
        }
        input.parse::<TokenTree>()?.to_tokens(&mut name);
    }
    if input.peek(Token![==]) || input.peek(Token![=>]) {
        return Err(input.error("a comparison, or an arm"));
    }
    input.parse::<Token![=]>()?.to_tokens(&mut name);
    Ok(name)
}

fn value(input: ParseStream) -> syn::Result<Value> {
    let ahead = input.fork();
    if let Ok(expr) = ahead.parse::<Expr>()
        && is_end(&ahead)
    {
        input.advance_to(&ahead);
        return Ok(Value::Expr(Box::new(expr)));
    }
    if input.peek(token::Brace) {
        let group: Group = input.parse()?;
        if is_end(input)
            && let Ok(fields) = parts.parse2(group.stream())
        {
            return Ok(Value::Fields(group, fields));
        }
        return rest(input, group.into_token_stream());
    }
    rest(input, TokenStream::new())
}

/// What stands before the next separator.
fn rest(input: ParseStream, mut tokens: TokenStream) -> syn::Result<Value> {
    while !is_end(input) {
        tokens.extend(Some(input.parse::<TokenTree>()?));
    }
    Ok(Value::Other(tokens))
}

fn is_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}
