//! rand, with a seed.

use rand::prelude::*;
use rand::rngs::StdRng;
use std::collections::BTreeSet;

crate::pairs! {
    fn dice(seed: u64, n: usize) -> Vec<u8> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..n).map(|_| rng.random_range(1..=6)).collect()
    }
    with (1, 10), (2, 0);

    fn shuffled(seed: u64) -> Vec<u32> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut all: Vec<u32> = (0..10).collect();
        all.shuffle(&mut rng);
        all.truncate(rng.random_range(3..8));
        all
    }
    with (7), (8);

    fn chosen(seed: u64, names: &[&'static str]) -> Option<&'static str> {
        let mut rng = StdRng::seed_from_u64(seed);
        if rng.random_bool(0.5) { names.choose(&mut rng).copied() } else { names.iter().copied().choose(&mut rng) }
    }
    with (1, &["a", "b", "c"]), (2, &["a", "b"]), (3, &[]);

    fn pi(seed: u64, rounds: u32) -> String {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut inside = 0;
        for _ in 0..rounds {
            let (x, y): (f64, f64) = rng.random();
            if x.hypot(y) <= 1.0 { inside += 1; }
        }
        format!("{:.3}", 4.0 * f64::from(inside) / f64::from(rounds))
    }
    with (3, 500);

    fn lottery(seed: u64) -> BTreeSet<u8> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut drawn = BTreeSet::new();
        while drawn.len() < 6 { drawn.insert(rng.random_range(1..=49)); }
        drawn
    }
    with (11);

    fn password(seed: u64, n: usize) -> String {
        let rng = StdRng::seed_from_u64(seed);
        rng.sample_iter(rand::distr::Alphanumeric).map(char::from).filter(|c| !"0Ol1".contains(*c)).take(n).collect()
    }
    with (5, 12), (5, 0);

    fn weighted(seed: u64, weights: &[u32]) -> Result<usize, &'static str> {
        let total: u32 = weights.iter().sum();
        if total == 0 { return Err("no weight") }
        let mut at = StdRng::seed_from_u64(seed).random_range(0..total);
        for (i, &w) in weights.iter().enumerate() { if at < w { return Ok(i) } at -= w; }
        unreachable!()
    }
    with (1, &[1, 5, 2]), (9, &[]);
}
