//! Piles: results in the order of spawning.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::testing::{now, run_virtual};
use eventlet::{GreenIterator, GreenPile, GreenPool, green, sleep, spawn, spawn_n, with_timeout};

use super::*;

#[green]
fn drain(mut pile: GreenPile<u64>) -> Vec<u64> {
    let mut values = Vec::new();
    while let Some(value) = pile.next() {
        values.push(value);
    }
    values
}

#[test]
fn a_pile_gives_results_in_spawn_order_under_random_delays_with_several_spawners() {
    #[green]
    fn spawner(pile: GreenPile<u64>, expected: Rc<RefCell<Vec<u64>>>, seed: u64) {
        let mut random = Random(seed);
        for n in 0..50 {
            let (value, delay) = (1000 * seed + n, random.below(7));
            let expected = expected.clone();
            sleep(ms(random.below(3)));
            pile.spawn(move || {
                // Jobs begin in the order in which they were spawned.
                expected.borrow_mut().push(value);
                delayed(delay, value)
            });
        }
    }
    #[green]
    fn delayed(delay: u64, value: u64) -> u64 {
        sleep(ms(delay));
        value
    }
    #[green]
    fn test() {
        for size in [1, 5, 50] {
            let pile = GreenPile::new(size);
            let expected = Rc::default();
            let spawners: Vec<_> = (1..=4)
                .map(|seed| {
                    let (pile, expected) = (pile.clone(), Rc::clone(&expected));
                    spawn(move || spawner(pile, expected, seed))
                })
                .collect();
            let mut seen = vec![];
            while seen.len() < 200 {
                sleep(ms(1));
                seen.extend(drain(pile.clone()));
            }
            assert_eq!(seen, *expected.borrow());
            joinall(spawners);
        }
    }
    run_virtual(test);
}

#[test]
fn an_empty_pile_is_an_empty_sequence_and_can_be_filled_again() {
    #[green]
    fn test() {
        let pile = GreenPile::new(2);
        assert!(drain(pile.clone()).is_empty());
        pile.spawn(|| nap(2));
        pile.spawn(|| nap(1));
        assert_eq!(drain(pile.clone()), [2, 1]);
        assert!(drain(pile.clone()).is_empty());
        pile.spawn(|| nap(3));
        let mut seen = vec![];
        for value in pile {
            seen.push(value);
        }
        assert_eq!(seen, [3]);
    }
    run_virtual(test);
}

#[test]
fn a_pile_raises_panics_in_place_and_goes_on() {
    #[green]
    fn test() {
        let mut pile = GreenPile::default();
        for n in 1..=4 {
            pile.spawn(move || picky(n));
        }
        let mut seen = vec![];
        while let Some(result) = pile.join_next() {
            seen.push(say(result));
        }
        assert_eq!(
            seen,
            ["the green thread panicked: 1 is odd", "2", "the green thread panicked: 3 is odd", "4"]
        );
    }
    run_virtual(test);
}

#[test]
fn two_piles_on_one_pool_do_not_mix() {
    #[green]
    fn test() {
        let pool = GreenPool::new(3);
        let (one, two) = (GreenPile::with_pool(pool.clone()), GreenPile::with_pool(pool.clone()));
        for n in 0..4 {
            one.spawn(move || nap(n));
            two.spawn(move || nap(10 + n));
        }
        assert_eq!(drain(one), [0, 1, 2, 3]);
        assert_eq!(drain(two), [10, 11, 12, 13]);
        assert_eq!(pool.free(), 3);
    }
    run_virtual(test);
}

#[test]
fn a_pile_spawn_that_times_out_does_not_break_the_order() {
    #[green]
    fn test() {
        let pile = GreenPile::new(1);
        pile.spawn(|| nap(10));
        assert!(with_timeout(ms(5), || pile.spawn(|| nap(99))).is_err());
        pile.spawn(|| nap(4));
        pile.spawn(|| nap(5));
        assert_eq!(drain(pile.clone()), [10, 4, 5]);
        assert!(drain(pile).is_empty());
    }
    run_virtual(test);
}

#[test]
fn the_reader_of_a_pile_waits_for_a_spawn_that_waits_for_a_slot() {
    #[green]
    fn spawner(pile: GreenPile<u64>) {
        pile.spawn(|| nap(1));
    }
    #[green]
    fn interrupted_spawner(pile: GreenPile<u64>) {
        assert!(with_timeout(ms(5), || pile.spawn(|| nap(99))).is_err());
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        pool.spawn_n(|| sleep(ms(10)));
        let pile = GreenPile::with_pool(pool);
        let (one, two) = (pile.clone(), pile.clone());
        spawn_n(move || spawner(one));
        spawn_n(move || interrupted_spawner(two));
        sleep(Duration::ZERO);
        assert_eq!(drain(pile), [1]);

        let pool = GreenPool::new(0);
        let pile = GreenPile::with_pool(pool);
        let its_pile = pile.clone();
        spawn_n(move || interrupted_spawner(its_pile));
        sleep(Duration::ZERO);
        assert!(drain(pile).is_empty());
    }
    run_virtual(test);
}

#[test]
fn several_readers_of_a_pile_share_the_results() {
    #[green]
    fn reader(pile: GreenPile<u64>, log: Log, name: &'static str) {
        for value in pile {
            log.add(format!("{name} got {value}"));
        }
        log.add(format!("{name} done"));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pile = GreenPile::new(4);
        for time in [30, 10, 20, 40] {
            pile.spawn(move || nap(time));
        }
        let readers = ["one", "two", "three"].map(|name| {
            let (pile, log) = (pile.clone(), log.clone());
            spawn(move || reader(pile, log, name))
        });
        sleep(ms(5));
        readers[1].kill();
        joinall(readers);
        log.assert(&["one got 30", "one got 10", "one got 20", "one got 40", "one done", "three done"]);
    }
    run_virtual(test);
}

#[test]
fn a_member_that_fills_a_pile_on_its_own_pool_runs_the_jobs_in_place() {
    #[green]
    fn member(pool: GreenPool) -> Vec<u64> {
        let pile = GreenPile::with_pool(pool);
        for n in [3, 1, 2] {
            pile.spawn(move || nap(n));
        }
        drain(pile)
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || member(inner)).wait(), [3, 1, 2]);
        assert_eq!(now(), ms(6));
    }
    run_virtual(test);
}

#[test]
fn readers_that_wait_for_a_spawn_all_hear_of_it_and_of_the_end() {
    #[green]
    fn reader(pile: GreenPile<u64>, log: Log, name: &'static str) {
        for value in pile {
            log.add(format!("{name} got {value}"));
        }
        log.add(format!("{name} done"));
    }
    #[green]
    fn spawner(pile: GreenPile<u64>, limit: u64) {
        let _ = with_timeout(ms(limit), || pile.spawn(|| nap(1)));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(0);
        let pile = GreenPile::with_pool(pool.clone());
        let (one, two) = (pile.clone(), pile.clone());
        spawn_n(move || spawner(one, 10));
        spawn_n(move || spawner(two, 1000));
        let readers = ["one", "two", "three", "four"].map(|name| {
            let (pile, log) = (pile.clone(), log.clone());
            spawn(move || reader(pile, log, name))
        });
        sleep(ms(20));
        pool.resize(1);
        // The spawner delivers, which calls the first reader. It is killed before its turn.
        sleep(Duration::ZERO);
        readers[0].kill();
        sleep(ms(100));
        log.assert(&["two got 1", "two done", "three done", "four done"]);
        joinall(readers);
    }
    run_virtual(test);
}
