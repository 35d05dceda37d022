//! A fixed number of calls, all to the end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::call::{Branch, note_branches};
use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};

/// Writes `join` and `try_join` for one number of calls.
macro_rules! joins {
    (
        $(#[$join_doc:meta])* $join:ident $Calls:ident,
        $(#[$try_doc:meta])* $try_join:ident $TryCalls:ident:
        $($F:ident $G:ident $T:ident $call:ident $number:literal),*
    ) => {
        $(#[$join_doc])*
        #[$crate::green(by_hand = "it drives what it is given")]
        pub fn $join<$($F, $G, $T),*>($($call: $F),*) -> Green<impl Future<Output = ($($T,)*)>>
        where
            $($F: MakesGreenCall<$G>, $G: GreenCall<Value = $T>, $G::Value: Sized,)*
        {
            Green::new(async move { $Calls { $($call: Branch::new($call)),* }.await })
        }

        $(#[$try_doc])*
        #[$crate::green(by_hand = "it drives what it is given")]
        pub fn $try_join<Error, $($F, $G, $T),*>(
            $($call: $F),*
        ) -> Green<impl Future<Output = Result<($($T,)*), Error>>>
        where
            $($F: MakesGreenCall<$G>, $G: GreenCall<Value = Result<$T, Error>>, $G::Value: Sized,)*
        {
            Green::new(async move { $TryCalls { $($call: Branch::new($call)),* }.await })
        }

        pin_project_lite::pin_project! {
            struct $Calls<$($F, $G: Future),*> {
                $(#[pin] $call: Branch<$F, $G>,)*
            }
        }

        pin_project_lite::pin_project! {
            struct $TryCalls<$($F, $G: Future),*> {
                $(#[pin] $call: Branch<$F, $G>,)*
            }
        }

        impl<$($F: FnOnce() -> $G, $G: Future),*> Future for $Calls<$($F, $G),*> {
            type Output = ($($G::Output,)*);

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let mut calls = self.project();
                let mut are_over = true;
                $(are_over &= calls.$call.as_mut().drive(cx, $number);)*
                note_branches(cx, "all of its branches");
                if are_over { Poll::Ready(($(calls.$call.take(),)*)) } else { Poll::Pending }
            }
        }

        impl<Error, $($F: FnOnce() -> $G, $G: Future<Output = Result<$T, Error>>, $T),*> Future
            for $TryCalls<$($F, $G),*>
        {
            type Output = Result<($($T,)*), Error>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let mut calls = self.project();
                let mut are_over = true;
                $(
                    are_over &= calls.$call.as_mut().drive(cx, $number);
                    if let Some(error) = calls.$call.as_mut().take_error() {
                        return Poll::Ready(Err(error));
                    }
                )*
                note_branches(cx, "all of its branches");
                if !are_over {
                    return Poll::Pending;
                }
                Poll::Ready(Ok(($(calls.$call.take()?,)*)))
            }
        }
    };
}

joins! {
    /// Drives two calls beside each other, and gives what each gave. Suspends while any does.
    /// [`join3`] takes three, and so on up to [`join7`].
    ///
    /// The calls are branches of the running thread and may borrow from it. They are asked in the
    /// order in which they are written. A panic in one ends the others and goes on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::{green, join, sleep};
    ///
    /// #[green]
    /// fn len(text: &str) -> usize {
    ///     sleep(Duration::from_millis(1));
    ///     text.len()
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     let (left, right) = (String::from("left"), String::from("right"));
    ///     let (a, b) = join(|| len(&left), || len(&right));
    ///     assert_eq!((a, b), (4, 5));
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here ends all that have not ended, in the order written, and loses what
    /// the others gave.
    join Calls2,
    /// Like [`join`], for calls that can fail: the first error ends the others, and comes out.
    /// [`try_join3`] takes three, and so on up to [`try_join7`].
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here is as there.
    ///
    /// # Errors
    ///
    /// The first error, as time goes; of several in one turn the first written.
    ///
    /// ```
    /// use std::io;
    /// use eventlet::{green, sleep, try_join};
    /// use std::time::Duration;
    ///
    /// #[green]
    /// fn connect(works: bool) -> io::Result<u32> {
    ///     if works { Ok(1) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
    /// }
    ///
    /// #[green]
    /// fn forever() -> io::Result<()> {
    ///     sleep(Duration::MAX);
    ///     Ok(())
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     assert_eq!(try_join(|| connect(true), || connect(true)).unwrap(), (1, 1));
    ///     assert!(try_join(forever, || connect(false)).is_err());
    /// }
    /// ```
    try_join TryCalls2:
    F1 G1 T1 first 1, F2 G2 T2 second 2
}

joins! {
    /// As [`join`], for three calls.
    join3 Calls3,
    /// As [`try_join`], for three calls.
    ///
    /// # Errors
    ///
    /// As there.
    try_join3 TryCalls3:
    F1 G1 T1 first 1, F2 G2 T2 second 2, F3 G3 T3 third 3
}

joins! {
    /// As [`join`], for four calls.
    join4 Calls4,
    /// As [`try_join`], for four calls.
    ///
    /// # Errors
    ///
    /// As there.
    try_join4 TryCalls4:
    F1 G1 T1 first 1, F2 G2 T2 second 2, F3 G3 T3 third 3, F4 G4 T4 fourth 4
}

joins! {
    /// As [`join`], for five calls.
    join5 Calls5,
    /// As [`try_join`], for five calls.
    ///
    /// # Errors
    ///
    /// As there.
    try_join5 TryCalls5:
    F1 G1 T1 first 1, F2 G2 T2 second 2, F3 G3 T3 third 3, F4 G4 T4 fourth 4, F5 G5 T5 fifth 5
}

joins! {
    /// As [`join`], for six calls.
    join6 Calls6,
    /// As [`try_join`], for six calls.
    ///
    /// # Errors
    ///
    /// As there.
    try_join6 TryCalls6:
    F1 G1 T1 first 1, F2 G2 T2 second 2, F3 G3 T3 third 3, F4 G4 T4 fourth 4, F5 G5 T5 fifth 5, F6 G6 T6 sixth 6
}

joins! {
    /// As [`join`], for seven calls.
    join7 Calls7,
    /// As [`try_join`], for seven calls.
    ///
    /// # Errors
    ///
    /// As there.
    try_join7 TryCalls7:
    F1 G1 T1 first 1, F2 G2 T2 second 2, F3 G3 T3 third 3, F4 G4 T4 fourth 4, F5 G5 T5 fifth 5, F6 G6 T6 sixth 6, F7 G7 T7 seventh 7
}
