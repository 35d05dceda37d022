use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use eventlet::coros::Metaphore;
use eventlet::pools::{Pool, TokenPool};
use eventlet::testing::now;
use eventlet::{green, sleep, spawn, spawn_after, spawn_n};

use crate::support::{Log, ms, scenarios, turn};

/// A pool of numbers: the first that is made is 1.
fn numbers(max_size: usize, making: Duration) -> (Pool<u32>, Rc<Cell<u32>>) {
    let made = Rc::new(Cell::new(0));
    let counter = made.clone();
    let pool = Pool::new(max_size, move || next_number(counter.clone(), making));
    (pool, made)
}

#[green]
fn next_number(made: Rc<Cell<u32>>, making: Duration) -> Result<u32, Infallible> {
    made.set(made.get() + 1);
    let number = made.get();
    if !making.is_zero() {
        sleep(making);
    }
    Ok(number)
}

#[green]
fn get_and_log(pool: Pool<u32>, log: Log) {
    let Ok(item) = pool.get();
    log.add(*item);
    turn();
}

scenarios! {
    fn items_are_made_when_needed_and_used_again_the_oldest_first() {
        let (pool, made) = numbers(4, Duration::ZERO);
        assert_eq!((pool.len(), pool.free(), made.get()), (0, 4, 0));
        {
            let (Ok(a), Ok(b), Ok(c)) = (pool.get(), pool.get(), pool.get());
            assert_eq!((*a, *b, *c, pool.free()), (1, 2, 3, 1));
            drop(b);
        }
        assert_eq!((pool.free(), pool.len()), (4, 3));
        let (Ok(a), Ok(b), Ok(c)) = (pool.get(), pool.get(), pool.get());
        assert_eq!((*a, *b, *c, made.get()), (2, 3, 1, 3), "in the order in which they came back");
    }

    fn a_stack_lends_the_newest() {
        let made = Rc::new(Cell::new(0));
        let pool = Pool::with_newest_first(4, move || next_number(made.clone(), Duration::ZERO));
        let Ok(()) = pool.fill(3);
        let (Ok(a), Ok(b)) = (pool.get(), pool.get());
        assert_eq!((*a, *b), (3, 2));
    }

    fn an_exhausted_pool_makes_getters_wait_in_line() {
        let (pool, _) = numbers(1, Duration::ZERO);
        let log = Log::new();
        let Ok(item) = pool.get();
        let threads = [1, 2].map(|_| {
            let (pool, log) = (pool.clone(), log.clone());
            spawn(move || get_and_log(pool, log))
        });
        turn();
        assert_eq!((pool.free(), pool.waiting()), (0, 2));
        assert!(pool.get_timeout(ms(3)).is_err());
        assert!(pool.try_get().is_none());
        drop(item);
        for thread in threads {
            thread.wait();
        }
        log.expect(["1", "1"]);
        assert_eq!((pool.len(), now()), (1, ms(3)));
    }

    fn a_create_that_suspends_makes_no_more_than_there_may_be() {
        let (pool, made) = numbers(2, ms(1));
        let log = Log::new();
        let threads: Vec<_> = (0..20)
            .map(|_| {
                let (pool, log) = (pool.clone(), log.clone());
                spawn(move || get_and_log(pool, log))
            })
            .collect();
        for thread in threads {
            thread.wait();
        }
        assert_eq!((made.get(), pool.len(), log.take().len()), (2, 2, 20));
    }

    fn a_create_that_fails_gives_the_place_back() {
        let fails = Rc::new(Cell::new(true));
        let f = fails.clone();
        let pool = Pool::new(1, move || std::future::ready(if f.get() { Err("no") } else { Ok(1) }));
        assert_eq!(pool.get().unwrap_err(), "no");
        assert_eq!((pool.free(), pool.len()), (1, 0));
        fails.set(false);
        assert_eq!(*pool.get().unwrap(), 1);
    }

    fn a_kill_while_an_item_is_made_gives_the_place_back() {
        let (pool, _) = numbers(1, ms(10));
        let (p, l) = (pool.clone(), Log::new());
        let maker = spawn(move || get_and_log(p, l));
        turn();
        assert_eq!((pool.free(), pool.len()), (0, 1));
        maker.kill();
        assert_eq!((pool.free(), pool.len()), (1, 0));
    }

    fn bringing_back_never_waits_and_the_item_stays_for_the_next() {
        let (pool, _) = numbers(1, Duration::ZERO);
        let Ok(item) = pool.get();
        let threads = [1, 2].map(|_| {
            let pool = pool.clone();
            spawn(#[green] move || pool.get_timeout(ms(1)).is_err())
        });
        for thread in threads {
            assert!(thread.wait());
        }
        assert_eq!(pool.waiting(), 0);
        let number = item.keep();
        pool.put(number);
        assert_eq!((pool.free(), pool.len()), (1, 1));
        pool.put(99); // one too many
        assert_eq!(pool.len(), 1);
        assert_eq!(pool.try_get().map(|item| *item), Some(1));
    }

    fn an_item_that_is_removed_makes_room_for_another() {
        let (pool, _) = numbers(1, Duration::ZERO);
        let Ok(item) = pool.get();
        let p = pool.clone();
        let next = spawn(#[green] move || {
            let Ok(item) = p.get();
            *item
        });
        turn();
        assert_eq!(item.remove(), 1);
        assert_eq!(next.wait(), 2);
    }

    fn growing_wakes_and_shrinking_drops_what_comes_back() {
        let (pool, made) = numbers(1, Duration::ZERO);
        let log = Log::new();
        let Ok(item) = pool.get();
        let (p, l) = (pool.clone(), log.clone());
        let waiter = spawn(move || get_and_log(p, l));
        turn();
        pool.resize(2);
        waiter.wait();
        log.expect(["2"]);
        let Ok(other) = pool.get();
        pool.resize(1);
        assert_eq!(pool.free(), -1);
        drop(other);
        assert_eq!((pool.len(), pool.free()), (1, 0));
        drop(item);
        assert_eq!((pool.len(), pool.free(), made.get()), (1, 1, 2));
        pool.resize(0);
        assert_eq!(pool.len(), 0);
    }

    fn shrinking_an_idle_pool_drops_items_and_lends_no_more_than_are_left() {
        let (pool, made) = numbers(3, Duration::ZERO);
        let Ok(()) = pool.fill(3);
        pool.resize(1);
        assert_eq!((pool.len(), pool.free(), pool.max_size()), (1, 1, 1));
        let Ok(item) = pool.get();
        assert_eq!(*item, 3);
        assert!(pool.try_get().is_none());
        assert!(pool.get_timeout(ms(1)).is_err());
        drop(item);
        assert_eq!((pool.len(), pool.free(), made.get()), (1, 1, 3));
        assert!(pool.get_timeout(ms(1)).is_ok());
    }

    fn a_pool_may_have_any_number_of_items_and_grows_and_shrinks_at_once() {
        let (tokens, log) = (TokenPool::of_tokens(usize::MAX), Log::new());
        assert_eq!(tokens.free(), isize::MAX);
        let Ok(first) = tokens.get();
        tokens.resize(1);
        assert_eq!((tokens.free(), tokens.max_size()), (0, 1));
        for name in ["a", "b", "c"] {
            let (tokens, log) = (tokens.clone(), log.clone());
            spawn_n(#[green] move || {
                let _token = tokens.get();
                log.add(name);
                sleep(ms(1));
            });
        }
        turn();
        assert_eq!(tokens.waiting(), 3);
        tokens.resize(3);
        // Two are called. One of the two waits on, in its place.
        tokens.resize(2);
        turn();
        log.expect(["a"]);
        tokens.resize(usize::MAX);
        turn();
        log.expect(["b", "c"]);
        drop(first);
        assert_eq!((tokens.waiting(), tokens.free()), (0, isize::MAX - 3));
        sleep(ms(2));
    }

    fn tokens_limit_how_many_go_on() {
        let tokens = TokenPool::of_tokens(2);
        let (Ok(first), Ok(_second)) = (tokens.get(), tokens.get());
        assert!(tokens.get_timeout(ms(1)).is_err());
        drop(first);
        assert!(tokens.get_timeout(ms(1)).is_ok());
    }

    fn a_metaphore_waits_for_zero_and_floors_there() {
        let (count, log) = (Metaphore::new(), Log::new());
        count.wait();
        count.inc(2);
        let (c, l) = (count.clone(), log.clone());
        let waiter = spawn(#[green] move || {
            c.wait();
            l.add("zero");
        });
        let c = count.clone();
        spawn_after(ms(1), #[green] move || {
            c.dec(1);
            turn();
            c.dec(5);
            c.inc(1); // the waiter is past its wait
        });
        assert!(count.wait_timeout(Duration::ZERO).is_err());
        log.expect([]);
        waiter.wait();
        log.expect(["zero"]);
        assert_eq!(count.count(), 1);
    }
}
