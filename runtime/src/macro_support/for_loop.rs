//! Which `for` loops are green: decided by the type of what they go over, as `probe.rs` decides of
//! calls.
//!
//! An ordinary iterator first, then a green one; the third answer exists to refuse the rest in one
//! sentence.

use std::future::Future;
use std::marker::PhantomData;

use crate::call::Green;
use crate::iter::{GreenIterator, IntoGreenIterator};
use crate::macro_support::probe::{Kind, Never, NeverGreen, StaysPut, kind};

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
    /// The kind of these steps, as a type.
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
    fn eventlet_steps(self) -> RefusedSteps<(Self::Iterable, <Self::Iterable as Iterable>::Item)>
    where
        Self::Iterable: Iterable;
}

impl<T> NoSteps for &mut Steps<T> {
    type Iterable = T;
    fn eventlet_steps(self) -> RefusedSteps<(T, T::Item)>
    where
        T: Iterable,
    {
        Kind::KIND
    }
}

/// What a `for` loop in a green body can go over. Nothing implements it: it has the words of the
/// refusal.
#[diagnostic::on_unimplemented(
    message = "a `for` loop cannot go over `{Self}`",
    label = "neither an `IntoIterator` nor a `GreenIterator`",
    note = "in a green body `for` takes ordinary iterators (`IntoIterator`) and green ones (`GreenIterator`)"
)]
pub trait Iterable {
    /// What the loop would yield.
    type Item;
}

kind!(
    /// Steps that are made at once.
    PlainSteps, plain: true
);
kind!(
    /// Steps that are green calls.
    DrivenSteps, plain: false
);
kind!(
    /// Steps that nothing makes: they exist so that a refused loop is one error, not six.
    RefusedSteps, plain: true
);

#[diagnostic::do_not_recommend]
impl<T> StaysPut for PlainSteps<T> {}
#[diagnostic::do_not_recommend]
impl<T> StaysPut for RefusedSteps<T> {}
#[diagnostic::do_not_recommend]
impl<T> NeverGreen for PlainSteps<T> {}
#[diagnostic::do_not_recommend]
impl<T> NeverGreen for RefusedSteps<T> {}

// The same methods on all, as on the kinds of calls.
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
    pub fn in_place(self, iter: &mut T::IntoIter) -> Option<T::Item> {
        iter.next()
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
    #[track_caller]
    pub fn in_place(self, iter: &mut T::IntoIter) -> Option<T::Item> {
        iter.next().wait_in_place()
    }
    pub fn stay(self, _iter: &mut T::IntoIter) -> Option<T::Item> {
        unreachable!("no green iterator stays put")
    }
}

#[allow(missing_docs, clippy::unused_self)]
impl<T, Item> RefusedSteps<(T, Item)> {
    pub fn start(self, iterable: T) -> T {
        iterable
    }
    // Of what type an item is cannot be said, which rustc has reported; so it says nothing of what
    // is done with one.
    pub fn value(self, _iter: &mut T) -> Option<Item> {
        None
    }
    pub fn call(self, _iter: &mut T) -> Never<Option<Item>> {
        unreachable!("a refused loop does not compile")
    }
    pub fn in_place(self, _iter: &mut T) -> Option<Item> {
        None
    }
    pub fn stay(self, _iter: &mut T) -> Option<Item> {
        None
    }
}
