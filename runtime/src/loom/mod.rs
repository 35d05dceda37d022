//! What crosses from one OS thread to another is made of these: std's types, or those of a model
//! checker.
//!
//! Under `--cfg loom` the modules named `model` run the code of this crate, not a copy of it, in
//! every order and with every stale value that the memory model allows; `.ci/run` has the command.
//! In such a build the rest works in no test.

#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicU32, fence},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock},
    thread, thread_local,
};

#[cfg(loom)]
pub(crate) use self::{arc::Arc, local as thread_local, once::OnceLock};
#[cfg(loom)]
pub(crate) use loom::sync::{
    atomic::{AtomicBool, AtomicU32, fence},
    {Condvar, Mutex, MutexGuard},
};

#[cfg(loom)]
#[expect(unsafe_code, reason = "the counts of an `Arc` by its address, which the model checker's has not")]
mod arc;
#[cfg(all(test, loom))]
pub(crate) mod model;
#[cfg(loom)]
mod once;
#[cfg(loom)]
pub(crate) mod thread;

/// loom's own does not take values that are made by the compiler.
#[cfg(loom)]
macro_rules! local {
    (static $name:ident: $type:ty = const $value:block;) => {
        loom::thread_local! { static $name: $type = $value; }
    };
}
#[cfg(loom)]
pub(crate) use local;

/// A function that a constant may call, but in a model, whose types are not made by the compiler.
macro_rules! const_unless_modelled {
    ($($(#[$attribute:meta])* $visibility:vis const fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)*) => {$(
        #[cfg(not(loom))]
        $(#[$attribute])*
        $visibility const fn $name($($argument: $type),*) -> $result $body

        #[cfg(loom)]
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) -> $result $body
    )*};
}
pub(crate) use const_unless_modelled;
