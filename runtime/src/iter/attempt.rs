//! What may fail, as `try_fold` and `try_collect` need to know it.

use std::ops::ControlFlow;

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for Option<T> {}
    impl<T, E> Sealed for Result<T, E> {}
    impl<B, C> Sealed for super::ControlFlow<B, C> {}
}

/// What may fail: an [`Option`], a [`Result`] or a [`ControlFlow`]. It stands for std's `Try`,
/// which stable Rust does not let one name.
pub trait Attempt: sealed::Sealed + Sized {
    /// What there is when it has not failed.
    type Output;
    /// What there is when it has.
    type Failure;
    /// The same kind of attempt, at something else.
    type At<T>: Attempt<Output = T, Failure = Self::Failure>;

    /// An attempt that has not failed.
    fn done(output: Self::Output) -> Self;

    /// An attempt that has.
    fn failed(failure: Self::Failure) -> Self;

    /// What has come of it.
    ///
    /// # Errors
    ///
    /// What the failure is.
    fn outcome(self) -> Result<Self::Output, Self::Failure>;
}

impl<T> Attempt for Option<T> {
    type Output = T;
    type Failure = ();
    type At<U> = Option<U>;

    fn done(output: T) -> Self {
        Some(output)
    }

    fn failed((): ()) -> Self {
        None
    }

    fn outcome(self) -> Result<T, ()> {
        self.ok_or(())
    }
}

impl<T, E> Attempt for Result<T, E> {
    type Output = T;
    type Failure = E;
    type At<U> = Result<U, E>;

    fn done(output: T) -> Self {
        Ok(output)
    }

    fn failed(failure: E) -> Self {
        Err(failure)
    }

    fn outcome(self) -> Result<T, E> {
        self
    }
}

impl<B, C> Attempt for ControlFlow<B, C> {
    type Output = C;
    type Failure = B;
    type At<T> = ControlFlow<B, T>;

    fn done(output: C) -> Self {
        ControlFlow::Continue(output)
    }

    fn failed(failure: B) -> Self {
        ControlFlow::Break(failure)
    }

    fn outcome(self) -> Result<C, B> {
        match self {
            ControlFlow::Continue(output) => Ok(output),
            ControlFlow::Break(failure) => Err(failure),
        }
    }
}
