//! What is expected of a part of a value, where that has no name at hand.
//!
//! A call stands where its type is asked, and there the compiler expects nothing of it. What the
//! place around expects, a [`Part`] learns: a block that is left with one has to have its type. The
//! macro writes, for a call in a field,
//!
//! ```text
//! 'part: {
//!     let part = part();
//!     if false { break 'part part.value() }
//!     match part.hint(()).to(names.map(length)) { value => … }
//! }
//! ```
//!
//! If an [`Adaptor`] of std's is expected that holds a function, as `Map<I, fn(&str) -> usize>`
//! does, the hint is that type, and so it is expected of the call: the item of a function, or a
//! closure, becomes the pointer that it has to be. Of any other type the hint says nothing, and the
//! call is asked like all.

use std::marker::PhantomData;
use std::ops::{Bound, Deref};
use std::rc::Rc;
use std::task::Poll;
use std::{iter, slice, str};

use crate::macro_support::probe::ProbeAs;

/// Carries the type that is expected of a part of a value.
pub struct Part<Expected>(PhantomData<fn() -> Expected>);

/// A part of which nothing is known yet.
#[inline(always)]
pub fn part<Expected>() -> Part<Expected> {
    Part(PhantomData)
}

impl<Expected> Part<Expected> {
    /// Stands where the part itself stands, in code that never runs, and so has its type.
    pub fn value(&self) -> Expected {
        unreachable!("this only names a type")
    }

    /// Names the type of `value`, and the type that is expected of it. Stands in code that never
    /// runs.
    #[inline(always)]
    pub fn probe<T>(&self, _value: &T) -> ProbeAs<T, Expected> {
        ProbeAs(PhantomData)
    }
}

impl<Expected: Adaptor> Part<Expected> {
    /// What a call is told that is such a part.
    #[inline(always)]
    pub fn hint<T>(&self, _nothing: Expected::Nothing<T>) -> Hint<Expected::Told<T>> {
        Hint(PhantomData)
    }
}

/// What a part is to whoever looks behind it, since its type says nothing of the call.
pub struct Anything;

impl Anything {
    /// What a call is told that is such a part.
    #[inline(always)]
    pub fn hint<T>(&self, (): ()) -> Hint<T> {
        Hint(PhantomData)
    }
}

/// The type that is expected of a call.
pub struct Hint<Told>(PhantomData<fn() -> Told>);

impl<Told> Hint<Told> {
    /// Stands around the call.
    #[inline(always)]
    pub fn to(&self, value: Told) -> Told {
        value
    }
}

impl<Expected> Deref for Part<Expected> {
    type Target = Anything;

    #[inline(always)]
    fn deref(&self) -> &Anything {
        &Anything
    }
}

/// A type that a method by the name of an iterator's adaptor gives, if it is one of std's.
///
/// Where the type that is expected is not known yet, it is taken for one of these: hence the types
/// that hold no function.
#[diagnostic::on_unimplemented(
    message = "the type of this call becomes known too late",
    label = "this turns out to be `{Self}`",
    note = "a method by this name may be std's, of which its place says whether it holds a pointer to a function",
    note = "help: put the value into a variable first, in front of this expression"
)]
pub trait Adaptor {
    /// What a call is told: the adaptor, or a `T` of which nothing is known.
    type Told<T>;
    /// `()`, where that is what is left to say what `T` is.
    type Nothing<T>;
}

macro_rules! adaptors {
    ($([$($parameter:tt)*] $adaptor:ty;)*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<$($parameter)*> Adaptor for $adaptor {
                type Told<Value> = Self;
                type Nothing<Value> = Value;
            }
        )*
    };
}

macro_rules! others {
    ($([$($parameter:tt)*] $other:ty;)*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<$($parameter)*> Adaptor for $other {
                type Told<Value> = Value;
                type Nothing<Value> = ();
            }
        )*
    };
}

adaptors! {
    [I, F] iter::Map<I, F>;
    [I, F] iter::MapWhile<I, F>;
    [I, F] iter::Filter<I, F>;
    [I, F] iter::Inspect<I, F>;
    [I, State, F] iter::Scan<I, State, F>;
    ['a, T, F: FnMut(&T) -> bool] slice::Split<'a, T, F>;
    ['a, T, F: FnMut(&T) -> bool] slice::SplitMut<'a, T, F>;
    ['a, T, F] slice::ChunkBy<'a, T, F>;
    ['a, F: FnMut(char) -> bool] str::Split<'a, F>;
}

others! {
    [T] Option<T>;
    [T, E] Result<T, E>;
    [T] Poll<T>;
    [T] Bound<T>;
    [T, const N: usize] [T; N];
    ['a] str::Split<'a, char>;
    ['a, 'b] str::Split<'a, &'b str>;
    [T] Vec<T>;
    ['a, T: ?Sized] &'a T;
    ['a, T: ?Sized] &'a mut T;
    [T: ?Sized] Box<T>;
    [T: ?Sized] Rc<T>;
    [A, B] (A, B);
    [A, B, C] (A, B, C);
    [] (); [] bool; [] char; [] f32; [] f64; [] String;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize;
    [] u8; [] u16; [] u32; [] u64; [] u128; [] usize;
}
