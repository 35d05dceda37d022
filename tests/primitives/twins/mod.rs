//! What a handle of one hub and its twin for all OS threads promise alike.
//!
//! Each contract is a trait that both have, with the same names and types, and each scenario is written once, for
//! whatever has the trait. What only the twin for OS threads can do is in `tests/cross_thread.rs`.

mod event;
mod locks;
mod pools;
mod queue;
mod random;
mod semaphore;

use std::time::Duration;

use eventlet::{GreenCall, MakesGreenCall, with_timeout};

/// Runs a scenario in virtual time, for an hour at most: that a wait between OS threads never ends is no deadlock to the
/// hub, which would go on waiting.
fn run<F: MakesGreenCall<G>, G: GreenCall<Value = ()>>(scenario: F) {
    eventlet::testing::run_virtual(async || {
        let ended = with_timeout(Duration::from_secs(3600), scenario).await;
        assert!(ended.is_ok(), "somebody waits for what never comes");
    });
}

/// Declares what twins have in common, and that both have it: what a method does is what the type's own does.
macro_rules! contract {
    (
        $(#[$doc:meta])*
        trait $contract:ident $(<$T:ident>)? {
            $( type $assoc:ident: $bound:path = $within_assoc:ty, $across_assoc:ty; )?
            $( fn $method:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?; )*
        }
        $within:ty as $within_own:ty, $across:ty
    ) => {
        $(#[$doc])*
        pub(crate) trait $contract $(<$T: Clone + 'static>)?:
            Clone + Default + PartialEq + std::fmt::Debug + 'static
        {
            $( type $assoc: $bound; )?
            $( fn $method($($argument: $type),*) $(-> $result)?; )*
        }

        impl $(<$T: Clone + 'static>)? $contract $(<$T>)? for $within {
            $( type $assoc = $within_assoc; )?
            $( fn $method($($argument: $type),*) $(-> $result)? { <$within_own>::$method($($argument),*) } )*
        }

        impl $(<$T: Clone + 'static>)? $contract $(<$T>)? for $across {
            $( type $assoc = $across_assoc; )?
            $( fn $method($($argument: $type),*) $(-> $result)? { <$across>::$method($($argument),*) } )*
        }
    };
}

/// Two tests of each function, one for each twin: its body is green, time is virtual, and nothing may be left behind.
macro_rules! on_both {
    ($handle:ident: $contract:path = $within:ty, $across:ty;
     $($(#[$attribute:meta])* fn $name:ident() { $($body:tt)* })*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every scenario needs all")]
            use super::*;

            #[eventlet::green]
            fn scenario<$handle: $contract>() { $($body)* }

            #[test]
            $(#[$attribute])*
            fn of_one_hub() {
                $crate::twins::run(scenario::<$within>);
            }

            #[test]
            $(#[$attribute])*
            fn of_all_os_threads() {
                $crate::twins::run(scenario::<$across>);
            }
        }
    )*};
}

pub(crate) use {contract, on_both};
