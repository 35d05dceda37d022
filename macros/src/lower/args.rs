//! Arguments: captured by the state machine, used or not, so that they drop when the function ends.
//!
//! An argument that is bound to a name is captured, not bound again: a second binding would take its space
//! twice. What is captured drops in the order of capture, and behind all locals; so arguments are mentioned last
//! first. A pattern has to be bound inside, and with it every argument behind it, whose turn to drop is earlier.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Block, FnArg, Pat, PatIdent, Signature};

/// Makes each argument of a function a name, and captures them.
///
/// ```text
/// Input:  fn f(a: A, (b, _): (B, C), d: D)
/// Output: fn f(a: A, __arg1: (B, C), d: D)
///             let _ = &d; let _ = &__arg1; let _ = &a;
///             let (b, _) = __arg1; let d = d;
/// ```
pub(super) fn of_function(sig: &mut Signature, block: &Block) -> TokenStream {
    let body = block.to_token_stream();
    let mut mentions = Vec::new();
    let mut bindings = TokenStream::new();
    let mut behind_pattern = false;
    for (index, arg) in sig.inputs.iter_mut().enumerate() {
        match arg {
            FnArg::Receiver(receiver) => {
                let this = receiver.self_token;
                mentions.push(quote_spanned!(Span::mixed_site()=> let _ = &#this;));
            }
            FnArg::Typed(arg) => {
                let cfgs = cfgs(&arg.attrs);
                let hidden = format_ident!("__arg{index}", span = Span::mixed_site());
                let (name, binding) = named(&mut arg.pat, &hidden, &mut behind_pattern);
                mentions.push(quote_spanned!(Span::mixed_site()=> #cfgs let _ = &#name;));
                match binding {
                    Some(binding) => bindings.extend(quote!(#cfgs #binding)),
                    None => bindings.extend(unused(&name, &body)),
                }
            }
        }
    }
    let mentions = mentions.into_iter().rev();
    quote!(#(#mentions)* #bindings)
}

/// Makes one argument a name; gives that name, and what binds its pattern inside, if anything has to.
fn named(pat: &mut Pat, hidden: &Ident, behind_pattern: &mut bool) -> (Ident, Option<TokenStream>) {
    match pat {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, mutability, ident, .. }) => {
            if !*behind_pattern {
                return (ident.clone(), None);
            }
            let mutability = mutability.take();
            let binding = quote_spanned!(Span::mixed_site()=> let #mutability #ident = #ident;);
            (ident.clone(), Some(binding))
        }
        Pat::Wild(_) if !*behind_pattern => {
            *pat = syn::parse_quote!(#hidden);
            (hidden.clone(), None)
        }
        Pat::Wild(_) => {
            *pat = syn::parse_quote!(#hidden);
            let binding = quote_spanned!(Span::mixed_site()=> let #hidden = #hidden;);
            (hidden.clone(), Some(binding))
        }
        _ => {
            *behind_pattern = true;
            let binding = quote_spanned!(Span::mixed_site()=> let #pat = #hidden;);
            *pat = syn::parse_quote!(#hidden);
            (hidden.clone(), Some(binding))
        }
    }
}

/// Captures the names that the parameters of a green closure bind.
pub(super) fn mentioned(names: &[Ident], body: &TokenStream) -> TokenStream {
    names
        .iter()
        .rev()
        .filter(|name| name.to_string().starts_with('_') || is_mentioned(name, body))
        .map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;))
        .collect()
}

/// To mention an argument is to use it, as far as rustc's lint sees. An argument that the body does not mention
/// gets a binding of the same name that is not used, so that the lint has its say.
fn unused(name: &Ident, body: &TokenStream) -> Option<TokenStream> {
    if name.to_string().starts_with('_') || is_mentioned(name, body) {
        return None;
    }
    Some(quote_spanned!(Span::mixed_site()=> { let #name = (); }))
}

/// Whether a name stands anywhere in the tokens, format strings included.
fn is_mentioned(name: &Ident, tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => is_mentioned(name, &group.stream()),
        TokenTree::Ident(ident) => ident.unraw() == name.unraw(),
        TokenTree::Literal(literal) => literal.to_string().contains(&name.unraw().to_string()),
        TokenTree::Punct(_) => false,
    })
}

/// The conditions under which an argument exists.
fn cfgs(attrs: &[Attribute]) -> TokenStream {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).map(ToTokens::to_token_stream).collect()
}
