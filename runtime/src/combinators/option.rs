//! The twins of `Option`'s and `bool`'s combinators.

use crate::call::GreenCall;
use crate::green;

/// The twins of [`Option`]'s combinators. Each suspends while the call that its closure makes does,
/// and not at all where std would not call the closure.
///
/// ```
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
///     assert_eq!(Some(4).green_map(fetch), Some(40));
///     assert_eq!(None.green_unwrap_or_else(|| fetch(1)), 10);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout drops the call, and the value that was given to it.
pub trait OptionExt<T>: Sized {
    /// [`Option::map`], with a green call.
    #[green(crate = crate)]
    fn green_map<U, F, G>(self, f: F) -> Option<U>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Option::map_or`], with a green call.
    #[green(crate = crate)]
    fn green_map_or<U, F, G>(self, default: U, f: F) -> U
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Option::map_or_else`], with green calls.
    #[green(crate = crate)]
    fn green_map_or_else<U, D, DG, F, G>(self, default: D, f: F) -> U
    where
        D: FnOnce() -> DG,
        DG: GreenCall<Value = U>,
        DG::Value: Sized,
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Option::and_then`], with a green call.
    #[green(crate = crate)]
    fn green_and_then<U, F, G>(self, f: F) -> Option<U>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = Option<U>>,
        G::Value: Sized;

    /// [`Option::or_else`], with a green call.
    #[green(crate = crate)]
    fn green_or_else<F, G>(self, f: F) -> Option<T>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = Option<T>>,
        G::Value: Sized;

    /// [`Option::ok_or_else`], with a green call.
    #[green(crate = crate)]
    fn green_ok_or_else<E, F, G>(self, error: F) -> Result<T, E>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = E>,
        G::Value: Sized;

    /// [`Option::unwrap_or_else`], with a green call.
    #[green(crate = crate)]
    fn green_unwrap_or_else<F, G>(self, f: F) -> T
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized;

    /// [`Option::filter`], with a green call that gets a clone of the value.
    #[green(crate = crate)]
    fn green_filter<P, G>(self, predicate: P) -> Option<T>
    where
        T: Clone,
        P: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized;

    /// [`Option::is_some_and`], with a green call.
    #[green(crate = crate)]
    fn green_is_some_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized;

    /// [`Option::is_none_or`], with a green call.
    #[green(crate = crate)]
    fn green_is_none_or<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized;

    /// [`Option::get_or_insert_with`], with a green call. The option stays borrowed while the call
    /// is made, and as it was if that is killed.
    #[green(crate = crate)]
    fn green_get_or_insert_with<'a, F, G>(&'a mut self, f: F) -> &'a mut T
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized,
        T: 'a;
}

impl<T> OptionExt<T> for Option<T> {
    #[green(crate = crate)]
    fn green_map<U, F, G>(self, f: F) -> Option<U>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized,
    {
        match self {
            Some(value) => Some(f(value).await),
            None => None,
        }
    }

    #[green(crate = crate)]
    fn green_map_or<U, F, G>(self, default: U, f: F) -> U
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized,
    {
        match self {
            Some(value) => f(value).await,
            None => default,
        }
    }

    #[green(crate = crate)]
    fn green_map_or_else<U, D, DG, F, G>(self, default: D, f: F) -> U
    where
        D: FnOnce() -> DG,
        DG: GreenCall<Value = U>,
        DG::Value: Sized,
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized,
    {
        match self {
            Some(value) => f(value).await,
            None => default().await,
        }
    }

    #[green(crate = crate)]
    fn green_and_then<U, F, G>(self, f: F) -> Option<U>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = Option<U>>,
        G::Value: Sized,
    {
        f(self?).await
    }

    #[green(crate = crate)]
    fn green_or_else<F, G>(self, f: F) -> Option<T>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = Option<T>>,
        G::Value: Sized,
    {
        match self {
            Some(value) => Some(value),
            None => f().await,
        }
    }

    #[green(crate = crate)]
    fn green_ok_or_else<E, F, G>(self, error: F) -> Result<T, E>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = E>,
        G::Value: Sized,
    {
        match self {
            Some(value) => Ok(value),
            None => Err(error().await),
        }
    }

    #[green(crate = crate)]
    fn green_unwrap_or_else<F, G>(self, f: F) -> T
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized,
    {
        match self {
            Some(value) => value,
            None => f().await,
        }
    }

    #[green(crate = crate)]
    fn green_filter<P, G>(self, predicate: P) -> Option<T>
    where
        T: Clone,
        P: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        let value = self?;
        let is_wanted = predicate(value.clone()).await;
        is_wanted.then_some(value)
    }

    #[green(crate = crate)]
    fn green_is_some_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        match self {
            Some(value) => f(value).await,
            None => false,
        }
    }

    #[green(crate = crate)]
    fn green_is_none_or<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        match self {
            Some(value) => f(value).await,
            None => true,
        }
    }

    #[green(crate = crate)]
    fn green_get_or_insert_with<'a, F, G>(&'a mut self, f: F) -> &'a mut T
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized,
        T: 'a,
    {
        match self {
            Some(value) => value,
            None => {
                let value = f().await;
                self.insert(value)
            }
        }
    }
}

/// The twin of [`bool`]'s combinator.
pub trait BoolExt {
    /// [`bool::then`], with a green call. Suspends while that does, and not at all for `false`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout drops the call.
    ///
    /// ```
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
    ///     assert_eq!(true.green_then(|| fetch(4)), Some(40));
    ///     assert_eq!(false.green_then(|| fetch(4)), None);
    /// }
    /// ```
    #[green(crate = crate)]
    fn green_then<T, F, G>(self, f: F) -> Option<T>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized;
}

impl BoolExt for bool {
    #[green(crate = crate)]
    fn green_then<T, F, G>(self, f: F) -> Option<T>
    where
        F: FnOnce() -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized,
    {
        if self { Some(f().await) } else { None }
    }
}
