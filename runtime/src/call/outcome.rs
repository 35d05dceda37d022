//! The methods that stand behind calls most often, and that no green call has.
//!
//! Of a method that a type does not have rustc says just that, and nothing of what is missing: that
//! the function around it is green. So there are such methods, with a bound that holds of no green
//! call ([`IsValue`]), whose refusal says it. They have the types that they have on the value, so
//! that nothing else is wrong. Names that the traits of `futures` give to what is a `Future` are
//! not among them.

use super::{Green, IsValue};

/// What a fallible call gives.
#[doc(hidden)]
pub trait Outcome {
    /// What it gives if it goes well.
    type Value;
}

impl<T> Outcome for Option<T> {
    type Value = T;
}

impl<T, E> Outcome for Result<T, E> {
    type Value = T;
}

fn refused() -> ! {
    unreachable!("a green call has no value yet")
}

impl<F: Future<Output: Outcome>> Green<F> {
    /// Does not compile: there is nothing to unwrap yet.
    #[doc(hidden)]
    pub fn unwrap(self) -> <F::Output as Outcome>::Value
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile, as [`unwrap`](Self::unwrap).
    #[doc(hidden)]
    pub fn expect(self, _message: &str) -> <F::Output as Outcome>::Value
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile, as [`unwrap`](Self::unwrap).
    #[doc(hidden)]
    pub fn unwrap_or(self, _other: <F::Output as Outcome>::Value) -> <F::Output as Outcome>::Value
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile, as [`unwrap`](Self::unwrap).
    #[doc(hidden)]
    pub fn unwrap_or_default(self) -> <F::Output as Outcome>::Value
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile, as [`unwrap`](Self::unwrap).
    #[doc(hidden)]
    pub fn ok(self) -> Option<<F::Output as Outcome>::Value>
    where
        F: IsValue,
    {
        refused()
    }
}

impl<F> Green<F> {
    /// Does not compile: nothing has come of it yet.
    #[doc(hidden)]
    pub fn is_ok(&self) -> bool
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: nothing has come of it yet.
    #[doc(hidden)]
    pub fn is_err(&self) -> bool
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: nothing has come of it yet.
    #[doc(hidden)]
    pub fn is_some(&self) -> bool
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: nothing has come of it yet.
    #[doc(hidden)]
    pub fn is_none(&self) -> bool
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: there is nothing to count yet.
    #[doc(hidden)]
    pub fn len(&self) -> usize
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: there is nothing to count yet.
    #[doc(hidden)]
    pub fn is_empty(&self) -> bool
    where
        F: IsValue,
    {
        refused()
    }

    /// Does not compile: there is nothing to show yet.
    #[doc(hidden)]
    #[expect(clippy::inherent_to_string, reason = "of a green call there is none")]
    pub fn to_string(&self) -> String
    where
        F: IsValue,
    {
        refused()
    }
}
