//! The body of a function as a whole.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Signature, Stmt};

use super::guards::Guards;
use super::{
    Asked, Lower, Part, Region, Used, callbacks, captures, closure_result, door, jumps, return_type,
};
use crate::diagnostics::Diagnostics;
use crate::item::{GreenFn, Role};
use crate::options::Options;

/// Lowers the body, and prepares the signature's arguments for it. A trait's method may have none.
///
/// ```text
/// Input:  { let page = fetch(url); page.len() }
/// Output: ::eventlet::__private::green(async move {
///             let _ = &url;
///             use ::eventlet::__private::{GreenProbe as _, PlainProbe as _};
///             let result: usize = {
///                 let page = (match fetch(url) { … });
///                 (match page.len() { … })
///             };
///             { result }
///         })
/// ```
pub(crate) fn function(
    function: &mut GreenFn,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let mut block = function.body.take()?;
    if function.role == Role::Stub {
        return Some(TokenStream::new());
    }
    let (around, is_method) = function.name();
    let around = around.clone();
    let mut lower = Lower {
        paths: options.paths.clone(),
        diagnostics,
        around: &around,
        is_method,
        is_generic: is_generic(&function.sig),
        callbacks: callbacks::of_function(&function.sig),
        macros: options.macros.clone(),
        asked: Asked::Anything,
        region: Region::Green,
        used: Used::default(),
        guards: Guards::default(),
        loops: 0,
        gives: jumps::Gives::of(&function.sig.output),
        expected: None,
        output: None,
        is_last: false,
        part: Part::No,
    };
    if function.role == Role::Ordinary {
        lower.region = Region::of(options.calls);
        lower.body(&mut block.stmts, return_type::known_part(&function.sig.output, &options.paths));
        let (imports, stmts) = (lower.imports(), spelled(&block.stmts));
        return Some(quote_spanned!(Span::mixed_site()=> #imports #stmts));
    }
    let arguments = captures::of_function(&mut function.sig, &function.source);
    let known = return_type::known_part(&function.sig.output, &options.paths);
    lower.body(&mut block.stmts, known.clone());
    let mut imports = lower.imports();
    for place in callbacks::too_narrow(&function.sig) {
        let private = options.paths.private(place);
        imports.extend(
            quote_spanned!(place=> #private::lint::callback_with_reference::Bound.one_for_all_borrows();),
        );
    }
    closure_result::shape(&mut block.stmts, &function.sig);
    let name = function.sig.ident.span();
    let body = spelled(&block.stmts);
    let body = match known {
        Some(ty) => {
            let may_return = function.source.may_return;
            return_type::typed(&body, &ty, may_return, &function.sig.output, name, &options.paths)
        }
        None => body,
    };
    // The block is the user's own, as far as rustc sees: inside one that comes from an expansion it
    // does not name the arguments in errors.
    let block = quote_spanned!(name=> async move { #arguments #imports #body });
    Some(match function.role {
        Role::Function => door::to_call(&block, &function.sig.output, options.boxed, name, &options.paths),
        // What `main` and a test come to is shown by whoever runs them.
        Role::Main | Role::Test | Role::Ordinary | Role::Stub => door::to_run(&block, name, &options.paths),
    })
}

/// What a function with this body makes of a call, if the body is not to be lowered.
pub(crate) fn broken(function: &GreenFn, body: &TokenStream, options: &Options) -> TokenStream {
    let name = function.sig.ident.span();
    let private = options.paths.private(name);
    let is_boxed = options.boxed && function.role == Role::Function;
    let door = Ident::new(if is_boxed { "boxed" } else { "green" }, Span::mixed_site().located_at(name));
    quote_spanned!(Span::mixed_site().located_at(name)=> #private::#door(async move { #body }))
}

/// Whether a function has type parameters, its own or those of the `impl` around it, which show by
/// their short names alone.
fn is_generic(sig: &Signature) -> bool {
    sig.generics.type_params().next().is_some()
        || has_parameter(sig.inputs.to_token_stream())
        || has_parameter(sig.output.to_token_stream())
}

/// Whether a name stands in a type that is short enough for a type parameter.
pub(super) fn has_parameter(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => {
            let name = name.to_string();
            name == "impl" || (name.len() <= 2 && name.starts_with(char::is_uppercase))
        }
        TokenTree::Group(group) => has_parameter(group.stream()),
        _ => false,
    })
}

/// The statements as tokens.
fn spelled(stmts: &[Stmt]) -> TokenStream {
    let mut tokens = TokenStream::new();
    stmts.iter().for_each(|stmt| stmt.to_tokens(&mut tokens));
    tokens
}
