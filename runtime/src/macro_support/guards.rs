//! Borrows and guards that are held over a green call, named where they are made.
//!
//! The macro knows by std's names which calls may make one, and by the language's rules how long it
//! lives. A [`Held`] carries the type of each to the calls in its life; of a guard and a green call
//! the answer is a type of [`guard_across_wait`], as in
//! [`blocking`](crate::macro_support::blocking). All of it stands in code that never runs.

use std::cell::{Ref, RefMut};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

use crate::lint::guard_across_wait;
use crate::macro_support::probe::{Awaited, Driven, NoLint};

/// Carries the type of what may be a guard.
pub struct Held<T>(PhantomData<fn() -> T>);

impl<T> Copy for Held<T> {}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Held<T> {
    /// A constant, as [`Kind::KIND`](crate::macro_support::probe::Kind) is.
    pub const NOTHING: Self = Held(PhantomData);

    /// Names the type.
    pub fn is(self, _value: &T) {}

    /// Puts it beside the kind of a call in its life.
    pub fn over<K>(self, _kind: K) -> Over<T, K> {
        Over(PhantomData)
    }
}

/// A guard, and a call in its life.
pub struct Over<T, K>(PhantomData<fn() -> (T, K)>);

macro_rules! guards {
    ($($Guard:ident => $Lint:ident;)*) => {
        $(
            guards!(one Driven, $Guard<'guard, T>, [] => $Lint);
            guards!(one Driven, Result<$Guard<'guard, T>, E>, [E] => $Lint);
            guards!(one Awaited, $Guard<'guard, T>, [] => $Lint);
            guards!(one Awaited, Result<$Guard<'guard, T>, E>, [E] => $Lint);
        )*
    };
    (one $Kind:ident, $type:ty, [$($E:ident)?] => $Lint:ident) => {
        #[allow(missing_docs, clippy::unused_self)]
        impl<'guard, T: ?Sized + 'guard, $($E,)? F: Future> Over<$type, $Kind<F>> {
            pub fn lint(self) -> guard_across_wait::$Lint {
                guard_across_wait::$Lint
            }
        }
    };
}

guards! {
    Ref => SharedBorrow;
    RefMut => MutableBorrow;
    MutexGuard => MutexGuard;
    RwLockReadGuard => RwLockReadGuard;
    RwLockWriteGuard => RwLockWriteGuard;
}

/// The answer for everything else: nothing is said.
#[allow(missing_docs, clippy::unused_self)]
pub trait NotHeld: Sized {
    fn lint(self) -> NoLint {
        NoLint
    }
}

impl<T, K> NotHeld for &Over<T, K> {}
