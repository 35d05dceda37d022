//! Lifetimes that a type leaves out.

use syn::visit::{self, Visit};
use syn::{Lifetime, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeReference};

/// How many lifetimes a type leaves out, where it shows: `&str`, `Words<'_>`. The arguments of a
/// function's type have lifetimes of their own.
pub(crate) fn left_out(ty: &Type) -> usize {
    let mut count = Count(0);
    count.visit_type(ty);
    count.0
}

struct Count(usize);

impl<'a> Visit<'a> for Count {
    fn visit_type_reference(&mut self, ty: &'a TypeReference) {
        self.0 += usize::from(ty.lifetime.is_none());
        visit::visit_type_reference(self, ty);
    }

    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        self.0 += usize::from(lifetime.ident == "_");
    }

    fn visit_type_fn_ptr(&mut self, _: &'a TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}
}
