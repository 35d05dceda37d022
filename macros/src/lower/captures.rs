//! Arguments: captured by the state machine, used or not, so that they drop when the function ends.
//!
//! An argument that is bound to a name is captured, not bound again: a second binding would take
//! its space twice. What is captured drops in the order of capture, and behind all locals; so
//! arguments are mentioned last first. A pattern has to be bound inside, and with it every argument
//! behind it, whose turn to drop is earlier.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatIdent, Signature, Token};

use crate::paths::Paths;
use crate::source::Source;

/// Makes each argument of a function a name, and captures them.
///
/// ```text
/// Input:  fn f(a: A, (b, _): (B, C), d: D)
/// Output: fn f(a: A, __arg1: (B, C), d: D)
///             let _ = &d; let _ = &__arg1; let _ = &a;
///             let (b, _) = __arg1; let d = d;
/// ```
pub(super) fn of_function(sig: &mut Signature, body: &Source) -> TokenStream {
    let mut captures = Captures::new(body);
    for arg in &mut sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => {
                let name = Ident::new("self", receiver.self_token.span);
                captures.mention(&name, &TokenStream::new());
            }
            FnArg::Typed(arg) => captures.arg(&mut arg.pat, &cfgs(&arg.attrs)),
        }
    }
    captures.finish()
}

/// The same for the parameters of a `move` closure.
pub(super) fn of_move_closure<'a>(params: impl Iterator<Item = &'a mut Pat>, body: &Source) -> TokenStream {
    let mut captures = Captures::new(body);
    for param in params {
        captures.arg(without_type(param), &TokenStream::new());
    }
    captures.finish()
}

/// The parameters of a closure that borrows: what wraps them outside its body, and what unwraps
/// them inside.
///
/// ```text
/// Input:  |a, (b, _)|
/// Output: |a, __arg1|
///             let a = Moved(a); let __arg1 = Moved(__arg1);
///                 let a = a.into_inner(); let (b, _) = __arg1.into_inner();
/// ```
pub(super) fn of_closure<'a>(
    params: impl Iterator<Item = &'a mut Pat>,
    paths: &Paths,
) -> (TokenStream, TokenStream) {
    let here = Span::mixed_site();
    let private = paths.private(here);
    let (mut outside, mut inside) = (TokenStream::new(), TokenStream::new());
    for (index, param) in params.enumerate() {
        let pat = without_type(param);
        let (name, inner) = match simple(pat) {
            Some((mutability, name)) => {
                let name = name.clone();
                let mutability = mutability.take();
                (name.clone(), quote!(#mutability #name))
            }
            None => {
                let name = hidden(index);
                (name.clone(), std::mem::replace(pat, syn::parse_quote!(#name)).into_token_stream())
            }
        };
        let allow = allow_underscore(&name);
        outside.extend(quote_spanned!(here=> #allow let #name = #private::Moved(#name);));
        inside.extend(quote_spanned!(here=> #allow let #inner = #name.into_inner();));
    }
    (outside, inside)
}

/// Arguments on their way into a state machine.
struct Captures<'a> {
    body: &'a Source,
    mentions: Vec<TokenStream>,
    bindings: TokenStream,
    behind_pattern: bool,
}

impl<'a> Captures<'a> {
    fn new(body: &'a Source) -> Self {
        Captures { body, mentions: Vec::new(), bindings: TokenStream::new(), behind_pattern: false }
    }

    /// To mention an argument is to capture it whole.
    fn mention(&mut self, name: &Ident, cfgs: &TokenStream) {
        let here = Span::mixed_site();
        let allow = allow_underscore(name);
        self.mentions.push(quote_spanned!(here=> #cfgs #allow let _ = &#name;));
    }

    /// Makes one argument a name, and binds its pattern inside if anything has to.
    fn arg(&mut self, pat: &mut Pat, cfgs: &TokenStream) {
        let hidden = hidden(self.mentions.len());
        let here = Span::mixed_site();
        if let Some((mutability, name)) = simple(pat) {
            let name = name.clone();
            let binding = if self.behind_pattern {
                let mutability = mutability.take();
                Some(quote_spanned!(here=> let #mutability #name = #name;))
            } else {
                self.unused(&name)
            };
            self.bindings.extend(binding.map(|binding| quote!(#cfgs #binding)));
            return self.mention(&name, cfgs);
        }
        let pat = std::mem::replace(pat, syn::parse_quote!(#hidden));
        if self.behind_pattern {
            // What the pattern leaves behind drops before the earlier arguments too.
            self.bindings.extend(quote_spanned!(here=> #cfgs let #hidden = #hidden;));
        }
        if !matches!(pat, Pat::Wild(_)) {
            self.behind_pattern = true;
            self.bindings.extend(quote_spanned!(here=> #cfgs let #pat = #hidden;));
        }
        self.mention(&hidden, cfgs);
    }

    /// To mention an argument is also to use it, as far as rustc's lint sees. An argument that the
    /// body does not mention gets a second binding of its name that is not used, so that the lint
    /// has its say.
    fn unused(&self, name: &Ident) -> Option<TokenStream> {
        let is_used = name.to_string().starts_with('_') || self.body.mentions(name);
        (!is_used).then(|| quote_spanned!(Span::mixed_site()=> { let #name = (); }))
    }

    fn finish(self) -> TokenStream {
        let Captures { mentions, bindings, .. } = self;
        let mentions = mentions.into_iter().rev();
        quote!(#(#mentions)* #bindings)
    }
}

/// To capture an argument whose name begins with `_` is not to use it, as clippy would think.
fn allow_underscore(name: &Ident) -> Option<TokenStream> {
    let allow = || quote_spanned!(Span::mixed_site()=> #[allow(clippy::used_underscore_binding)]);
    name.to_string().starts_with('_').then(allow)
}

/// The name of an argument that has none.
fn hidden(index: usize) -> Ident {
    format_ident!("__arg{index}", span = Span::mixed_site())
}

/// A pattern that only binds the whole argument to a name.
fn simple(pat: &mut Pat) -> Option<(&mut Option<Token![mut]>, &Ident)> {
    match pat {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, mutability, ident, .. }) => {
            Some((mutability, ident))
        }
        _ => None,
    }
}

/// The pattern of a closure's parameter, without its type.
fn without_type(param: &mut Pat) -> &mut Pat {
    match param {
        Pat::Type(param) => &mut param.pat,
        param => param,
    }
}

/// The conditions under which an argument exists.
fn cfgs(attrs: &[Attribute]) -> TokenStream {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).map(ToTokens::to_token_stream).collect()
}
