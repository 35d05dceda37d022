//! The twins of what a map's entry offers.

use std::collections::{btree_map, hash_map};

use crate::call::GreenCall;
use crate::green;

/// The twins of the combinators of [`hash_map::Entry`] and [`btree_map::Entry`]. Each suspends
/// while the call that its closure makes does, and not at all for an entry that is there.
///
/// The map stays borrowed while the call is made. A map in a `RefCell` that other green threads use
/// must not be: look whether the key is there, make the call, then insert its value.
///
/// ```
/// use std::collections::HashMap;
/// use eventlet::green;
/// use eventlet::prelude::*;
///
/// #[green]
/// fn fetch(id: u32) -> u32 {
///     id * 10
/// }
///
/// #[green]
/// fn main() {
///     let mut pages = HashMap::new();
///     *pages.entry("front").green_or_insert_with(|| fetch(1)) += 1;
///     assert_eq!(pages["front"], 11);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout drops the call, and the map is as it was.
pub trait EntryExt<'a, K, V>: Sized {
    /// [`hash_map::Entry::or_insert_with`], with a green call.
    #[green(crate = crate)]
    fn green_or_insert_with<F, G>(self, default: F) -> &'a mut V
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = V>,
        G::Value: Sized,
        V: 'a;

    /// [`hash_map::Entry::or_insert_with_key`], with a green call that gets a clone of the key.
    #[green(crate = crate)]
    fn green_or_insert_with_key<F, G>(self, default: F) -> &'a mut V
    where
        K: Clone,
        F: FnOnce(K) -> G,
        G: GreenCall<Value = V>,
        G::Value: Sized,
        V: 'a;
}

macro_rules! entries {
    ($($module:ident: $($bound:ident)?;)*) => {
        $(
            impl<'a, K $(: $bound)?, V> EntryExt<'a, K, V> for $module::Entry<'a, K, V> {
                #[green(crate = crate)]
                fn green_or_insert_with<F, G>(self, default: F) -> &'a mut V
                where
                    F: FnOnce() -> G,
                    G: GreenCall<Value = V>,
                    G::Value: Sized,
                    V: 'a,
                {
                    match self {
                        $module::Entry::Occupied(entry) => entry.into_mut(),
                        $module::Entry::Vacant(entry) => {
                            let value = default().await;
                            entry.insert(value)
                        }
                    }
                }

                #[green(crate = crate)]
                fn green_or_insert_with_key<F, G>(self, default: F) -> &'a mut V
                where
                    K: Clone,
                    F: FnOnce(K) -> G,
                    G: GreenCall<Value = V>,
                    G::Value: Sized,
                    V: 'a,
                {
                    match self {
                        $module::Entry::Occupied(entry) => entry.into_mut(),
                        $module::Entry::Vacant(entry) => {
                            let value = default(entry.key().clone()).await;
                            entry.insert(value)
                        }
                    }
                }
            }
        )*
    };
}

entries! {
    hash_map:;
    btree_map: Ord;
}
