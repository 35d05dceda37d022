//! Combinators whose closures make green calls.
//!
//! The closures of std's combinators are ordinary code and cannot suspend, so
//! `names.iter().any(|name| is_up(name))` does not compile where `is_up` is green. Each combinator
//! that takes a closure has a twin here, of the same meaning, whose closure makes a green call. Its
//! name is that of std's behind `green_`:
//!
//! ```
//! use std::time::Duration;
//! use eventlet::prelude::*;
//! use eventlet::{green, sleep};
//!
//! #[green]
//! fn length(name: &str) -> usize {
//!     sleep(Duration::from_millis(1));
//!     name.len()
//! }
//!
//! #[green]
//! fn lookup(name: &str) -> Result<usize, String> {
//!     if name.is_empty() { Err("no name".to_owned()) } else { Ok(length(name)) }
//! }
//!
//! #[green]
//! fn main() {
//!     let names = ["ada", "grace", "mary"];
//!
//!     // Iterators: what gives an iterator gives a `GreenIterator`, with all of its methods.
//!     let lengths: Vec<usize> = names.iter().green_map(|name| length(name)).collect();
//!     assert_eq!(lengths, [3, 5, 4]);
//!     assert!(names.iter().green_any(#[green] |name| length(name) > 4));
//!
//!     // The first error ends it, as when std collects into a `Result`.
//!     let looked_up: Result<Vec<usize>, String> = names.iter().green_map(|name| lookup(name)).try_collect();
//!     assert_eq!(looked_up, Ok(vec![3, 5, 4]));
//!
//!     // `Option` and `Result`.
//!     let first = names.first().green_map(|name| length(name)).unwrap_or(0);
//!     assert_eq!(lookup("").green_unwrap_or_else(#[green] |error| length(&error)), 7);
//!     assert_eq!(first, 3);
//! }
//! ```
//!
//! # What a closure may be
//!
//! Anything that makes a green call of the argument: a green function by its name
//! (`.green_map(fetch)`), an ordinary closure whose value is one call (`|name| fetch(name)`), or a
//! green closure (`#[green] |name| …`, `#[green] move |name| …`), in which everything is driven. A
//! call that borrows from the closure itself (from what it owns) needs a green closure where it is
//! made once; where it is made many times, [`shared`](crate::shared) makes one of it that all calls
//! share, or hand each a clone.
//!
//! A closure for an `Option` or a `Result` may change what is around it
//! (`cached.green_map(#[green] |page| total += size(page))`), since it is called once. One for an
//! iterator makes a call for each item, and a call that changes what is around it borrows from it:
//! it has `async`, and [`shared_mut`](crate::shared_mut) around it
//! (`list.iter().green_for_each(shared_mut(#[green] async |n: &u32| total += fetch(*n)))`). A `for`
//! loop needs neither.
//!
//! Where std's closure looks at an item by reference (`filter`, `find`, `take_while`, …), the
//! twin's closure gets a clone: a call that waits cannot borrow from what the iterator is about to
//! hand on. The items of `list.iter()` are references themselves, and a clone of one costs nothing.
//! For items that cannot be cloned there is [`green_filter_map`](IteratorExt::green_filter_map),
//! which takes them whole.
//!
//! # One after another
//!
//! A step begins when the one before it is over. [`GreenPool::imap`](crate::GreenPool::imap) makes
//! several calls at once.
//!
//! # Cancel safety
//!
//! A kill or timeout drops the call that the closure has made, with the item that was given to it.
//! An iterator that was only borrowed (`by_ref`, [`green_any`](GreenIteratorExt::green_any), …)
//! keeps the items that were not taken yet. `Option`s, `Result`s and their contents are owned by
//! the call, and dropped with it.
//!
//! # Which combinator has which twin
//!
//! | of | twins |
//! |---|---|
//! | `bool` | [`then`](BoolExt::green_then) |
//! | `Option` | `map` `map_or` `map_or_else` `and_then` `or_else` `ok_or_else` `unwrap_or_else` `filter` `is_some_and` `is_none_or` `get_or_insert_with`: [`OptionExt`] |
//! | `Result` | `map` `map_err` `map_or` `map_or_else` `and_then` `or_else` `unwrap_or_else` `is_ok_and` `is_err_and`: [`ResultExt`] |
//! | entries of maps | `or_insert_with` `or_insert_with_key`: [`EntryExt`] |
//! | `Iterator` and [`GreenIterator`](crate::GreenIterator) | `map` `filter` `filter_map` `flat_map` `map_while` `take_while` `skip_while` `for_each` `try_for_each` `fold` `try_fold` `any` `all` `find` `find_map` `position` `min_by_key` `max_by_key`: [`IteratorExt`], [`GreenIteratorExt`] |
//!
//! For the others write a loop, which in a green body can do everything; `list.iter().green()`
//! makes a [`GreenIterator`](crate::GreenIterator) of an ordinary one.

mod entry;
mod iterator;
mod option;
pub mod prelude;
mod result;
mod steps;

pub use entry::EntryExt;
pub use iterator::IteratorExt;
pub use option::{BoolExt, OptionExt};
pub use result::ResultExt;
pub use steps::{
    GreenFilter, GreenFilterMap, GreenFlatten, GreenIteratorExt, GreenMapWhile, GreenSkipWhile,
    GreenTakeWhile,
};
