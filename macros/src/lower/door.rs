//! The way from a body to a green call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ReturnType;

use super::errors;
use crate::paths::Paths;

/// Makes a green call of the block of a body whose result is `output`.
///
/// ```text
/// Input:  async move { … }
/// Output: ::eventlet::__private::green(async move { … })
///         ::eventlet::__private::boxed_noting(async move { … }, { … })    // boxed, and may fail
/// ```
pub(super) fn to_call(
    block: &TokenStream,
    output: &ReturnType,
    is_boxed: bool,
    name: Span,
    paths: &Paths,
) -> TokenStream {
    let kind = errors::may_fail(output).then(|| errors::Kind::of(output, name, paths));
    through("green", block, is_boxed, kind, name, paths)
}

/// The same for a closure, whose result is written nowhere else: a type that is wrong in its place
/// is shown as that of a function's call, which is not the one of a block.
pub(super) fn to_call_of_closure(
    block: &TokenStream,
    output: &ReturnType,
    is_boxed: bool,
    name: Span,
    paths: &Paths,
) -> TokenStream {
    let kind = errors::may_fail(output).then(|| errors::Kind::of(output, name, paths));
    through("closure", block, is_boxed, kind, name, paths)
}

/// The same for a body whose errors are shown by whoever runs it.
pub(super) fn to_run(block: &TokenStream, name: Span, paths: &Paths) -> TokenStream {
    through("green", block, false, None, name, paths)
}

fn through(
    plain: &str,
    block: &TokenStream,
    is_boxed: bool,
    kind: Option<errors::Kind>,
    name: Span,
    paths: &Paths,
) -> TokenStream {
    let here = Span::mixed_site().located_at(name);
    let private = paths.private(name);
    let door = match (is_boxed, &kind) {
        (false, None) => plain,
        (false, Some(errors::Kind::Spelled(_))) => "noting",
        (false, Some(errors::Kind::OfBody(_))) => "noting_of_body",
        (true, None) => "boxed",
        (true, Some(errors::Kind::Spelled(_))) => "boxed_noting",
        (true, Some(errors::Kind::OfBody(_))) => "boxed_noting_of_body",
    };
    let door = Ident::new(door, here);
    let kind = kind.map(|(errors::Kind::Spelled(kind) | errors::Kind::OfBody(kind))| kind).into_iter();
    quote_spanned!(here=> #private::#door(#block #(, #kind)*))
}
