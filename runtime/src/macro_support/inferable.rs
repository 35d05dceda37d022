//! Types that may become known only after the call whose value they are.
//!
//! `let v: Vec<T> = it.collect();` has a type that the call itself does not know. It is taken for
//! plain, and this bound is what must turn out to be true of it. `Unpin` is true of every plain
//! type that has no type parameters in it, and false of a green call. In a generic function it is
//! not known of a parameter, and so not of a `Vec` of one, though no collection is a green call;
//! hence a second family of types.
//!
//! Many types are in both families, and the compiler must choose. The families are numbered by
//! integer types, and the macro asks for the number `0`: an integer whose type nothing decides is
//! an `i32`, so that in doubt it is the first.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::Wrapping;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};
use std::{io, iter, option, vec};

use crate::macro_support::Returns;

/// A type that is plain, whenever it becomes known.
#[diagnostic::on_unimplemented(
    message = "the type of this call becomes known too late",
    label = "this turns out to be `{Self}`",
    note = "whether a call is green is decided by its type, and that of a type parameter cannot be decided afterwards",
    note = "name the type at the call, as in `Vec::<T>::new()` or `it.collect::<Vec<T>>()`"
)]
pub trait Inferable<Family> {}

#[diagnostic::do_not_recommend]
impl<T: Unpin> Inferable<i32> for T {}

/// A type that is plain by its name alone, whatever is in it: what a value may turn out to be of
/// which nothing is known, and which most likely has such a type.
///
/// `Unpin` cannot be asked there: of `NodeIndex<_>` it is not known either, and taken for an answer
/// it would be an obligation that no type parameter meets.
#[diagnostic::on_unimplemented(
    message = "the type of this call becomes known too late",
    label = "this turns out to be `{Self}`",
    note = "whether a call is green is decided by its type, where it stands",
    note = "name the type at the call, as in `Port::parse(text)` or `let port: Port = …`"
)]
pub trait KnownByName {}

macro_rules! inferable {
    ($([$($parameter:ident),*] $plain:ty;)*) => {
        $(#[diagnostic::do_not_recommend] impl<$($parameter),*> Inferable<u8> for $plain {})*
        known_by_name! { $([$($parameter),*] $plain;)* }
    };
}

macro_rules! known_by_name {
    ($([$($parameter:tt)*] $plain:ty;)*) => {
        $(#[diagnostic::do_not_recommend] impl<$($parameter)*> KnownByName for $plain {})*
    };
}

inferable! {
    [T] Option<T>;
    [T, E] Result<T, E>;
    [T] Poll<T>;
    [B, C] ControlFlow<B, C>;
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] LinkedList<T>;
    [T] BinaryHeap<T>;
    [T] BTreeSet<T>;
    [K, V] BTreeMap<K, V>;
    [T, S] HashSet<T, S>;
    [K, V, S] HashMap<K, V, S>;
    [T] Cell<T>;
    [T] RefCell<T>;
    [T] OnceCell<T>;
    [T] Mutex<T>;
    [T] RwLock<T>;
    [T] OnceLock<T>;
    [T] PhantomData<T>;
    [T] Reverse<T>;
    [T] Wrapping<T>;
    [T] Range<T>;
    [T] RangeInclusive<T>;
    [T] vec::IntoIter<T>;
    [T] option::IntoIter<T>;
    [T] iter::Empty<T>;
    [T] iter::Once<T>;
    [I] iter::Cloned<I>;
    [I] iter::Copied<I>;
    [I] iter::Enumerate<I>;
    [I] iter::Rev<I>;
    [I] iter::Skip<I>;
    [I] iter::StepBy<I>;
    [I] iter::Take<I>;
    [A, B] iter::Chain<A, B>;
    [A, B] iter::Zip<A, B>;
    [I, F] iter::Filter<I, F>;
    [I, F] iter::FilterMap<I, F>;
    [I, F] iter::Map<I, F>;
    [F] iter::FromFn<F>;
    [F] iter::RepeatWith<F>;
    [A] (A,);
    [A, B] (A, B);
    [A, B, C] (A, B, C);
    [A, B, C, D] (A, B, C, D);
}

#[diagnostic::do_not_recommend]
impl<T, const N: usize> Inferable<u8> for [T; N] {}

known_by_name! {
    [] ();
    [] <fn() -> ! as Returns>::Output;
    [] bool; [] char; [] f32; [] f64;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize;
    [] u8; [] u16; [] u32; [] u64; [] u128; [] usize;
    [] String; [] OsString; [] PathBuf;
    [] Duration; [] Instant; [] SystemTime;
    [] IpAddr; [] Ipv4Addr; [] Ipv6Addr; [] SocketAddr;
    [] Ordering; [] io::Error;
    ['a, T: ?Sized] &'a T;
    ['a, T: ?Sized] &'a mut T;
    [T, const N: usize] [T; N];
    [T: ?Sized] Box<T>;
    [T: ?Sized] Rc<T>;
    [T: ?Sized] Arc<T>;
    ['a, T: ToOwned + ?Sized] Cow<'a, T>;
}
