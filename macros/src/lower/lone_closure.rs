//! A green closure in an ordinary function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprClosure};

use super::guards::Guards;
use super::undriven::Outside;
use super::{Lower, Region, Used};
use crate::diagnostics::Diagnostics;
use crate::paths::Paths;

/// Lowers a closure that stands alone.
///
/// ```text
/// Input:  move |x| fetch(x)
/// Output: {
///             use ::eventlet::__private::{GreenProbe as _, PlainProbe as _};
///             move |x| ::eventlet::__private::green(async move { … })
///         }
/// ```
pub(crate) fn lone_closure(
    mut closure: ExprClosure,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    closure.attrs.push(syn::parse_quote!(#[green]));
    // There is no function around that could call itself.
    let around = Ident::new("_", Span::mixed_site());
    let mut lower = Lower {
        paths,
        diagnostics,
        around: &around,
        is_method: false,
        region: Region::Plain(Outside::Closure),
        used: Used::default(),
        guards: Guards::default(),
        expected: None,
        output: None,
    };
    let mut closure = Expr::Closure(closure);
    lower.closure(&mut closure);
    let imports = lower.imports();
    let closure = closure.into_token_stream();
    quote!({ #imports #closure })
}
