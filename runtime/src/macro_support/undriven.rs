//! Green calls that are given a name where nothing can drive them.
//!
//! As in [`blocking`](crate::macro_support::blocking), a method that is marked deprecated is how stable Rust warns at a user's line.

use std::future::Future;

use crate::call::Green;
use crate::macro_support::probe::{Driven, Plain};

macro_rules! outside {
    ($($name:ident: $note:literal,)*) => {
        #[allow(missing_docs, clippy::unused_self)]
        impl<T> Plain<T> {
            $(
                #[inline(always)]
                pub fn $name(self, value: T) -> T {
                    value
                }
            )*
        }

        #[allow(missing_docs, clippy::unused_self)]
        impl<F: Future> Driven<F> {
            $(
                #[deprecated(note = $note)]
                #[inline(always)]
                pub fn $name(self, call: Green<F>) -> Green<F> {
                    call
                }
            )*
        }
    };
}

outside! {
    call_in_closure: "this is a green call, and an ordinary closure cannot drive it: it has not run
help: write `#[green]` in front of the closure, or a loop; see `green-call-in-closure` in DIAGNOSTICS.md",
    call_in_inner_function: "this is a green call, and an ordinary function cannot drive it: it has not run
help: write `#[green]` in front of the inner function; see `green-call-in-nested-fn` in DIAGNOSTICS.md",
}
