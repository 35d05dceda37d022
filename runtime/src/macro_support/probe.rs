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
//! The second `break` never runs: it only determines the type of `kind`. `eventlet_kind` resolves,
//! in this order,
//!
//! 1. to the inherent method of `Probe<T>` where `T` is [`Inferable`]: `Unpin`, or a collection. It
//!    is a plain value. A type that is not known yet may be that, so it is taken for plain here and
//!    inferred later, as `let v: Vec<u8> = it.collect()` needs;
//! 2. to [`GreenProbe`], by value: a green call, which is never `Unpin`;
//! 3. to [`PlainProbe`], by `&mut`: every other value (type parameters, values that must not move).
//!
//! Where the source says which type it expects, [`ProbeAs`] first asks whether the value is of that
//! type, or may be: `let one: T = Default::default()` has a type parameter for its type, and that
//! is nothing of the above. (Where that has no name, `part.rs` learns it.)
//!
//! The value of a type's own function (`NodeIndex::new(1)`) mostly is of that type, and where there
//! are type parameters the same can be said of most other calls: only a parameter may become known
//! later. [`ProbeNamed`] takes such a value for plain there and then, and gives the first answer
//! only where nothing at all is known, of types that are plain by their names.
//!
//! For a plain kind `call` gives a [`Never`], which has no value: the waiting arm is dropped before
//! the state machine is laid out, so that a plain call adds neither a suspension point nor a byte
//! to it. A green call is only ever moved whole, so that one copy of it is kept.
//!
//! A `for` loop asks in the same way which iterator it has: see `for_loop.rs`.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::{BoxedCall, Green};
use crate::macro_support::inferable::{Inferable, KnownByName};
use crate::macro_support::undriven::HandedOn;

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
pub struct ProbeAs<T, Expected>(pub(super) PhantomData<fn() -> (T, Expected)>);

/// Names the type of `value`, and the type that is expected of it. Stands in code that never runs.
#[inline(always)]
pub fn probe_as<T, Expected>(_value: &T) -> ProbeAs<T, Expected> {
    ProbeAs(PhantomData)
}

impl<T> ProbeAs<T, T> {
    /// The first answer: just what is expected, or not known yet. The type of a green call has no
    /// name to expect.
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

/// Carries the type of a value that is likely to have a name.
pub struct ProbeNamed<T>(PhantomData<fn() -> T>);

/// Names the type of `value`. Stands in code that never runs.
#[inline(always)]
pub fn probe_named<T>(_value: &T) -> ProbeNamed<T> {
    ProbeNamed(PhantomData)
}

impl<T: KnownByName> ProbeNamed<T> {
    /// The first answer: not known yet, or a type of std's.
    pub fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

impl<F: Future> GreenProbe for ProbeNamed<Green<F>> {
    type Kind = Driven<F>;
    fn eventlet_kind(self) -> Driven<F> {
        Kind::KIND
    }
}

impl<T> PlainProbe for &mut ProbeNamed<T> {
    type Kind = Plain<T>;
    fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// Carries the type of what a parameter with an `AsyncFn` bound has given.
pub struct ProbeFuture<T>(PhantomData<fn() -> T>);

/// Names the type of `value`. Stands in code that never runs.
#[inline(always)]
pub fn probe_future<T>(_value: &T) -> ProbeFuture<T> {
    ProbeFuture(PhantomData)
}

impl<T: Future> ProbeFuture<T> {
    /// The first answer: a call, which has no type of ours.
    pub fn eventlet_kind(self) -> Awaited<T> {
        Kind::KIND
    }
}

impl<T> PlainProbe for &mut ProbeFuture<T> {
    type Kind = Plain<T>;
    fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// The second answer: a green call.
pub trait GreenProbe {
    /// The kind of this call.
    type Kind;
    /// The kind of this call, as a type.
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
    /// The kind of this call, as a type.
    fn eventlet_kind(self) -> Self::Kind;
}

impl<T, Family> PlainProbe for &mut Probe<T, Family> {
    type Kind = Plain<T>;
    fn eventlet_kind(self) -> Plain<T> {
        Kind::KIND
    }
}

/// A kind that inference has yet to name: `Kind::KIND` stands for it where the answer is only a
/// type.
///
/// A constant, because a function could panic as far as rustc knows: the call would have to be
/// dropped then, and the state machine would carry a flag for it through its whole life.
pub trait Kind {
    /// The only value of this kind.
    const KIND: Self;
}

/// Defines a kind of calls or of loops: a type that carries another, and has one value.
macro_rules! kind {
    ($(#[$doc:meta])* $Kind:ident, plain: $plain:literal) => {
        $(#[$doc])*
        pub struct $Kind<T> {
            #[doc = concat!("`", stringify!($plain), "`. A field, because a method would have to be looked up at every call.")]
            pub plain: bool,
            of: std::marker::PhantomData<fn() -> T>,
        }

        impl<T> Copy for $Kind<T> {}

        impl<T> Clone for $Kind<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> $crate::macro_support::probe::Kind for $Kind<T> {
            const KIND: Self = $Kind { plain: $plain, of: std::marker::PhantomData };
        }
    };
}
pub(crate) use kind;

kind!(
    /// A call whose value is final as it is.
    Plain, plain: true
);
kind!(
    /// A call whose value is a green call, to be driven in place.
    Driven, plain: false
);

kind!(
    /// A call of a parameter with an `AsyncFn` bound, to be driven in place.
    Awaited, plain: false
);

// The same methods on all kinds; each kind uses the half that is its own. They take the kind by
// value: a borrow of it would keep it in the state machine.
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
    pub fn in_place(self, value: T) -> T {
        value
    }
    #[inline(always)]
    pub fn stay(self, value: T) -> T {
        value
    }
    #[inline(always)]
    pub fn handed<Family>(self, value: T, _family: Family) -> T {
        value
    }
    #[inline(always)]
    pub fn if_plain<Lint>(self, lint: Lint) -> Lint {
        lint
    }
    #[inline(always)]
    pub fn if_green<Lint>(self, _lint: Lint) -> NoLint {
        NoLint
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
    #[track_caller]
    pub fn in_place(self, call: Green<F>) -> F::Output {
        call.wait_in_place()
    }
    pub fn stay(self, _call: Green<F>) -> F::Output {
        unreachable!("no green call stays put")
    }
    #[inline(always)]
    pub fn handed<Value, Family>(self, call: Green<F>, _family: Family) -> Value
    where
        Green<F>: HandedOn<Value, Family>,
    {
        call.handed_on()
    }
    #[inline(always)]
    pub fn if_plain<Lint>(self, _lint: Lint) -> NoLint {
        NoLint
    }
    #[inline(always)]
    pub fn if_green<Lint>(self, lint: Lint) -> Lint {
        lint
    }
}

/// Stands where a type of [`lint`](crate::lint) would be asked, and says nothing.
#[derive(Clone, Copy)]
pub struct NoLint;

#[allow(missing_docs, clippy::unused_self)]
impl NoLint {
    #[inline(always)]
    pub fn held(self) {}
}

#[allow(missing_docs, clippy::unused_self)]
impl<F: Future> Awaited<F> {
    pub fn value(self, _value: F) -> F::Output {
        unreachable!("a call is driven")
    }
    #[inline(always)]
    #[track_caller]
    pub fn call(self, call: F) -> Green<F> {
        Green::new(call)
    }
    pub fn boxed(self, call: F) -> BoxedCall<F> {
        BoxedCall::new(Green::new(call))
    }
    #[track_caller]
    pub fn in_place(self, call: F) -> F::Output {
        Green::new(call).wait_in_place()
    }
    pub fn stay(self, _call: F) -> F::Output {
        unreachable!("no call stays put")
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

/// The same for a function or closure that promises it as a whole.
#[diagnostic::on_unimplemented(
    message = "this call may switch to another green thread, in a function that promises not to",
    label = "a green call: it may suspend here",
    note = "`#[green(no_switch)]` makes an ordinary function, in which no green call is driven or handed on",
    note = "help: remove the option, or hand the call on in a green closure"
)]
pub trait NeverGreen: Sized {
    /// Does nothing: that it may be called is the answer.
    #[inline(always)]
    fn never_green(self) {}
}

#[diagnostic::do_not_recommend]
impl<T> NeverGreen for Plain<T> {}

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
