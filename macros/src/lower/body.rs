//! The body of a function as a whole.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Stmt};

use super::{Lower, Region, Used, args, result};
use crate::item::{GreenFn, Role};
use crate::mistakes::Mistakes;
use crate::options::Options;

/// Lowers the body, and prepares the signature's arguments for it. A trait's method may have none.
///
/// ```text
/// Input:  { let page = fetch(url); page.len() }
/// Output: ::eventlet::__private::green(async move {
///             let _ = &url;
///             use ::eventlet::__private::{GreenProbe as _, PlainProbe as _};
///             if false { return ::eventlet::__private::returned::<usize>(); }
///             let page = (match fetch(url) { … });
///             (match page.len() { … })
///         })
/// ```
pub(crate) fn function(
    function: &mut GreenFn,
    options: &Options,
    mistakes: &mut Mistakes,
) -> Option<TokenStream> {
    let mut block = function.body.take()?;
    if function.role == Role::Stub {
        return Some(TokenStream::new());
    }
    let (around, is_method) = function.name();
    let around = around.clone();
    let mut lower = Lower {
        paths: &options.paths,
        mistakes,
        around: &around,
        is_method,
        region: Region::Green,
        used: Used::default(),
    };
    let arguments = args::of_function(&mut function.sig, &spelled(&block.stmts));
    lower.visit_block_mut(&mut block);
    let hint = result::hint(&function.sig.output, &options.paths);
    Some(assemble(&lower, &block, &arguments, &hint, options.boxed && function.role == Role::Function))
}

/// Puts the parts of the body together.
fn assemble(
    lower: &Lower,
    block: &Block,
    arguments: &TokenStream,
    hint: &TokenStream,
    boxed: bool,
) -> TokenStream {
    let private = lower.paths.private();
    let imports = lower.imports();
    let here = proc_macro2::Span::mixed_site().located_at(block.brace_token.span.close());
    let door = proc_macro2::Ident::new(if boxed { "boxed" } else { "green" }, here);
    let stmts = spelled(&block.stmts);
    quote_spanned! {here=>
        #private::#door(async move {
            #arguments
            #imports
            #hint
            #stmts
        })
    }
}

/// The statements as tokens.
fn spelled(stmts: &[Stmt]) -> TokenStream {
    stmts.iter().map(quote::ToTokens::into_token_stream).collect()
}
