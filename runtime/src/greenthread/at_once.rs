//! A call in a green thread of its own that begins without giving way.

use std::future::{Future, pending, poll_fn};
use std::task::Poll;

use crate::call::{GreenCall, MakesGreenCall};
use crate::greenthread::GreenThread;
use crate::hub::begin::Begun;
use crate::hub::current;
use crate::hub::exit::Exit;
use crate::hub::task::{Place, is_trace_poll};

/// Drives the call of `f` in a green thread of its own, and waits for it; the thread is killed if
/// the wait is dropped.
///
/// It is a thread in all that can be seen from inside, but for the moment in which it begins, which
/// is the first poll of this one: whoever waits suspends only if the thread does.
#[track_caller]
pub(crate) fn at_once<F, G>(f: F) -> impl Future<Output = Result<G::Value, Exit>>
where
    F: MakesGreenCall<G> + 'static,
    G: GreenCall + 'static,
    G::Value: 'static,
{
    let place = Place::here();
    async move {
        let hub = current::get();
        let outcome = hub.create_task(f);
        outcome.task().spawned_at(place);
        // A look at where threads stand begins nothing.
        let is_look = poll_fn(|cx| Poll::Ready(is_trace_poll(cx))).await;
        let begun = if is_look {
            hub.schedule(outcome.task());
            Begun::InItsTurn
        } else {
            hub.begin(outcome.task())
        };
        let thread = GreenThread::new(outcome).kill_on_drop();
        if begun == Begun::InFork {
            // What its waiter would do is the parent's to do.
            pending::<()>().await;
        }
        thread.join().await
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::RefCell;
    use std::pin::pin;
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::greenthread::{catch_exit, current as running, sleep, spawn, spawn_n};
    use crate::testing::run_virtual;

    /// What happened, in order.
    #[derive(Clone, Default)]
    struct Events(Rc<RefCell<Vec<&'static str>>>);

    impl Events {
        fn push(&self, event: &'static str) {
            self.0.borrow_mut().push(event);
        }

        fn take(&self) -> Vec<&'static str> {
            self.0.take()
        }
    }

    #[test]
    fn it_begins_before_those_that_are_ready_and_costs_no_turn_if_it_does_not_suspend() {
        run_virtual(|| async {
            let events = Events::default();
            let (there, other) = (events.clone(), events.clone());
            spawn_n(move || async move { other.push("the other") });
            let own = running().id();
            let ended = at_once(move || async move {
                there.push("the call");
                running().id()
            });
            let inner = ended.await.unwrap();
            events.push("the caller");
            assert_ne!(inner, own);
            assert_eq!(running().id(), own);
            sleep(Duration::ZERO).await;
            assert_eq!(events.take(), ["the call", "the caller", "the other"]);
        });
    }

    #[test]
    fn it_is_the_same_thread_after_it_has_suspended() {
        run_virtual(|| async {
            let events = Events::default();
            let (there, other) = (events.clone(), events.clone());
            spawn_n(move || async move { other.push("the other") });
            let ended = at_once(move || async move {
                let before = running();
                there.push("begins");
                sleep(Duration::from_secs(1)).await;
                there.push("goes on");
                before.id() == running().id()
            });
            assert!(ended.await.unwrap());
            assert_eq!(events.take(), ["begins", "the other", "goes on"]);
        });
    }

    #[test]
    fn so_many_begin_in_a_resumption_and_the_next_in_its_turn() {
        run_virtual(|| async {
            let events = Events::default();
            let other = events.clone();
            sleep(Duration::ZERO).await;
            spawn_n(move || async move { other.push("the other") });
            for _ in 0..18 {
                let there = events.clone();
                at_once(move || async move { there.push("begins") }).await.unwrap();
            }
            let expected = [vec!["begins"; 16], vec!["the other"], vec!["begins"; 2]].concat();
            assert_eq!(events.take(), expected);
        });
    }

    #[test]
    fn what_it_spends_is_spent_by_the_caller() {
        run_virtual(|| async {
            current::replace_budget(100);
            at_once(|| async { current::spend(30) }).await.unwrap();
            assert_eq!(current::replace_budget(0), 100 - 64 - 30);
            let events = Events::default();
            let (there, other) = (events.clone(), events.clone());
            spawn_n(move || async move { other.push("the other") });
            sleep(Duration::ZERO).await;
            spawn_n({
                let events = events.clone();
                move || async move { events.push("another") }
            });
            // Nothing is left, so it does not begin before others.
            current::replace_budget(0);
            at_once(move || async move { there.push("the call") }).await.unwrap();
            assert_eq!(events.take(), ["the other", "another", "the call"]);
        });
    }

    #[test]
    fn its_end_is_told_however_it_ends() {
        run_virtual(|| async {
            let panicked = at_once(|| async {
                if running().is_started() {
                    panic!("at once");
                }
            });
            match panicked.await {
                Err(Exit::Panicked(panic)) => assert_eq!(panic.message(), Some("at once")),
                other => panic!("{other:?}"),
            }
            sleep(Duration::ZERO).await;
            let killed = at_once(|| async {
                running().kill();
                sleep(Duration::from_secs(1)).await;
            });
            assert!(matches!(killed.await, Err(Exit::Killed)));
            sleep(Duration::ZERO).await;
            let caught = at_once(|| async {
                let caught = catch_exit(|| async {
                    running().kill();
                    sleep(Duration::from_secs(1)).await;
                });
                caught.await.is_err()
            });
            assert!(caught.await.unwrap());
        });
    }

    #[test]
    fn a_dropped_wait_ends_it() {
        struct Says(Events);

        impl Drop for Says {
            fn drop(&mut self) {
                self.0.push("dropped");
            }
        }

        run_virtual(|| async {
            let events = Events::default();
            let there = Says(events.clone());
            {
                let mut call = pin!(at_once(move || async move {
                    let _there = there;
                    sleep(Duration::from_secs(1)).await;
                }));
                poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
                assert!(events.take().is_empty());
            }
            assert_eq!(events.take(), ["dropped"]);
        });
    }

    #[test]
    fn its_caller_may_be_killed_in_it_and_ends_with_it_at_the_next_wait() {
        run_virtual(|| async {
            let events = Events::default();
            let (there, outside) = (events.clone(), events.clone());
            let caller = spawn(move || async move {
                let caller = running();
                let ended = at_once(move || async move {
                    caller.kill();
                    there.push("goes on");
                    sleep(Duration::from_secs(1)).await;
                    there.push("is not reached");
                });
                let _ = ended.await;
                outside.push("is not reached");
            });
            assert!(matches!(caller.join().await, Err(Exit::Killed)));
            sleep(Duration::from_secs(2)).await;
            assert_eq!(events.take(), ["goes on"]);
        });
    }
}
