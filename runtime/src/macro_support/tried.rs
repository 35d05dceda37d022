//! `?` in a body that gives a type of the user's own.
//!
//! Such a type is no result, as a rule, and rustc would say so of the block that the body becomes.
//! It may be one by another name, too. So the two halves of a `?` are spelled here, and the second
//! has the words of the refusal.

use std::ops::ControlFlow;
use std::task::Poll;

/// What a `?` can stand behind.
#[diagnostic::on_unimplemented(
    message = "`?` stands behind a `{Self}`, which cannot fail",
    label = "this is there at once, and is no error",
    note = "`?` goes on with the value of a `Result` or an `Option`, and hands an error or `None` to the caller"
)]
pub trait Tried {
    /// The value of success.
    type Value;
    /// What is handed to the caller.
    type Failure;

    /// Which of the two it is.
    ///
    /// # Errors
    ///
    /// What is handed to the caller.
    fn tried(self) -> Result<Self::Value, Self::Failure>;
}

/// What can be handed the `Failure` of a `?`: what the function around it gives.
#[diagnostic::on_unimplemented(
    message = "`?` in a function that returns `{Self}`",
    label = "this hands an error, or `None`, to the caller, and a `{Self}` is neither",
    note = "help: give the function a result, such as `-> std::io::Result<{Self}>`, and end it with `Ok(…)`",
    note = "see `question-without-result` in `eventlet::docs::diagnostics`"
)]
pub trait TakesFailure<Failure> {
    /// The value for the caller.
    fn failed(failure: Failure) -> Self;
}

/// The error of a `Result`.
pub struct Failed<E>(E);

/// The `None` of an `Option`.
pub struct Nothing;

/// The end that a `ControlFlow` brought.
pub struct Broke<B>(B);

impl<T, E> Tried for Result<T, E> {
    type Value = T;
    type Failure = Failed<E>;

    #[inline(always)]
    fn tried(self) -> Result<T, Failed<E>> {
        self.map_err(Failed)
    }
}

impl<T> Tried for Option<T> {
    type Value = T;
    type Failure = Nothing;

    #[inline(always)]
    fn tried(self) -> Result<T, Nothing> {
        self.ok_or(Nothing)
    }
}

impl<B, C> Tried for ControlFlow<B, C> {
    type Value = C;
    type Failure = Broke<B>;

    #[inline(always)]
    fn tried(self) -> Result<C, Broke<B>> {
        match self {
            ControlFlow::Continue(value) => Ok(value),
            ControlFlow::Break(end) => Err(Broke(end)),
        }
    }
}

impl<T, E> Tried for Poll<Result<T, E>> {
    type Value = Poll<T>;
    type Failure = Failed<E>;

    #[inline(always)]
    fn tried(self) -> Result<Poll<T>, Failed<E>> {
        match self {
            Poll::Ready(Ok(value)) => Ok(Poll::Ready(value)),
            Poll::Ready(Err(error)) => Err(Failed(error)),
            Poll::Pending => Ok(Poll::Pending),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, F: From<E>> TakesFailure<Failed<E>> for Result<T, F> {
    #[inline(always)]
    fn failed(failure: Failed<E>) -> Self {
        Err(F::from(failure.0))
    }
}

#[diagnostic::do_not_recommend]
impl<T> TakesFailure<Nothing> for Option<T> {
    #[inline(always)]
    fn failed(_failure: Nothing) -> Self {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<B, C> TakesFailure<Broke<B>> for ControlFlow<B, C> {
    #[inline(always)]
    fn failed(failure: Broke<B>) -> Self {
        ControlFlow::Break(failure.0)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, F: From<E>> TakesFailure<Failed<E>> for Poll<Result<T, F>> {
    #[inline(always)]
    fn failed(failure: Failed<E>) -> Self {
        Poll::Ready(Err(F::from(failure.0)))
    }
}

/// Stands for a `?` that has been reported: what follows is still understood.
pub fn value_of<T: Tried>(_tried: T) -> T::Value {
    unreachable!("it does not compile")
}
