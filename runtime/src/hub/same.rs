//! Handles that are clones of one another stand for one object, and say so.

/// Writes `ptr_eq` and `==` for a type of handle; `$place` is the address of what its clones share.
macro_rules! same_object {
    (impl[$($T:ident),*] $Handle:ty, |$handle:ident| $place:expr) => {
        impl<$($T),*> $Handle {
            /// Are both handles on one object? That is what `==` asks of them, too. Does not
            /// suspend.
            pub fn ptr_eq(&self, other: &Self) -> bool {
                let place = |$handle: &Self| std::ptr::from_ref($place).addr();
                place(self) == place(other)
            }
        }

        /// Two handles are equal if they are on [one object](Self::ptr_eq), whatever is in it.
        impl<$($T),*> PartialEq for $Handle {
            fn eq(&self, other: &Self) -> bool {
                self.ptr_eq(other)
            }
        }

        impl<$($T),*> Eq for $Handle {}
    };
}
pub(crate) use same_object;
