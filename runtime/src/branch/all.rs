//! Any number of calls of one kind.

use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::branches::{Branches, raise_unless_panicking};
use crate::call::Green;
use crate::call::lazy::Start;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::hub::current;
use crate::hub::task::is_trace_poll;

/// Drives all the calls beside each other, and gives what each gave, in the order given. Suspends
/// while any does.
///
/// The calls are branches of the running thread and may borrow from it; each is resumed only when
/// it was woken, so the cost is that of the calls, however many they are. They begin in the order
/// given, some in each turn. A panic in one ends the others and goes on.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep};
/// use eventlet::branch::join_all;
///
/// #[green]
/// fn shout(word: &str) -> String {
///     sleep(Duration::from_millis(1));
///     word.to_uppercase()
/// }
///
/// #[green]
/// fn main() {
///     let words = ["one".to_owned(), "two".to_owned()];
///     let loud = join_all(words.iter().map(|word| || shout(word)));
///     assert_eq!(loud, ["ONE", "TWO"]);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout here ends all that have not ended, in the order given, and loses what the
/// others gave.
#[doc(alias = "gather")]
#[green(by_hand = "it drives what it is given")]
pub fn join_all<F, G, T>(calls: impl IntoIterator<Item = F>) -> Green<impl Future<Output = Vec<T>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(async move {
        let mut values = Values::new();
        let never = drive(calls, |index, value| values.put::<()>(index, value)).await;
        debug_assert!(never.is_none(), "nothing breaks off");
        values.take()
    })
}

/// Like [`join_all`], for calls that can fail: the first error ends the others, and comes out.
///
/// # Cancel safety
///
/// A kill or timeout here is as there.
///
/// # Errors
///
/// The first error, as time goes; of several in one turn that of the call that was woken first.
///
/// ```
/// use std::num::ParseIntError;
/// use eventlet::green;
/// use eventlet::branch::try_join_all;
///
/// #[green]
/// fn parse(text: &str) -> Result<i32, ParseIntError> {
///     text.parse()
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(try_join_all(["1", "2"].map(|text| move || parse(text))), Ok(vec![1, 2]));
///     assert!(try_join_all(["1", "two"].map(|text| move || parse(text))).is_err());
/// }
/// ```
#[green(by_hand = "it drives what it is given")]
pub fn try_join_all<F, G, T, E>(
    calls: impl IntoIterator<Item = F>,
) -> Green<impl Future<Output = Result<Vec<T>, E>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = Result<T, E>>,
    G::Value: Sized,
{
    Green::new(async move {
        let mut values = Values::new();
        let error = drive(calls, |index, result: Result<T, E>| match result {
            Ok(value) => values.put(index, value),
            Err(error) => ControlFlow::Break(error),
        });
        match error.await {
            Some(error) => Err(error),
            None => Ok(values.take()),
        }
    })
}

/// Drives all the calls beside each other until one is over, and gives which it was, counted from
/// zero, and what it gave. Suspends until then.
///
/// The others are dropped before this returns, in the order given; [what they can
/// lose](crate::branch) is said there. Of several that are ready the first that was woken wins; in
/// the beginning that is the first given. A panic in one ends the others and goes on.
///
/// # Cancel safety
///
/// A kill or timeout here ends them all, in the order given.
///
/// # Panics
///
/// If there is no call: none would ever win.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep};
/// use eventlet::branch::race_all;
///
/// #[green]
/// fn main() {
///     let (winner, ()) = race_all([30, 1, 15].map(|ms| move || sleep(Duration::from_millis(ms))));
///     assert_eq!(winner, 1);
/// }
/// ```
#[doc(alias = "select_all")]
#[green(by_hand = "it drives what it is given")]
pub fn race_all<F, G, T>(calls: impl IntoIterator<Item = F>) -> Green<impl Future<Output = (usize, T)>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(async move {
        let winner = drive(calls, |index, value| ControlFlow::Break((index, value))).await;
        winner.expect("a race needs a call to win it")
    })
}

/// What each call gave, by its place.
struct Values<T>(Vec<Option<T>>);

impl<T> Values<T> {
    fn new() -> Self {
        Values(Vec::new())
    }

    fn put<E>(&mut self, index: usize, value: T) -> ControlFlow<E> {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(value);
        ControlFlow::Continue(())
    }

    fn take(self) -> Vec<T> {
        self.0.into_iter().map(|value| value.expect("every call is over")).collect()
    }
}

/// Drives the calls until `ended` breaks off or all are over.
async fn drive<F, G, R>(
    calls: impl IntoIterator<Item = F>,
    mut ended: impl FnMut(usize, G::Output) -> ControlFlow<R>,
) -> Option<R>
where
    F: FnOnce() -> G,
    G: Future,
{
    let all = All { branches: Branches::new() };
    for call in calls {
        let added = all.branches.add(Box::pin(Start::new(call)));
        debug_assert!(added.is_ok(), "the branches are open");
    }
    let result = poll_fn(|cx| all.poll(cx, &mut ended)).await;
    // What a destructor of a loser raises comes out here.
    drop(all);
    result
}

struct All<F: FnOnce() -> G, G: Future> {
    branches: Branches<Pin<Box<Start<F, G>>>>,
}

impl<F: FnOnce() -> G, G: Future> All<F, G> {
    fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        ended: &mut impl FnMut(usize, G::Output) -> ControlFlow<R>,
    ) -> Poll<Option<R>> {
        let branches = &self.branches;
        if is_trace_poll(cx) {
            let hub = current::with(Rc::clone);
            branches.trace(&hub, cx);
            hub.note_branches(format_args!("for its branches, {} of which have not ended", branches.len()));
            return Poll::Pending;
        }
        let broken = branches.ready().turn(cx.waker(), |hub, task| match branches.resume(hub, task) {
            None => ControlFlow::Continue(()),
            // It ends the others on its way out.
            Some(over) => ended(over.index, over.result.unwrap_or_else(|payload| resume_unwind(payload))),
        });
        if broken.is_some() || branches.len() == 0 { Poll::Ready(broken) } else { Poll::Pending }
    }
}

impl<F: FnOnce() -> G, G: Future> Drop for All<F, G> {
    fn drop(&mut self) {
        raise_unless_panicking(self.branches.close());
    }
}
