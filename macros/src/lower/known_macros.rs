//! The formatting and asserting macros of std, whose arguments follow the rule, and other macros
//! whose meaning is known.
//!
//! Arguments that do not parse are left alone, as those of an unknown macro are.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, Ident, Macro, Pat, Stmt, Token};

use super::call::{Drive, Place};
use super::parenthesize::enclosed;
use super::{Lower, expressions};

/// What becomes of a macro call.
enum Lowered {
    /// It stays the macro that it is, with other arguments.
    Macro,
    /// It becomes an expression.
    Expr(TokenStream),
    /// It becomes a block.
    Block(TokenStream),
}

impl Lower<'_> {
    pub(super) fn macro_expr(&mut self, expr: &mut Expr) {
        let Expr::Macro(at) = expr else { return };
        match self.known_macro(&mut at.mac) {
            Lowered::Macro => {}
            Lowered::Expr(tokens) => *expr = Expr::Verbatim(tokens),
            Lowered::Block(block) => *expr = Expr::Verbatim(enclosed(&block)),
        }
    }

    pub(super) fn macro_stmt(&mut self, stmt: &mut Stmt) {
        let Stmt::Macro(at) = stmt else { return };
        let (attrs, semi) = (at.attrs.clone(), at.semi_token);
        let tokens = match self.known_macro(&mut at.mac) {
            Lowered::Macro => return,
            Lowered::Block(block) if semi.is_some() => enclosed(&block),
            Lowered::Expr(tokens) | Lowered::Block(tokens) => tokens,
        };
        *stmt = Stmt::Expr(Expr::Verbatim(quote!(#(#attrs)* #tokens)), semi);
    }

    /// Lowers a macro whose meaning is known, by the last part of its path.
    fn known_macro(&mut self, mac: &mut Macro) -> Lowered {
        let Some(name) = known_name(mac) else {
            let last = mac.path.segments.last();
            if last.is_some_and(|last| self.macros.contains(&last.ident)) {
                self.expressions(mac);
            }
            return Lowered::Macro;
        };
        match name.as_str() {
            "no_switch" => return self.no_switch(mac).map_or(Lowered::Macro, Lowered::Block),
            "dbg" => return self.dbg(mac).map_or(Lowered::Macro, Lowered::Expr),
            "write" | "writeln" => return self.write(mac).map_or(Lowered::Macro, Lowered::Expr),
            "assert" | "debug_assert" => self.assert(mac),
            "matches" => self.matches(mac),
            "vec" => self.vec(mac),
            name if expressions::is_logging(name) => {
                self.expressions(mac);
                None
            }
            _ => self.list(mac).map(drop),
        };
        Lowered::Macro
    }

    /// A list of arguments, some of them named.
    fn list(&mut self, mac: &mut Macro) -> Option<Punctuated<Arg, Token![,]>> {
        self.destination_and_list(mac).map(|(args, _)| args)
    }

    /// A list of arguments, and which guards are held when the first of them has been made.
    fn destination_and_list(&mut self, mac: &mut Macro) -> Option<(Punctuated<Arg, Token![,]>, usize)> {
        let mut args = mac.parse_body_with(Punctuated::<Arg, Token![,]>::parse_terminated).ok()?;
        let mut first = None;
        for arg in &mut args {
            self.visit_expr_mut(&mut arg.value);
            first.get_or_insert(self.guards.begin());
        }
        mac.tokens = args.to_token_stream();
        Some((args, first.unwrap_or_else(|| self.guards.begin())))
    }

    /// The written text goes through a method of the destination, which may be a green one.
    ///
    /// Arguments that may give temporaries (a `RefCell`'s borrow, a lock's guard) become text in a
    /// block of their own, so that nothing of them lives on while the destination suspends. In a
    /// block's last expression it would, before edition 2024, hence the variable.
    ///
    /// ```text
    /// Input:  writeln!(out, "{}", names.borrow().len())
    /// Output: match write!(out, "{}", { let mut text = …; writeln!(text, "{}", names.borrow().len()); text }) { … }
    /// ```
    fn write(&mut self, mac: &mut Macro) -> Option<TokenStream> {
        let (args, of_destination) = self.destination_and_list(mac)?;
        let last = &mac.path.segments.last()?.ident;
        let place = Place { start: last.span(), name: last.span(), end: mac.delimiter.span().close() };
        let mut args = args.into_iter();
        let target = args.next()?;
        let args: Vec<Arg> = args.collect();
        let call = if args.iter().all(|arg| leaves_nothing(&arg.value)) {
            mac.to_token_stream()
        } else {
            // What the arguments have borrowed is given back with the block.
            self.guards.end(of_destination);
            self.write_text(mac, &target, &args)
        };
        Some(self.driven(&[], call, &place, Drive::InPlace, None))
    }

    /// Writes what the arguments come to, which is made first.
    fn write_text(&self, mac: &Macro, target: &Arg, args: &[Arg]) -> TokenStream {
        let (mut made, mut written) = (mac.clone(), mac.clone());
        let name = mac.path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
        let here = Span::mixed_site().located_at(name);
        let private = self.paths.private(name);
        let text = Ident::new("text", here);
        made.tokens = quote!(#text, #(#args),*);
        if let Some(last) = written.path.segments.last_mut() {
            last.ident = Ident::new("write", name);
        }
        let text = quote_spanned!(here=> {
            let mut #text = #private::Text::default();
            #made;
            #text
        });
        written.tokens = quote_spanned!(here=> #target, "{}", #text);
        written.to_token_stream()
    }

    /// The message of a failed assertion shows the condition as the user wrote it.
    ///
    /// ```text
    /// Input:  assert!(ready())
    /// Output: assert!((match ready() { … }), "assertion failed: {}", stringify!(ready()))
    /// ```
    fn assert(&mut self, mac: &mut Macro) -> Option<()> {
        let before = mac.parse_body_with(Punctuated::<Arg, Token![,]>::parse_terminated).ok()?;
        self.list(mac)?;
        if let (1, Some(condition)) = (before.len(), before.first()) {
            let lowered = mac.parse_body_with(Punctuated::<Arg, Token![,]>::parse_terminated).ok()?;
            let lowered = lowered.first()?;
            if lowered.to_token_stream().to_string() != condition.to_token_stream().to_string() {
                let text = "assertion failed: {}";
                mac.tokens = quote_spanned!(Span::mixed_site()=>
                    #lowered, #text, ::core::stringify!(#condition)
                );
            }
        }
        Some(())
    }

    /// `matches!(value, pattern if guard)`.
    fn matches(&mut self, mac: &mut Macro) -> Option<()> {
        let mut parts: Matches = mac.parse_body().ok()?;
        self.visit_expr_mut(&mut parts.value);
        if let Some((_, guard)) = &mut parts.guard {
            self.visit_expr_mut(guard);
        }
        let Matches { value, pat, guard } = parts;
        let guard = guard.map(|(token, guard)| quote!(#token #guard));
        mac.tokens = quote!(#value, #pat #guard);
        Some(())
    }

    /// `vec![item; count]`, or a list. Unlike that of an array, the count is an ordinary
    /// expression.
    fn vec(&mut self, mac: &mut Macro) -> Option<()> {
        let repeated = mac.parse_body_with(|input: ParseStream| {
            let item: Expr = input.parse()?;
            let semi: Token![;] = input.parse()?;
            Ok((item, semi, input.parse::<Expr>()?))
        });
        let Ok((mut item, semi, mut count)) = repeated else { return self.list(mac).map(drop) };
        self.visit_expr_mut(&mut item);
        self.visit_expr_mut(&mut count);
        mac.tokens = quote!(#item #semi #count);
        Some(())
    }

    /// `dbg!` shows its argument as the user wrote it, so it is written out.
    fn dbg(&mut self, mac: &Macro) -> Option<TokenStream> {
        let args = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
        if args.is_empty() {
            return None;
        }
        let place = mac.path.segments.last()?.ident.span();
        let here = Span::mixed_site().located_at(place);
        let mut shown: Vec<TokenStream> = Vec::new();
        for mut arg in args.clone() {
            let text = arg.to_token_stream();
            self.visit_expr_mut(&mut arg);
            let line = quote_spanned!(place=> ::core::file!(), ::core::line!(), ::core::column!());
            shown.push(quote_spanned! {here=>
                match #arg {
                    shown => {
                        ::std::eprintln!("[{}:{}:{}] {} = {:#?}", #line, ::core::stringify!(#text), &shown);
                        shown
                    }
                }
            });
        }
        Some(quote_spanned!(here=> (#(#shown),*)))
    }
}

/// Whether an argument leaves no value of its own behind that would live as long as the whole
/// statement.
fn leaves_nothing(arg: &Expr) -> bool {
    match arg {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Field(arg) => leaves_nothing(&arg.base),
        Expr::Reference(arg) => leaves_nothing(&arg.expr),
        Expr::Paren(arg) => leaves_nothing(&arg.expr),
        Expr::Group(arg) => leaves_nothing(&arg.expr),
        Expr::Unary(arg) => leaves_nothing(&arg.expr),
        Expr::Cast(arg) => leaves_nothing(&arg.expr),
        Expr::Binary(arg) => leaves_nothing(&arg.left) && leaves_nothing(&arg.right),
        Expr::Index(arg) => leaves_nothing(&arg.expr) && leaves_nothing(&arg.index),
        _ => false,
    }
}

const STD: [&str; 21] = [
    "print",
    "println",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "write",
    "writeln",
    "panic",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "vec",
    "matches",
    "dbg",
    "todo",
    "unimplemented",
    "unreachable",
];

/// Whether a macro is known by this name.
pub(crate) fn is_known(name: &str) -> bool {
    STD.contains(&name) || name == "no_switch" || expressions::is_logging(name)
}

/// The name of a macro that is known: a single word, or a path into std or into a crate that logs.
fn known_name(mac: &Macro) -> Option<String> {
    let segments: Vec<String> = mac.path.segments.iter().map(|part| part.ident.to_string()).collect();
    let (name, home) = segments.split_last()?;
    let known = match home {
        [] => is_known(name),
        [home] if home == "std" || home == "core" || home == "alloc" => STD.contains(&name.as_str()),
        [home] if expressions::is_log_crate(home) => expressions::is_logging(name),
        _ => name == "no_switch",
    };
    known.then(|| name.clone())
}

/// An argument of a formatting macro.
struct Arg {
    name: Option<(Ident, Token![=])>,
    value: Expr,
}

impl Parse for Arg {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let is_named = input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if is_named { Some((input.parse()?, input.parse()?)) } else { None };
        Ok(Arg { name, value: input.parse()? })
    }
}

impl ToTokens for Arg {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if let Some((name, eq)) = &self.name {
            name.to_tokens(tokens);
            eq.to_tokens(tokens);
        }
        self.value.to_tokens(tokens);
    }
}

/// The arguments of `matches!`.
struct Matches {
    value: Expr,
    pat: Pat,
    guard: Option<(Token![if], Expr)>,
}

impl Parse for Matches {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = input.call(Pat::parse_multi_with_leading_vert)?;
        let guard = if input.peek(Token![if]) { Some((input.parse()?, input.parse()?)) } else { None };
        input.parse::<Option<Token![,]>>()?;
        Ok(Matches { value, pat, guard })
    }
}
