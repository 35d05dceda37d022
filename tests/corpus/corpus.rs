//! Ordinary functions, each compiled twice: as it stands, and with `#[green]` in front. Both get the same
//! arguments, and must give the same results, log lines and spans.
//!
//! The bodies call each other, so in the green copy many of the calls are green calls.
//!
//! What cannot be written here, for it does not compile in a green function:
//!
//! * a `const fn`, an `extern "C" fn`, an `unsafe extern` callback: nobody could suspend their caller;
//! * a body that relies on a call's temporary being extended by `let`: `let x = &mut f().field;` works,
//!   `let x = match f() { ref v => v };` does not, in plain functions either;
//! * a function that is named where a `fn(A) -> T` pointer is expected, or handed to `Iterator::map`: its calls
//!   are green calls, and the adaptor's closure is ordinary code. Plain functions may be named there, as they are here.

// Varied style is the point.
#![allow(missing_docs, dropping_copy_types, clippy::all)]

mod collections;
mod command_line;
mod control;
mod dates;
mod errors;
mod generic;
mod graphs;
mod iterators;
mod json;
mod logging;
mod maps;
mod merges;
mod numbers;
mod observe;
mod octets;
mod options;
mod parts;
mod patterns;
mod pointers;
mod random;
mod regexes;
mod text;

/// Emits each function twice, with a test that compares the two on the given cases.
/// Type parameters stand in `[]`, where a macro can see their end.
#[macro_export]
macro_rules! pairs {
    ($(
        $(#[$attr:meta])*
        fn $name:ident $(<$lifetime:lifetime>)? $([$($generics:tt)*])? ($($args:tt)*) $(-> $out:ty)? { $($body:tt)* }
        with $($case:tt),+;
    )*) => {
        #[allow(dead_code, unused_imports)]
        mod plain {
            use super::*;
            $( $(#[$attr])* pub(super) fn $name $(<$lifetime>)? $(<$($generics)*>)? ($($args)*) $(-> $out)? { $($body)* } )*
        }
        #[allow(dead_code, unused_imports)]
        mod green {
            use super::*;
            $( $(#[$attr])* #[eventlet::green] pub(super) fn $name $(<$lifetime>)? $(<$($generics)*>)? ($($args)*) $(-> $out)? { $($body)* } )*
        }
        $(
            #[test]
            fn $name() {
                $( assert_eq!(
                    $crate::observe::observe(|| eventlet::run(|| async { format!("{:?}", green::$name $case.await) })),
                    $crate::observe::observe(|| format!("{:?}", plain::$name $case)),
                    "{}{}", stringify!($name), stringify!($case)
                ); )+
            }
        )*
    };
}
