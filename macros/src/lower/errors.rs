//! Bodies that may end with an error.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{ReturnType, Type};

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

/// What tells, by the type of a body's value, how its errors are shown. It never runs.
///
/// ```text
/// Output: |errors| {
///             use ::eventlet::__private::{BoxedErrors as _, NoErrors as _, ShownErrors as _};
///             errors().eventlet_kind()
///         }
/// ```
pub(super) fn kind(name: Span, paths: &Paths) -> TokenStream {
    let here = Span::mixed_site().located_at(name);
    let private = paths.private(name);
    quote_spanned! {here=>
        |errors| {
            #[allow(unused_imports)]
            use #private::{BoxedErrors as _, NoErrors as _, ShownErrors as _};
            errors().eventlet_kind()
        }
    }
}
