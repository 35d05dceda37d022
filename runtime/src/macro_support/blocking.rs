//! Calls of std that stop the whole hub, found where they stand in a green body.
//!
//! The macro knows some of them by the path that the user spelled, and asks the kind of the call
//! ([`Plain`] or [`Driven`]) whether it is std's or its green twin. Those that are methods of a
//! variable it knows by the type of that variable, through [`Receiver`]. Either way the answer is a
//! type of [`lint::blocks_the_hub`], whose method by the user's own name is marked deprecated,
//! since that is how stable Rust lets a library warn at a line of its user's; or it is [`NoLint`].
//!
//! [`Plain`]: crate::macro_support::probe::Plain
//! [`Driven`]: crate::macro_support::probe::Driven
//! [`lint::blocks_the_hub`]: crate::lint::blocks_the_hub

use std::marker::PhantomData;

use crate::lint::blocks_the_hub::{
    Child, Command, JoinHandle, Receiver as MpscReceiver, Stdin, TcpListener, TcpStream, Thread,
};
use crate::macro_support::probe::NoLint;

/// Carries the type of the variable whose method is called.
pub struct Receiver<T: ?Sized>(PhantomData<fn(&T)>);

/// Names the type of `receiver`. Stands in code that never runs.
#[inline(always)]
pub fn receiver<T: ?Sized>(_receiver: &T) -> Receiver<T> {
    Receiver(PhantomData)
}

macro_rules! blocking {
    ($([$($param:ident)?] $type:ty => $Lint:ident;)*) => {
        $(
            blocking!(one [$($param)?] $type => $Lint);
            blocking!(one [$($param)?] &$type => $Lint);
            blocking!(one [$($param)?] &mut $type => $Lint);
        )*
    };
    (one [$($param:ident)?] $type:ty => $Lint:ident) => {
        impl<$($param)?> Suspect for Receiver<$type> {
            type Lint = $Lint;

            fn lint(self) -> $Lint {
                $Lint
            }
        }
    };
}

blocking! {
    [] std::net::TcpListener => TcpListener;
    [] std::net::TcpStream => TcpStream;
    [V] std::thread::JoinHandle<V> => JoinHandle;
    [] std::process::Command => Command;
    [] std::process::Child => Child;
    [V] std::sync::mpsc::Receiver<V> => MpscReceiver;
    [] std::io::Stdin => Stdin;
}

/// What is said of a type: for those that block, by value.
///
/// One trait for all of them, and no method of each: of a variable whose type is a mistake already,
/// rustc would otherwise say that several methods apply.
#[allow(missing_docs)]
pub trait Suspect: Sized {
    type Lint;

    fn lint(self) -> Self::Lint;
}

/// The answer for every other type: nothing is said.
impl<T: ?Sized> Suspect for &Receiver<T> {
    type Lint = NoLint;

    fn lint(self) -> NoLint {
        NoLint
    }
}

macro_rules! unremarkable {
    ([$($method:ident)*] $($Type:ident)*) => {
        /// The answer for every method that does not block: nothing is said.
        #[allow(missing_docs, clippy::unused_self, clippy::wrong_self_convention)]
        pub trait Unremarkable: Sized {
            $(fn $method(self) {})*
        }

        $(impl Unremarkable for &$Type {})*
    };
}

unremarkable! {
    [accept incoming join output status wait wait_with_output recv recv_timeout read_line
        read read_exact read_to_end read_to_string write write_all sleep connect connect_timeout]
    TcpListener TcpStream JoinHandle Command Child MpscReceiver Stdin Thread NoLint
}
