//! Everything at once, at random moments, with fixed seeds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenthread::{catch_exit, joinall};
use eventlet::testing::run_virtual;
use eventlet::{GreenPool, green, sleep, spawn, spawn_n, with_timeout};

use super::*;

/// What happened to one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fate {
    begun: u32,
    ended: u32,
}

/// The fates of all jobs, by number.
type Fates = Rc<RefCell<Vec<Fate>>>;

/// A number for a job that is about to be spawned.
fn announce(fates: &Fates) -> usize {
    let mut fates = fates.borrow_mut();
    fates.push(Fate::default());
    fates.len() - 1
}

/// A job that may end in any way, and sometimes spawns another into its own pool.
#[green]
fn wild_job(pool: GreenPool, fates: Fates, number: usize, seed: u64) {
    fates.borrow_mut()[number].begun += 1;
    let mut random = Random(seed);
    sleep(ms(random.below(4)));
    match random.below(6) {
        0 => panic!("job {number} panics"),
        1 => {
            let (inner, inner_fates, next, seed) =
                (pool.clone(), fates.clone(), announce(&fates), random.next());
            // In place if the pool is full.
            let _ = with_timeout(ms(3), || pool.spawn(move || wild_job(inner, inner_fates, next, seed)));
        }
        2 => {
            let _ = catch_exit(|| sleep(ms(2)));
            sleep(ms(1));
        }
        _ => {}
    }
    fates.borrow_mut()[number].ended += 1;
}

/// Spawns jobs with impatience, and kills some of them.
#[green]
fn wild_spawner(pool: GreenPool, fates: Fates, seed: u64) {
    let mut random = Random(seed);
    let mut threads = vec![];
    for _ in 0..40 {
        let (inner, inner_fates, number, seed) =
            (pool.clone(), fates.clone(), announce(&fates), random.next());
        let limit = ms(random.below(4));
        let spawned = with_timeout(limit, || pool.spawn(move || wild_job(inner, inner_fates, number, seed)));
        threads.extend(spawned.ok());
        assert!(pool.free() >= 0);
        assert!(pool.running() as isize + pool.free() <= pool.size() as isize);
        match random.below(5) {
            0 => sleep(Duration::ZERO),
            1 => sleep(ms(random.below(3))),
            2 if !threads.is_empty() => {
                let victim = random.below(threads.len() as u64) as usize;
                threads.swap_remove(victim).kill();
            }
            _ => {}
        }
    }
}

#[test]
fn no_slot_is_lost_or_made_whatever_happens() {
    #[green]
    fn test() {
        for seed in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233] {
            let mut random = Random(seed);
            let size = 1 + random.below(4) as usize;
            let pool = GreenPool::new(size);
            let fates = Fates::default();
            let spawners: Vec<_> = (0..6)
                .map(|_| {
                    let (pool, fates, seed) = (pool.clone(), fates.clone(), random.next());
                    spawn(move || wild_spawner(pool, fates, seed))
                })
                .collect();
            for _ in 0..10 {
                sleep(ms(random.below(8)));
                match random.below(3) {
                    0 => spawners[random.below(6) as usize].kill(),
                    1 => pool.resize(size),
                    _ => pool.killall(),
                }
            }
            joinall(spawners);
            pool.waitall();
            assert_eq!((pool.running(), pool.waiting(), pool.free()), (0, 0, size as isize), "seed {seed}");
            let fates = fates.borrow();
            assert!(fates.iter().all(|fate| fate.begun <= 1 && fate.ended <= fate.begun), "seed {seed}");
            let counts = [
                fates.iter().filter(|fate| fate.begun == 0).count(),
                fates.iter().filter(|fate| fate.begun > fate.ended).count(),
                fates.iter().filter(|fate| fate.ended == 1).count(),
            ];
            assert!(counts.iter().all(|count| *count > 0), "seed {seed} is tame: {counts:?}");
        }
    }
    run_virtual(test);
}

#[test]
fn results_stay_in_order_whatever_happens() {
    #[green]
    fn wild_nap(n: u64) -> u64 {
        let mut random = Random(n + 1);
        sleep(ms(random.below(5)));
        assert!(random.below(4) > 0, "{n} panics");
        n
    }
    #[green]
    fn disturb(pool: GreenPool, seed: u64) {
        let mut random = Random(seed);
        for _ in 0..30 {
            sleep(ms(random.below(4)));
            let (time, limit) = (random.below(6), random.below(3));
            let _ = with_timeout(ms(limit), || pool.spawn(move || sleep(ms(time))));
        }
    }
    #[green]
    fn test() {
        for seed in [7, 77, 777, 7777, 77777] {
            let mut random = Random(seed);
            let pool = GreenPool::new(3);
            let inner = pool.clone();
            spawn_n(move || disturb(inner, seed));
            let mut results = pool.imap(wild_nap, 0..60).with_window(1 + random.below(5) as usize);
            let mut unordered = pool.imap_unordered(wild_nap, 0..60);
            let (mut seen, mut seen_unordered) = (vec![], vec![]);
            loop {
                let limit = ms(random.below(4));
                match with_timeout(limit, || results.join_next()) {
                    Ok(Some(result)) => seen.push(say(result)),
                    Ok(None) => break,
                    Err(_) => {}
                }
                if let Ok(Some(result)) = with_timeout(limit, || unordered.join_next()) {
                    seen_unordered.push(say(result));
                }
            }
            while let Some(result) = unordered.join_next() {
                seen_unordered.push(say(result));
            }
            let expected: Vec<String> = (0..60)
                .map(|n| {
                    let mut random = Random(n + 1);
                    random.next();
                    match random.below(4) {
                        0 => format!("the green thread panicked: {n} panics"),
                        _ => n.to_string(),
                    }
                })
                .collect();
            assert_eq!(seen, expected, "seed {seed}");
            assert_ne!(seen_unordered, expected, "seed {seed}");
            seen_unordered.sort();
            seen.sort();
            assert_eq!(seen_unordered, seen, "seed {seed}");
            sleep(ms(1000));
            assert_eq!((pool.running(), pool.free()), (0, 3));
        }
    }
    run_virtual(test);
}
