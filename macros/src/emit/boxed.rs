//! `#[green(boxed)]`: a result type that can be named has to name how long its borrows live.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericParam, Lifetime, Receiver, ReceiverKind, ReturnType, Signature, Token, Type, TypeImplTrait,
    TypeParamBound, TypeReference, WherePredicate, parse_quote,
};

use crate::lifetimes::left_out;

/// Ties all lifetimes of the arguments to one, that of the call, which it gives.
///
/// Where it makes no difference, that one is the lifetime of all references among the arguments,
/// and what they point at lives as long by that alone. No bound is written then, so that the
/// function can be named where one for all lifetimes is expected, as in a table of
/// `for<'a> fn(&'a Server, &'a [u8]) -> GreenBox<'a, u32>`.
///
/// ```text
/// Input:  fn get(&self, key: &str)
/// Output: fn get<'green>(&'green self, key: &'green str)
/// ```
///
/// Where the result borrows from one of several, or a type has more, they are told apart, and tied
/// by bounds.
///
/// ```text
/// Input:  fn get<'a, K: Key>(&self, key: &'a K, hint: &str)
/// Output: fn get<'a: 'green, 'green, 'l0: 'green, 'l1: 'green, K: Key + 'green>(
///             &'l0 self, key: &'a K, hint: &'l1 str,
///         ) where Self: 'green
/// ```
pub(crate) fn tie(sig: &mut Signature) -> Lifetime {
    let own: Vec<Lifetime> = sig.generics.lifetimes().map(|param| param.lifetime.clone()).collect();
    let unnamed = LeftOut::of(sig);
    let one = match &*own {
        [] if unnamed.can_be_one() => Some(green_lifetime()),
        [only] if unnamed.is_nothing() => Some(only.clone()),
        _ => None,
    };
    let call = one.clone().unwrap_or_else(green_lifetime);
    let mut names = Names { call: call.clone(), named: Vec::new(), of_receiver: None };
    for arg in &mut sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => names.receiver(receiver, one.is_some()),
            FnArg::Typed(arg) => {
                if one.is_none() || !is_given_lifetime(&mut arg.ty, &call) {
                    names.visit_type_mut(&mut arg.ty);
                }
            }
        }
    }
    if let ReturnType::Type(_, ty) = &mut sig.output
        && let Some(lifetime) = one.as_ref().or(names.of_receiver.as_ref()).or(names.only())
    {
        Fill(lifetime.clone()).visit_type_mut(ty);
    }
    let lends_self = one.is_some() && sig.receiver().is_some_and(is_reference);
    let has_self = sig.receiver().is_some();
    let generics = &mut sig.generics;
    let mut outside = generics.where_clause.take();
    for param in &mut generics.params {
        match param {
            GenericParam::Lifetime(param) if param.lifetime != call => {
                param.colon_token.get_or_insert_with(Default::default);
                param.bounds.push(call.clone());
            }
            GenericParam::Type(param) => match bounds_of(&param.ident, &mut outside) {
                Some(bounds) => bounds.push(parse_quote!(#call)),
                None => {
                    param.colon_token.get_or_insert_with(Default::default);
                    param.bounds.push(parse_quote!(#call));
                }
            },
            GenericParam::Lifetime(_) | GenericParam::Const(_) => {}
        }
    }
    generics.where_clause = outside;
    if has_self && !lends_self {
        generics.make_where_clause().predicates.push(parse_quote!(Self: #call));
    }
    let at = generics.params.iter().take_while(|p| matches!(p, GenericParam::Lifetime(_))).count();
    for lifetime in names.named.iter().rev() {
        generics.params.insert(at, parse_quote!(#lifetime: #call));
    }
    if !own.contains(&call) {
        generics.params.insert(at, parse_quote!(#call));
    }
    call
}

/// The bounds that a `where` clause has for a type parameter. A bound belongs to those that are
/// there already: clippy does not like them in two places.
fn bounds_of<'a>(
    param: &Ident,
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

/// Gives a reference the lifetime of the call. What it points at lives as long by that alone.
fn is_given_lifetime(ty: &mut Type, call: &Lifetime) -> bool {
    match ty {
        Type::Reference(ty) => {
            ty.lifetime.get_or_insert_with(|| call.clone());
            true
        }
        Type::Paren(ty) => is_given_lifetime(&mut ty.elem, call),
        Type::Group(ty) => is_given_lifetime(&mut ty.elem, call),
        _ => false,
    }
}

/// `&self`, `&mut self`, `self: &Self`.
fn is_reference(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => matches!(**ty, Type::Reference(_)),
        _ => false,
    }
}

/// How many lifetimes a signature leaves out, where it shows.
#[derive(Default)]
struct LeftOut {
    /// Of arguments that are references.
    outer: usize,
    /// Inside of arguments.
    inner: usize,
    /// Of the result.
    result: usize,
    /// Whether the receiver is a pointer that holds one: `self: Pin<&mut Self>`.
    in_receiver: bool,
}

impl LeftOut {
    fn of(sig: &Signature) -> Self {
        let mut found = LeftOut::default();
        for arg in &sig.inputs {
            match arg {
                FnArg::Receiver(receiver) => match &receiver.kind {
                    ReceiverKind::Reference(_, None, _) => found.outer += 1,
                    ReceiverKind::Typed(_, ty) => match &**ty {
                        Type::Reference(ty) => found.outer += usize::from(ty.lifetime.is_none()),
                        ty => found.in_receiver |= left_out(ty) > 0,
                    },
                    _ => {}
                },
                FnArg::Typed(arg) => match &*arg.ty {
                    Type::Reference(ty) => {
                        found.outer += usize::from(ty.lifetime.is_none());
                        found.inner += left_out(&ty.elem);
                    }
                    ty => found.inner += left_out(ty),
                },
            }
        }
        if let ReturnType::Type(_, ty) = &sig.output {
            found.result = left_out(ty);
        }
        found
    }

    /// Whether it makes no difference that all of them are one.
    fn can_be_one(&self) -> bool {
        !self.in_receiver && (self.result == 0 || (self.outer == 1 && self.inner == 0))
    }

    fn is_nothing(&self) -> bool {
        self.outer + self.inner + self.result == 0 && !self.in_receiver
    }
}

/// The lifetimes that were not written, named.
struct Names {
    call: Lifetime,
    named: Vec<Lifetime>,
    of_receiver: Option<Lifetime>,
}

impl Names {
    fn receiver(&mut self, receiver: &mut Receiver, is_one: bool) {
        let call = self.call.clone();
        match &mut receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) => {
                let lifetime = lifetime.get_or_insert_with(|| if is_one { call } else { self.fresh() });
                self.of_receiver = Some(lifetime.clone());
            }
            ReceiverKind::Typed(_, ty) => {
                if is_one && is_given_lifetime(ty, &call) {
                    return;
                }
                let before = self.named.len();
                self.visit_type_mut(ty);
                self.of_receiver = self.named.get(before).cloned();
            }
            _ => {}
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

impl VisitMut for Names {
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
        let call = &self.call;
        ty.bounds.push(parse_quote!(#call));
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
