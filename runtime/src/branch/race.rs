//! A fixed number of calls, until the first of them is over.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::call::{Branch, note_branches};
use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};

/// Writes `race` for one number of calls.
macro_rules! races {
    (
        $(#[$doc:meta])* $race:ident $Outcome:ident $Calls:ident:
        $($F:ident $G:ident $T:ident $call:ident $Nth:ident $number:literal),*
    ) => {
        $(#[$doc])*
        #[$crate::green(by_hand = "it drives what it is given")]
        pub fn $race<$($F, $G, $T),*>($($call: $F),*) -> Green<impl Future<Output = $Outcome<$($T),*>>>
        where
            $($F: MakesGreenCall<$G>, $G: GreenCall<Value = $T>, $G::Value: Sized,)*
        {
            Green::new(async move { $Calls { $($call: Branch::new($call)),* }.await })
        }

        #[doc = concat!("The winner of a [`", stringify!($race), "`].")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Outcome<$($T),*> {
            $(
                #[doc = concat!("Call ", stringify!($number), " was over first, and gave this.")]
                $Nth($T),
            )*
        }

        pin_project_lite::pin_project! {
            struct $Calls<$($F, $G: Future),*> {
                $(#[pin] $call: Branch<$F, $G>,)*
            }
        }

        impl<$($F: FnOnce() -> $G, $G: Future),*> Future for $Calls<$($F, $G),*> {
            type Output = $Outcome<$($G::Output),*>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let mut calls = self.project();
                $(
                    if calls.$call.as_mut().drive(cx, $number) {
                        return Poll::Ready($Outcome::$Nth(calls.$call.take()));
                    }
                )*
                note_branches(cx, "the first of its branches");
                Poll::Pending
            }
        }
    };
}

races! {
    /// Drives two calls beside each other until one is over, and gives what that one gave. Suspends
    /// until then. [`race3`] takes three, and so on up to [`race7`].
    ///
    /// The calls are branches of the running thread and may borrow from it. They are asked in the
    /// order in which they are written, so of several that are ready the first written wins; a call
    /// after it is not even begun if it was not before. So a last call that is ready at once makes
    /// a race that does not wait: an `else`. The losers are dropped before this returns, in the
    /// order written; [what they can lose](crate::branch) is said there. A panic in one ends the
    /// others and goes on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::branch::{Race3, race3};
    /// use eventlet::{Event, Queue, green, sleep};
    ///
    /// #[green]
    /// fn next(letters: &Queue<u32>, stop: &Event) -> Option<u32> {
    ///     match race3(|| stop.wait(), || letters.get(), || sleep(Duration::from_secs(1))) {
    ///         Race3::First(()) => None,
    ///         Race3::Second(letter) => letter.ok(),
    ///         Race3::Third(()) => Some(0),
    ///     }
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     let (letters, stop) = (Queue::unbounded(), Event::new());
    ///     letters.put(7).unwrap();
    ///     assert_eq!(next(&letters, &stop), Some(7));
    ///     letters.put(8).unwrap();
    ///     stop.send(());
    ///     assert_eq!(next(&letters, &stop), None);
    ///     assert_eq!(letters.len(), 1); // the loser has taken nothing
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here ends them all, in the order written.
    race Race2 Calls2:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2
}

races! {
    /// As [`race`], for three calls.
    race3 Race3 Calls3:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2, F3 G3 T3 third Third 3
}

races! {
    /// As [`race`], for four calls.
    race4 Race4 Calls4:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2, F3 G3 T3 third Third 3, F4 G4 T4 fourth Fourth 4
}

races! {
    /// As [`race`], for five calls.
    race5 Race5 Calls5:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2, F3 G3 T3 third Third 3, F4 G4 T4 fourth Fourth 4, F5 G5 T5 fifth Fifth 5
}

races! {
    /// As [`race`], for six calls.
    race6 Race6 Calls6:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2, F3 G3 T3 third Third 3, F4 G4 T4 fourth Fourth 4, F5 G5 T5 fifth Fifth 5, F6 G6 T6 sixth Sixth 6
}

races! {
    /// As [`race`], for seven calls.
    race7 Race7 Calls7:
    F1 G1 T1 first First 1, F2 G2 T2 second Second 2, F3 G3 T3 third Third 3, F4 G4 T4 fourth Fourth 4, F5 G5 T5 fifth Fifth 5, F6 G6 T6 sixth Sixth 6, F7 G7 T7 seventh Seventh 7
}
