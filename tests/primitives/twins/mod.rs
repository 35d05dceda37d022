//! What a handle of one hub and its twin for all OS threads promise alike.
//!
//! Each contract is a trait that both have, with the same names and types, and each scenario is written once, for
//! whatever has the trait. What only the twin for OS threads can do is in `tests/cross_thread.rs`.

mod event;
mod locks;
mod queue;
mod random;
mod semaphore;

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
                eventlet::testing::run_virtual(scenario::<$within>);
            }

            #[test]
            $(#[$attribute])*
            fn of_all_os_threads() {
                eventlet::testing::run_virtual(scenario::<$across>);
            }
        }
    )*};
}

pub(crate) use {contract, on_both};
