//! Which calls are green: decided by the type of a call's value, through method resolution.
//!
//! The macro writes, for a call `e`,
//!
//! ```text
//! match e { value => {
//!     let kind = loop { break Kind::KIND; break probe(&value, 0).eventlet_kind() };
//!     if kind.plain { kind.value(value) } else { kind.call(value).await }
//! } }
//! ```
//!
//! The second `break` never runs: it only tells the type of `kind`. `eventlet_kind` resolves, in this order,
//!
//! 1. to the inherent method of `Probe<T>` where `T` is [`Inferable`]: `Unpin`, or a collection. It is a plain value.
//!    A type that is not known yet may be that, so it is taken for plain here and inferred later, as
//!    `let v: Vec<u8> = it.collect()` needs;
//! 2. to [`GreenProbe`], by value: a green call, which is never `Unpin`;
//! 3. to [`PlainProbe`], by `&mut`: every other value (type parameters, values that must not move).
//!
//! Where the source says which type it expects, [`ProbeAs`] first asks whether the value is of that type, or may be:
//! `let one: T = Default::default()` has a type parameter for its type, and that is nothing of the above.
//!
//! For a plain kind `call` gives a [`Never`], which has no value: the waiting arm is dropped before the state
//! machine is laid out, so that a plain call adds neither a suspension point nor a byte to it. A green call is
//! only ever moved whole, so that one copy of it is kept.
//!
//! A `for` loop asks in the same way which iterator it has, with [`Steps`] in place of [`Probe`].

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::{BoxedCall, Green};
use crate::inferable::Inferable;
use crate::iter::{GreenIterator, IntoGreenIterator};

/// Carries the type of a call's value, and nothing else.
pub struct Probe<T, Family>(PhantomData<fn() -> (T, Family)>);

/// Names the type of `value`. Stands in code that never runs.
#[inline(always)]
pub fn probe<T, Family>(_value: &T, _family: Family) -> Probe<T, Family> {
    Probe(PhantomData)
}

impl<T: Inferable<Family>, Family> Probe<T, Family> {
    /// The first answer: a plain value.
    pub fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// Carries the type of a call's value, and the type that the source expects of it.
pub struct ProbeAs<T, Expected>(PhantomData<fn() -> (T, Expected)>);

/// Names the type of `value`, and the type that is expected of it. Stands in code that never runs.
#[inline(always)]
pub fn probe_as<T, Expected>(_value: &T) -> ProbeAs<T, Expected> {
    ProbeAs(PhantomData)
}

impl<T> ProbeAs<T, T> {
    /// The first answer: just what is expected, or not known yet. The type of a green call has no name to expect.
    pub fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

impl<F: Future, Expected> GreenProbe for ProbeAs<Green<F>, Expected> {
    type Kind = Driven<F>;
    fn eventlet_kind(self) -> Driven<F> {
        Kind::KIND
    }
}

impl<T, Expected> PlainProbe for &mut ProbeAs<T, Expected> {
    type Kind = Plain<T>;
    fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// The second answer: a green call.
pub trait GreenProbe {
    /// The kind of this call.
    type Kind;
    /// Tells the kind of this call.
    fn eventlet_kind(self) -> Self::Kind;
}

impl<F: Future, Family> GreenProbe for Probe<Green<F>, Family> {
    type Kind = Driven<F>;
    fn eventlet_kind(self) -> Driven<F> {
        Kind::KIND
    }
}

/// The third answer: a plain value again.
pub trait PlainProbe {
    /// The kind of this call.
    type Kind;
    /// Tells the kind of this call.
    fn eventlet_kind(self) -> Self::Kind;
}

impl<T, Family> PlainProbe for &mut Probe<T, Family> {
    type Kind = Plain<T>;
    fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// A kind that inference has yet to name: `Kind::KIND` stands for it where the answer is only a type.
///
/// A constant, because a function could panic as far as rustc knows: the call would have to be dropped then, and the
/// state machine would carry a flag for it through its whole life.
pub trait Kind {
    /// The only value of this kind.
    const KIND: Self;
}

/// A call whose value is final as it is.
pub struct Plain<T> {
    /// `true`. A field, because a method would have to be looked up at every call.
    pub plain: bool,
    of: PhantomData<fn() -> T>,
}

/// A call whose value is a green call, to be driven in place.
pub struct Driven<F> {
    /// `false`.
    pub plain: bool,
    of: PhantomData<fn() -> F>,
}

impl<T> Copy for Plain<T> {}

impl<T> Clone for Plain<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Kind for Plain<T> {
    const KIND: Self = Plain { plain: true, of: PhantomData };
}

impl<F> Copy for Driven<F> {}

impl<F> Clone for Driven<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Kind for Driven<F> {
    const KIND: Self = Driven { plain: false, of: PhantomData };
}

// The same methods on both kinds; each kind uses the half that is its own. They take the kind by value: a borrow
// of it would keep it in the state machine.
#[allow(missing_docs, clippy::unused_self)]
impl<T> Plain<T> {
    #[inline(always)]
    pub fn value(self, value: T) -> T {
        value
    }
    pub fn call(self, _value: T) -> Never<T> {
        unreachable!("a plain value is not driven")
    }
    pub fn boxed(self, _value: T) -> Never<T> {
        unreachable!("a plain value is not driven")
    }
    #[inline(always)]
    pub fn stay(self, value: T) -> T {
        value
    }
}

#[allow(missing_docs, clippy::unused_self)]
impl<F: Future> Driven<F> {
    pub fn value(self, _value: Green<F>) -> F::Output {
        unreachable!("a green call is driven")
    }
    #[inline(always)]
    pub fn call(self, call: Green<F>) -> Green<F> {
        call
    }
    #[inline(always)]
    pub fn boxed(self, call: Green<F>) -> BoxedCall<F> {
        BoxedCall::new(call)
    }
    pub fn stay(self, _call: Green<F>) -> F::Output {
        unreachable!("no green call stays put")
    }
}

/// The kinds that may stand in a `no_switch!` region: all but those that are driven.
#[diagnostic::on_unimplemented(
    message = "this call may switch to another green thread, inside `no_switch!`",
    label = "a green call: it may suspend here",
    note = "`no_switch! {{ … }}` promises that no other green thread runs before its end",
    note = "help: make this call before the region or after it, and keep only its result inside"
)]
pub trait StaysPut: Sized {
    /// Does nothing: that it may be called is the answer.
    #[inline(always)]
    fn stays_put(self) {}
}

#[diagnostic::do_not_recommend]
impl<T> StaysPut for Plain<T> {}
#[diagnostic::do_not_recommend]
impl<T> StaysPut for PlainSteps<T> {}
#[diagnostic::do_not_recommend]
impl<T> StaysPut for RefusedSteps<T> {}

/// What a plain call's waiting arm waits for: there is none, so rustc drops that arm.
pub enum Never<T> {
    /// Cannot be made.
    None(Infallible, PhantomData<T>),
}

impl<T> Future for Never<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        unreachable!("there is nothing to wait for")
    }
}

/// Carries the type of what a `for` loop goes over, and nothing else.
pub struct Steps<T>(PhantomData<fn() -> T>);

/// Names the type of what a `for` loop goes over. Stands in code that never runs.
#[inline(always)]
pub fn steps<T>(_iterable: &T) -> Steps<T> {
    Steps(PhantomData)
}

impl<T: IntoIterator> Steps<T> {
    /// The first answer: an ordinary iterator.
    pub fn eventlet_steps(self) -> PlainSteps<T> {
        Kind::KIND
    }
}

/// The second answer: a green iterator.
pub trait GreenSteps {
    /// The kind of these steps.
    type Kind;
    /// Tells the kind of these steps.
    fn eventlet_steps(self) -> Self::Kind;
}

impl<T: IntoGreenIterator> GreenSteps for Steps<T> {
    type Kind = DrivenSteps<T>;
    fn eventlet_steps(self) -> DrivenSteps<T> {
        Kind::KIND
    }
}

/// The third answer: neither, which `Iterable` turns into an error.
pub trait NoSteps {
    /// What the loop was to go over.
    type Iterable;
    /// Refuses the loop.
    fn eventlet_steps(self) -> RefusedSteps<Self::Iterable>
    where
        Self::Iterable: Iterable;
}

impl<T> NoSteps for &mut Steps<T> {
    type Iterable = T;
    fn eventlet_steps(self) -> RefusedSteps<T>
    where
        T: Iterable,
    {
        Kind::KIND
    }
}

/// What a `for` loop in a green body can go over.
#[diagnostic::on_unimplemented(
    message = "a `for` loop cannot go over `{Self}`",
    label = "neither an `IntoIterator` nor a `GreenIterator`",
    note = "in a green body `for` takes ordinary iterators (`IntoIterator`) and green ones (`GreenIterator`)"
)]
pub trait Iterable {}

/// Steps that are made at once.
pub struct PlainSteps<T> {
    /// `true`.
    pub plain: bool,
    of: PhantomData<fn() -> T>,
}

/// Steps that are green calls.
pub struct DrivenSteps<T> {
    /// `false`.
    pub plain: bool,
    of: PhantomData<fn() -> T>,
}

/// What a refused loop would yield.
pub enum NoItem {}

/// Steps that nothing makes: they exist so that a refused loop is one error, not six.
pub struct RefusedSteps<T> {
    /// `true`.
    pub plain: bool,
    of: PhantomData<fn() -> T>,
}

impl<T> Copy for RefusedSteps<T> {}

impl<T> Clone for RefusedSteps<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Kind for RefusedSteps<T> {
    const KIND: Self = RefusedSteps { plain: true, of: PhantomData };
}

impl<T> Copy for PlainSteps<T> {}

impl<T> Clone for PlainSteps<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Kind for PlainSteps<T> {
    const KIND: Self = PlainSteps { plain: true, of: PhantomData };
}

impl<T> Copy for DrivenSteps<T> {}

impl<T> Clone for DrivenSteps<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Kind for DrivenSteps<T> {
    const KIND: Self = DrivenSteps { plain: false, of: PhantomData };
}

// Again the same methods on all.
#[allow(missing_docs, clippy::unused_self)]
impl<T: IntoIterator> PlainSteps<T> {
    #[inline(always)]
    pub fn start(self, iterable: T) -> T::IntoIter {
        iterable.into_iter()
    }
    #[inline(always)]
    pub fn value(self, iter: &mut T::IntoIter) -> Option<T::Item> {
        iter.next()
    }
    pub fn call(self, _iter: &mut T::IntoIter) -> Never<Option<T::Item>> {
        unreachable!("a plain iterator is not driven")
    }
    #[inline(always)]
    pub fn stay(self, iter: &mut T::IntoIter) -> Option<T::Item> {
        iter.next()
    }
}

#[allow(missing_docs, clippy::unused_self)]
impl<T: IntoGreenIterator> DrivenSteps<T> {
    #[inline(always)]
    pub fn start(self, iterable: T) -> T::IntoIter {
        iterable.into_green_iter()
    }
    pub fn value(self, _iter: &mut T::IntoIter) -> Option<T::Item> {
        unreachable!("a green iterator is driven")
    }
    #[inline(always)]
    pub fn call(self, iter: &mut T::IntoIter) -> Green<impl Future<Output = Option<T::Item>>> {
        iter.next()
    }
    pub fn stay(self, _iter: &mut T::IntoIter) -> Option<T::Item> {
        unreachable!("no green iterator stays put")
    }
}

#[allow(missing_docs, clippy::unused_self)]
impl<T> RefusedSteps<T> {
    pub fn start(self, iterable: T) -> T {
        iterable
    }
    pub fn value(self, _iter: &mut T) -> Option<NoItem> {
        None
    }
    pub fn call(self, _iter: &mut T) -> Never<Option<NoItem>> {
        unreachable!("a refused loop does not compile")
    }
    pub fn stay(self, _iter: &mut T) -> Option<NoItem> {
        None
    }
}
