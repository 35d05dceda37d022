//! Two iterators compared item by item.

use std::cmp::Ordering;

use super::GreenIterator;
use crate::green;

/// The order of the first items that differ; an iterator that is over comes before one that is not.
/// A step of the first is made before that of the second, as in std.
#[green(crate = crate)]
pub(super) fn order<A, B>(
    a: &mut A,
    mut b: B,
    mut compare: impl FnMut(&A::Item, &B::Item) -> Option<Ordering>,
) -> Option<Ordering>
where
    A: GreenIterator,
    B: GreenIterator,
{
    loop {
        let Some(first) = a.next() else {
            let is_over = b.next().is_none();
            return Some(if is_over { Ordering::Equal } else { Ordering::Less });
        };
        let Some(second) = b.next() else { return Some(Ordering::Greater) };
        match compare(&first, &second) {
            Some(Ordering::Equal) => {}
            decided => return decided,
        }
    }
}
