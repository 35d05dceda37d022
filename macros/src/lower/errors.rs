//! Bodies that may end with an error.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::body::has_parameter;

use super::{has_hole, return_type};
use crate::paths::Paths;

/// Names of types that are no `Result`, so that nothing has to be asked about them. Any other may
/// be one by an alias.
const NO_RESULTS: [&str; 21] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
    "u128", "usize", "String", "Vec", "Option", "Box", "Rc",
];

/// May a function with this result end with an `Err`, as far as its source says?
pub(super) fn may_fail(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    match &**ty {
        Type::Path(ty) => {
            ty.path.segments.last().is_some_and(|last| NO_RESULTS.iter().all(|name| last.ident != name))
        }
        Type::Macro(_) | Type::Paren(_) | Type::Group(_) => true,
        _ => false,
    }
}

/// Whether there is a type parameter in the type of a function's errors, which shows by its short
/// name: `Result<T, Rejected<W>>`.
///
/// Whether such a type is an `Error` may depend on how long the parameter lives
/// (`impl<W: Any> Error for Rejected<W>`), which the choice of a method does not ask.
fn is_open(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let Some(GenericArgument::Type(error)) = last_argument(ty) else { return false };
    last_argument(error).is_some() && has_parameter(error.to_token_stream())
}

fn last_argument(ty: &Type) -> Option<&GenericArgument> {
    let Type::Path(ty) = ty else { return None };
    match &ty.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.last(),
        _ => None,
    }
}

/// What tells, by the type of a body's value, how its errors are shown.
pub(super) enum Kind {
    /// Asked of the type as the source spells it.
    Spelled(TokenStream),
    /// Asked of the body, since a part of the type cannot be written: `io::Result<impl Read>`. It
    /// never runs.
    OfBody(TokenStream),
}

impl Kind {
    /// ```text
    /// Input:  -> io::Result<u32>
    /// Output: {
    ///             use ::eventlet::__private::kinds_of_errors::*;
    ///             ::eventlet::__private::errors::<io::Result<u32>>().eventlet_kind()
    ///         }
    ///
    /// Input:  -> io::Result<impl Read>
    /// Output: |errors| { use ::eventlet::__private::kinds_of_errors::*; errors().eventlet_kind() }
    /// ```
    pub(super) fn of(output: &ReturnType, name: Span, paths: &Paths) -> Self {
        let here = Span::mixed_site().located_at(name);
        let private = paths.private(name);
        let without_sources = is_open(output).then(|| quote_spanned!(here=> .without_sources()));
        let imports = quote_spanned!(here=> #[allow(unused_imports)] use #private::kinds_of_errors::*;);
        match return_type::known_part(output, paths).filter(|ty| !has_hole(ty)) {
            // A closure would be one function more to check.
            Some(ty) => Kind::Spelled(
                quote_spanned!(here=> { #imports #private::errors::<#ty>() #without_sources.eventlet_kind() }),
            ),
            None => Kind::OfBody(
                quote_spanned!(here=> |errors| { #imports errors() #without_sources.eventlet_kind() }),
            ),
        }
    }
}
