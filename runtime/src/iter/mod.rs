//! Iterators whose steps may suspend, and what can be made of them.
//!
//! ```text
//!  green_iterator.rs   GreenIterator and its methods        dynamic.rs    behind a pointer
//!  sources.rs          from_iter, from_fn, repeat_with      into.rs       what a `for` loop accepts
//!  transform.rs        other items                          select.rs     fewer items
//!  combine.rs          several iterators, or one split      extremes.rs   the least and the greatest
//!  attempt.rs          what may fail                        compare.rs    two iterators compared
//! ```
//!
//! The methods of [`GreenIterator`] have the names and the meaning of [`std::iter::Iterator`]'s.
//! The closures that they take are ordinary ones; those that make green calls are in
//! [`combinators`](crate::combinators). Of std's stable methods only those are not here that go
//! from the back (`rev`, `rposition`, `rfold`), which a green iterator does not.

mod attempt;
mod combine;
mod compare;
mod dynamic;
mod extremes;
mod green_iterator;
mod into;
mod select;
mod sources;
mod transform;

pub use attempt::Attempt;
pub use combine::{Chain, Cycle, Fuse, Peekable, Zip};
pub use dynamic::DynGreenIterator;
pub use green_iterator::GreenIterator;
pub use into::IntoGreenIterator;
pub use select::{Filter, FilterMap, MapWhile, Skip, SkipWhile, StepBy, Take, TakeWhile};
pub use sources::{FromFn, FromIter, RepeatWith, from_fn, from_iter, repeat_with};
pub use transform::{Cloned, Copied, Enumerate, Flatten, Inspect, Map, Scan, Then};
