//! A green closure in an ordinary function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, ExprClosure};

use super::guards::Guards;
use super::jumps::Gives;
use super::undriven::Outside;
use super::{Asked, Lower, Part, Region, Used};
use crate::diagnostics::Diagnostics;
use crate::options::Options;

/// Reads a closure, which may have attributes.
pub(crate) fn with_attributes(input: ParseStream) -> syn::Result<ExprClosure> {
    let attrs = input.call(Attribute::parse_outer)?;
    Ok(ExprClosure { attrs, ..input.parse()? })
}

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
    options: Options,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    // There is no function around that could call itself.
    let around = Ident::new("_", Span::mixed_site());
    let mut lower = Lower {
        paths: options.paths.clone(),
        diagnostics,
        around: &around,
        is_method: false,
        is_generic: false,
        callbacks: Vec::new(),
        macros: Vec::new(),
        asked: Asked::Anything,
        region: Region::Plain(Outside::Closure),
        used: Used::default(),
        guards: Guards::default(),
        loops: 0,
        gives: Gives::default(),
        expected: None,
        output: None,
        is_last: false,
        part: Part::No,
    };
    let options = lower.own_options(&mut closure).unwrap_or(options);
    lower.paths = options.paths.clone();
    lower.green_closure(&mut closure, options);
    let imports = lower.imports();
    quote!({ #imports #closure })
}
