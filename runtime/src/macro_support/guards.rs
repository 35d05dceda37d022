//! Borrows and guards that are held over a green call, named where they are made.
//!
//! The macro knows by std's names which calls may make one, and by the language's rules how long it lives. A [`Held`]
//! carries the type of each to the calls in its life; of a guard and a green call the answer is a method that is marked
//! deprecated, as in [`blocking`](crate::blocking). All of it stands in code that never runs.

use std::cell::{Ref, RefMut};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

use crate::macro_support::probe::Driven;

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
    ($($Guard:ident: $note:literal;)*) => {
        $(
            guards!(one $Guard<'guard, T>, []: $note);
            guards!(one Result<$Guard<'guard, T>, E>, [E]: $note);
        )*
    };
    (one $type:ty, [$($E:ident)?]: $note:literal) => {
        #[allow(missing_docs, clippy::unused_self)]
        impl<'guard, T: ?Sized + 'guard, $($E,)? F: Future> Over<$type, Driven<F>> {
            #[deprecated(note = $note)]
            pub fn held(self) {}
        }
    };
}

guards! {
    Ref: "it is borrowed while a green call waits, and panics another green thread that borrows it for writing
help: copy out what is needed, or end the borrow with a block or `drop`, before the call; see `guard-across-wait` in DIAGNOSTICS.md";
    RefMut: "it is borrowed while a green call waits, and panics another green thread that borrows it
help: copy out what is needed, or end the borrow with a block or `drop`, before the call; see `guard-across-wait` in DIAGNOSTICS.md";
    MutexGuard: "it is locked while a green call waits, and whoever locks it then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in DIAGNOSTICS.md";
    RwLockReadGuard: "it is locked while a green call waits, and whoever locks it for writing then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in DIAGNOSTICS.md";
    RwLockWriteGuard: "it is locked while a green call waits, and whoever locks it then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in DIAGNOSTICS.md";
}

/// The answer for everything else: nothing is said.
#[allow(missing_docs, clippy::unused_self)]
pub trait NotHeld: Sized {
    fn held(self) {}
}

impl<T, K> NotHeld for &Over<T, K> {}
