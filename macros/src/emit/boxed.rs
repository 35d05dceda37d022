//! `#[green(boxed)]`: a result type that can be named has to name how long its borrows live.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericParam, Lifetime, ReceiverKind, Signature, Token, Type, TypeImplTrait, TypeParamBound,
    TypeReference, WherePredicate, parse_quote,
};

/// Names every lifetime of the arguments, and ties them all to one, which it gives.
///
/// ```text
/// Input:  fn get<'a, K: Key>(&self, key: &'a K, hint: &str)
/// Output: fn get<'a: 'green, 'green, 'l0: 'green, 'l1: 'green, K: Key + 'green>(
///             &'l0 self, key: &'a K, hint: &'l1 str,
///         ) where Self: 'green
/// ```
pub(crate) fn tie(sig: &mut Signature) -> Lifetime {
    let green = green_lifetime();
    let mut elided = Elided::default();
    for arg in &mut sig.inputs {
        elided.arg(arg);
    }
    let has_self = sig.receiver().is_some();
    let generics = &mut sig.generics;
    let mut outside = generics.where_clause.take();
    for param in &mut generics.params {
        match param {
            GenericParam::Lifetime(param) => {
                param.colon_token.get_or_insert_with(Default::default);
                param.bounds.push(green.clone());
            }
            GenericParam::Type(param) => match bounds_of(&param.ident, &mut outside) {
                Some(bounds) => bounds.push(parse_quote!(#green)),
                None => {
                    param.colon_token.get_or_insert_with(Default::default);
                    param.bounds.push(parse_quote!(#green));
                }
            },
            GenericParam::Const(_) => {}
        }
    }
    generics.where_clause = outside;
    if has_self {
        generics.make_where_clause().predicates.push(parse_quote!(Self: #green));
    }
    let at = generics.params.iter().take_while(|p| matches!(p, GenericParam::Lifetime(_))).count();
    for lifetime in elided.named.iter().rev() {
        generics.params.insert(at, parse_quote!(#lifetime: #green));
    }
    generics.params.insert(at, parse_quote!(#green));
    if let syn::ReturnType::Type(_, ty) = &mut sig.output
        && let Some(lifetime) = elided.of_receiver.as_ref().or(elided.only())
    {
        Fill(lifetime.clone()).visit_type_mut(ty);
    }
    green
}

/// The bounds that a `where` clause has for a type parameter. A bound belongs to those that are
/// there already: clippy does not like them in two places.
fn bounds_of<'a>(
    param: &syn::Ident,
    clause: &'a mut Option<syn::WhereClause>,
) -> Option<&'a mut Punctuated<TypeParamBound, Token![+]>> {
    clause.as_mut()?.predicates.iter_mut().find_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => match &predicate.bounded_ty {
            Type::Path(ty) if ty.qself.is_none() && ty.path.is_ident(param) => Some(&mut predicate.bounds),
            _ => None,
        },
        _ => None,
    })
}

/// The lifetime of a call: it ends no later than any of its borrows.
fn green_lifetime() -> Lifetime {
    Lifetime::new("'green", Span::mixed_site())
}

/// The lifetimes that were not written, named.
#[derive(Default)]
struct Elided {
    named: Vec<Lifetime>,
    of_receiver: Option<Lifetime>,
}

impl Elided {
    fn arg(&mut self, arg: &mut FnArg) {
        match arg {
            FnArg::Receiver(receiver) => match &mut receiver.kind {
                ReceiverKind::Reference(_, lifetime, _) => {
                    let lifetime = lifetime.get_or_insert_with(|| self.fresh());
                    self.of_receiver = Some(lifetime.clone());
                }
                ReceiverKind::Typed(_, ty) => {
                    let before = self.named.len();
                    self.visit_type_mut(ty);
                    self.of_receiver = self.named.get(before).cloned();
                }
                _ => {}
            },
            FnArg::Typed(arg) => self.visit_type_mut(&mut arg.ty),
        }
    }

    fn fresh(&mut self) -> Lifetime {
        let lifetime = Lifetime::new(&format!("'l{}", self.named.len()), Span::mixed_site());
        self.named.push(lifetime.clone());
        lifetime
    }

    /// The lifetime that an elided one in the result stands for, if the arguments have just one.
    fn only(&self) -> Option<&Lifetime> {
        match &*self.named {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl VisitMut for Elided {
    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        if ty.lifetime.is_none() {
            ty.lifetime = Some(self.fresh());
        }
        visit_mut::visit_type_reference_mut(self, ty);
        // Now there is a `+` in it, and `&impl Read + 'a` could be meant in two ways.
        if matches!(*ty.elem, Type::ImplTrait(_) | Type::TraitObject(_)) {
            let elem = &ty.elem;
            ty.elem = parse_quote!((#elem));
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.fresh();
        }
    }

    // The arguments of a function type have lifetimes of their own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut syn::ParenthesizedGenericArguments) {}

    // An anonymous type parameter takes its bound where it stands.
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        visit_mut::visit_type_impl_trait_mut(self, ty);
        let green = green_lifetime();
        ty.bounds.push(parse_quote!(#green));
    }
}

/// Writes a lifetime where the result leaves one out.
struct Fill(Lifetime);

impl VisitMut for Fill {
    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        ty.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        if !matches!(ty, Type::FnPtr(_)) {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}
