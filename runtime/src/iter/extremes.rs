//! The least and the greatest of an iterator's items.

use std::cmp::Ordering;

/// What is kept of two items. Of equal ones the first is the least and the last the greatest, as in
/// std.
pub(super) fn least<T>(first: T, second: T, order: Ordering) -> T {
    if order == Ordering::Greater { second } else { first }
}

/// See [`least`].
pub(super) fn greatest<T>(first: T, second: T, order: Ordering) -> T {
    if order == Ordering::Greater { first } else { second }
}
