//! Which calls are green: decided by the type of a call's value, through method resolution.
//!
//! The macro writes, for a call `e`,
//!
//! ```text
//! match e { value => {
//!     let kind = loop { break unknown(); break probe(&value).eventlet_kind() };
//!     if kind.is_plain() { kind.value(value) } else { kind.done(kind.call(value).await) }
//! } }
//! ```
//!
//! `eventlet_kind` resolves, in this order, to an inherent method (any `Unpin` value, and any value whose type is
//! not known yet), a trait method by value (a [`Green`] call), or a trait method by `&mut` (everything else).

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::Green;

/// Carries the type of a call's value, and nothing else.
pub struct Probe<T>(PhantomData<*const T>);

/// Names the type of `value`. Stands in code that never runs.
#[inline(always)]
pub fn probe<T>(_value: &T) -> Probe<T> {
    Probe(PhantomData)
}
