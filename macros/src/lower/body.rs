//! The body of a function as a whole.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Stmt;

use super::guards::Guards;
use super::{Lower, Region, Used, captures, closure_result, errors, return_type};
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
        paths: &options.paths,
        diagnostics,
        around: &around,
        is_method,
        region: Region::Green,
        used: Used::default(),
        guards: Guards::default(),
        expected: None,
        output: None,
    };
    let before = spelled(&block.stmts);
    let arguments = captures::of_function(&mut function.sig, &before);
    lower.body(&mut block.stmts, return_type::known_part(&function.sig.output, &options.paths));
    let imports = lower.imports();
    closure_result::shape(&mut block.stmts, &function.sig);
    let name = function.sig.ident.span();
    let body =
        return_type::typed(&spelled(&block.stmts), &before, &function.sig.output, name, &options.paths);
    let here = Span::mixed_site().located_at(name);
    let private = options.paths.private(name);
    // The block is the user's own, as far as rustc sees: inside one that comes from an expansion it
    // does not name the arguments in errors.
    let block = quote_spanned!(name=> async move { #arguments #imports #body });
    let is_boxed = options.boxed && function.role == Role::Function;
    // What `main` and a test come to is shown by whoever runs them.
    let may_fail = function.role == Role::Function && errors::may_fail(&function.sig.output);
    let kind = may_fail.then(|| errors::kind(name, &options.paths)).into_iter();
    let door = match (is_boxed, may_fail) {
        (false, false) => "green",
        (false, true) => "noting",
        (true, false) => "boxed",
        (true, true) => "boxed_noting",
    };
    let door = Ident::new(door, here);
    Some(quote_spanned!(here=> #private::#door(#block #(, #kind)*)))
}

/// What a function with this body makes of a call, if the body is not to be lowered.
pub(crate) fn broken(function: &GreenFn, body: &TokenStream, options: &Options) -> TokenStream {
    let name = function.sig.ident.span();
    let private = options.paths.private(name);
    let is_boxed = options.boxed && function.role == Role::Function;
    let door = Ident::new(if is_boxed { "boxed" } else { "green" }, Span::mixed_site().located_at(name));
    quote_spanned!(Span::mixed_site().located_at(name)=> #private::#door(async move { #body }))
}

/// The statements as tokens.
fn spelled(stmts: &[Stmt]) -> TokenStream {
    stmts.iter().map(ToTokens::into_token_stream).collect()
}
