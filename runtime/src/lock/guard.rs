//! What guards of locks have in common: they are used, and shown, as the value that they guard.

/// Shows guards as the values to which they dereference.
macro_rules! shown_as_its_value {
    ($($Guard:ident),*) => {$(
        impl<T: ?Sized + std::fmt::Debug> std::fmt::Debug for $Guard<'_, T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + std::fmt::Display> std::fmt::Display for $Guard<'_, T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }
    )*};
}
pub(crate) use shown_as_its_value;

/// Dereferences guards, which are shared or `mut`, to their field `value`.
macro_rules! used_as_its_value {
    (mut $Guard:ident) => {
        $crate::lock::guard::used_as_its_value!($Guard);

        impl<T: ?Sized> std::ops::DerefMut for $Guard<'_, T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.value
            }
        }
    };
    ($Guard:ident) => {
        impl<T: ?Sized> std::ops::Deref for $Guard<'_, T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.value
            }
        }

        $crate::lock::guard::shown_as_its_value!($Guard);
    };
}
pub(crate) use used_as_its_value;
