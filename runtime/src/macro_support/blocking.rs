//! Calls of std that stop the whole hub, named where they stand in a green body.
//!
//! The macro knows some of them by the path that the user spelled, and asks the kind of the call ([`Plain`] or
//! [`Driven`]) whether it is std's or its green twin. Those that are methods of a variable it knows by the type of
//! that variable, through [`BlockingCall`]. Either way the answer is a method that is marked deprecated, since that is
//! how stable Rust lets a library warn at a line of its user's.

use std::future::Future;
use std::marker::PhantomData;

use crate::call::Green;
use crate::macro_support::probe::{Driven, Plain};

macro_rules! spelled {
    ($($name:ident: $note:literal,)*) => {
        #[allow(missing_docs, clippy::unused_self)]
        impl<T> Plain<T> {
            $(
                #[deprecated(note = $note)]
                #[inline(always)]
                pub fn $name(self, value: T) -> T {
                    value
                }
            )*
        }

        #[allow(missing_docs, clippy::unused_self)]
        impl<F: Future> Driven<F> {
            $(
                pub fn $name(self, _value: Green<F>) -> F::Output {
                    unreachable!("a green call is driven")
                }
            )*
        }
    };
}

spelled! {
    sleep_blocks_the_hub: "it stops every green thread of this hub while it sleeps
help: `eventlet::sleep` suspends only this one; see `blocks-the-hub` in DIAGNOSTICS.md",
    connect_blocks_the_hub: "it stops every green thread of this hub while it connects
help: use `eventlet::green::net::TcpStream`; see `blocks-the-hub` in DIAGNOSTICS.md",
    stdin_blocks_the_hub: "it stops every green thread of this hub until there is input
help: `eventlet::tpool::execute` waits on another OS thread; see `blocks-the-hub` in DIAGNOSTICS.md",
    command_blocks_the_hub: "it stops every green thread of this hub until the process ends
help: use `eventlet::green::process::Command`; see `blocks-the-hub` in DIAGNOSTICS.md",
    join_blocks_the_hub: "it stops every green thread of this hub until the OS thread ends
help: `eventlet::tpool::execute` gives its value without that; see `blocks-the-hub` in DIAGNOSTICS.md",
}

/// Carries the type of the variable whose method is called.
pub struct BlockingCall<T: ?Sized>(PhantomData<fn(&T)>);

/// Names the type of `receiver`. Stands in code that never runs.
#[inline(always)]
pub fn receiver<T: ?Sized>(_receiver: &T) -> BlockingCall<T> {
    BlockingCall(PhantomData)
}

macro_rules! methods {
    (one [$($param:ident)?] $type:ty, $($name:ident)*: $note:literal) => {
        #[allow(missing_docs, clippy::unused_self)]
        impl<$($param)?> BlockingCall<$type> {
            $(
                #[deprecated(note = $note)]
                pub fn $name(self) {}
            )*
        }
    };
    (all $($method:ident)*; $([$($param:ident)?] $type:ty, $($name:ident)*: $note:literal;)*) => {
        $(
            methods!(one [$($param)?] $type, $($name)*: $note);
            methods!(one [$($param)?] &$type, $($name)*: $note);
            methods!(one [$($param)?] &mut $type, $($name)*: $note);
        )*

        /// The answer for every other type: nothing is said.
        #[allow(missing_docs, clippy::unused_self, clippy::wrong_self_convention)]
        pub trait Harmless: Sized {
            $(fn $method(self) {})*
        }

        impl<T: ?Sized> Harmless for &BlockingCall<T> {}
    };
}

methods! {
    all accept incoming join output status wait wait_with_output recv recv_timeout read_line
        read read_exact read_to_end read_to_string write write_all;

    [] std::net::TcpListener, accept incoming: "it stops every green thread of this hub until somebody connects
help: use `eventlet::green::net::TcpListener`; see `blocks-the-hub` in DIAGNOSTICS.md";

    [] std::net::TcpStream, read read_exact read_to_end read_to_string write write_all:
        "it stops every green thread of this hub until the other side is ready
help: use `eventlet::green::net::TcpStream`; see `blocks-the-hub` in DIAGNOSTICS.md";

    [V] std::thread::JoinHandle<V>, join: "it stops every green thread of this hub until the OS thread ends
help: `eventlet::tpool::execute` gives its value without that; see `blocks-the-hub` in DIAGNOSTICS.md";

    [] std::process::Command, output status: "it stops every green thread of this hub until the process ends
help: use `eventlet::green::process::Command`; see `blocks-the-hub` in DIAGNOSTICS.md";

    [] std::process::Child, wait wait_with_output: "it stops every green thread of this hub until the process ends
help: use `eventlet::green::process::Command`; see `blocks-the-hub` in DIAGNOSTICS.md";

    [V] std::sync::mpsc::Receiver<V>, recv recv_timeout: "it stops every green thread of this hub until a value comes
help: `eventlet::tpool::execute` waits on another OS thread; see `blocks-the-hub` in DIAGNOSTICS.md";

    [] std::io::Stdin, read_line: "it stops every green thread of this hub until there is input
help: `eventlet::tpool::execute` waits on another OS thread; see `blocks-the-hub` in DIAGNOSTICS.md";
}
