//! What the compiler's warnings about green code are named after.
//!
//! Stable Rust gives a library one way to warn: a method that is marked deprecated. Those methods
//! are here, so that a warning names the mistake: "use of deprecated method
//! `eventlet::lint::blocks_the_hub::Thread::sleep`". The module has the name of the section in
//! [`docs::diagnostics`](crate::docs::diagnostics) that says what to do about it.
//!
//! There is nothing to call. `#[allow(deprecated)]` on the function says that it is meant.
//!
//! The traits and types beside the modules are those of the macro's questions that an error of
//! rustc's may name.

pub mod blocks_the_hub;
pub mod callback_with_reference;
pub mod green_call_in_closure;
pub mod green_call_in_combinator;
pub mod green_call_in_nested_fn;
pub mod guard_across_wait;

pub use crate::call::{HasValue, IsValue};
pub use crate::macro_support::for_loop::{DrivenSteps, Iterable};
pub use crate::macro_support::inferable::{Inferable, KnownByName};
pub use crate::macro_support::part::{Adaptor, Part};
pub use crate::macro_support::probe::{Driven, NeverGreen, Probe, ProbeNamed, StaysPut};
pub use crate::macro_support::tried::{Broke, Failed, Nothing, TakesFailure};
pub use crate::macro_support::undriven::HandedOn;

/// Writes types that have deprecated methods and no other purpose.
macro_rules! lint {
    ($($(#[$doc:meta])* $Type:ident { $($($name:ident)*: $note:literal;)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $Type;

            #[allow(missing_docs, clippy::unused_self, clippy::wrong_self_convention)]
            impl $Type {
                $($(
                    #[deprecated(note = $note)]
                    #[inline(always)]
                    pub fn $name(self) {}
                )*)*
            }
        )*
    };
}
use lint;
