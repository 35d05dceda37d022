//! The twins of `Result`'s combinators.

use crate::call::GreenCall;
use crate::green;

/// The twins of [`Result`]'s combinators. Each suspends while the call that its closure makes does,
/// and not at all where std would not call the closure.
///
/// ```
/// use eventlet::green;
/// use eventlet::prelude::*;
///
/// #[green]
/// fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// #[green]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(parse("4").green_map(double), Ok(8));
///     assert_eq!(parse("four").green_unwrap_or_else(|_| double(1)), 2);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout drops the call, and the value or error that was given to it.
pub trait ResultExt<T, E>: Sized {
    /// [`Result::map`], with a green call.
    #[green(crate = crate)]
    fn green_map<U, F, G>(self, f: F) -> Result<U, E>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Result::map_err`], with a green call.
    #[green(crate = crate)]
    fn green_map_err<O, F, G>(self, f: F) -> Result<T, O>
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = O>,
        G::Value: Sized;

    /// [`Result::map_or`], with a green call.
    #[green(crate = crate)]
    fn green_map_or<U, F, G>(self, default: U, f: F) -> U
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Result::map_or_else`], with green calls.
    #[green(crate = crate)]
    fn green_map_or_else<U, D, DG, F, G>(self, default: D, f: F) -> U
    where
        D: FnOnce(E) -> DG,
        DG: GreenCall<Value = U>,
        DG::Value: Sized,
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized;

    /// [`Result::and_then`], with a green call.
    #[green(crate = crate)]
    fn green_and_then<U, F, G>(self, f: F) -> Result<U, E>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = Result<U, E>>,
        G::Value: Sized;

    /// [`Result::or_else`], with a green call.
    #[green(crate = crate)]
    fn green_or_else<O, F, G>(self, f: F) -> Result<T, O>
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = Result<T, O>>,
        G::Value: Sized;

    /// [`Result::unwrap_or_else`], with a green call.
    #[green(crate = crate)]
    fn green_unwrap_or_else<F, G>(self, f: F) -> T
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized;

    /// [`Result::is_ok_and`], with a green call.
    #[green(crate = crate)]
    fn green_is_ok_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized;

    /// [`Result::is_err_and`], with a green call.
    #[green(crate = crate)]
    fn green_is_err_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized;
}

impl<T, E> ResultExt<T, E> for Result<T, E> {
    #[green(crate = crate)]
    fn green_map<U, F, G>(self, f: F) -> Result<U, E>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized,
    {
        Ok(f(self?).await)
    }

    #[green(crate = crate)]
    fn green_map_err<O, F, G>(self, f: F) -> Result<T, O>
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = O>,
        G::Value: Sized,
    {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(f(error).await),
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
            Ok(value) => f(value).await,
            Err(_) => default,
        }
    }

    #[green(crate = crate)]
    fn green_map_or_else<U, D, DG, F, G>(self, default: D, f: F) -> U
    where
        D: FnOnce(E) -> DG,
        DG: GreenCall<Value = U>,
        DG::Value: Sized,
        F: FnOnce(T) -> G,
        G: GreenCall<Value = U>,
        G::Value: Sized,
    {
        match self {
            Ok(value) => f(value).await,
            Err(error) => default(error).await,
        }
    }

    #[green(crate = crate)]
    fn green_and_then<U, F, G>(self, f: F) -> Result<U, E>
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = Result<U, E>>,
        G::Value: Sized,
    {
        f(self?).await
    }

    #[green(crate = crate)]
    fn green_or_else<O, F, G>(self, f: F) -> Result<T, O>
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = Result<T, O>>,
        G::Value: Sized,
    {
        match self {
            Ok(value) => Ok(value),
            Err(error) => f(error).await,
        }
    }

    #[green(crate = crate)]
    fn green_unwrap_or_else<F, G>(self, f: F) -> T
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = T>,
        G::Value: Sized,
    {
        match self {
            Ok(value) => value,
            Err(error) => f(error).await,
        }
    }

    #[green(crate = crate)]
    fn green_is_ok_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(T) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        match self {
            Ok(value) => f(value).await,
            Err(_) => false,
        }
    }

    #[green(crate = crate)]
    fn green_is_err_and<F, G>(self, f: F) -> bool
    where
        F: FnOnce(E) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        match self {
            Ok(_) => false,
            Err(error) => f(error).await,
        }
    }
}
