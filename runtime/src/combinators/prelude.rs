//! The traits that green code uses by their methods: `use eventlet::prelude::*;`.
//!
//! No name comes along but those of the methods, so that nothing of one's own is hidden. See
//! [`combinators`](crate::combinators) and [`GreenIterator`](crate::GreenIterator).

pub use crate::combinators::{
    BoolExt as _, EntryExt as _, GreenIteratorExt as _, IteratorExt as _, OptionExt as _, ResultExt as _,
};
pub use crate::iter::{GreenIterator as _, IntoGreenIterator as _};
