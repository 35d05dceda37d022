//! Iterator chains, of std and of itertools.

use itertools::{Either, Itertools, MinMaxResult, izip};
use std::collections::BTreeMap;
use std::iter;

crate::pairs! {
    fn pipeline(n: u32) -> u32 {
        (1..=n).filter(|k| k % 3 != 0).map(|k| k * k).skip_while(|&k| k < 10).step_by(2).take(5).inspect(|_| ()).sum()
    }
    with (20), (0);

    fn split_even(values: &[i32]) -> (Vec<i32>, Vec<i32>) {
        values.iter().partition(|&&n| n % 2 == 0)
    }
    with (&[1, 2, 3, 4]), (&[]);

    fn zipped(names: &[&str], ages: &[u8]) -> Vec<String> {
        names.iter().zip(ages).map(|(name, age)| format!("{name}:{age}")).rev().collect()
    }
    with (&["a", "b", "c"], &[1, 2]);

    fn parse_all(text: &str) -> Result<Vec<i64>, std::num::ParseIntError> {
        text.split(',').map(str::trim).map(str::parse).collect()
    }
    with ("1, 2,3"), ("1,x"), ("");

    fn sum_of_options(values: &[Option<u32>]) -> Option<u32> { values.iter().copied().sum() }
    with (&[Some(1), Some(2)]), (&[Some(1), None]);

    fn flattened(rows: Vec<Vec<u8>>) -> Vec<(usize, u8)> {
        rows.into_iter().enumerate().flat_map(|(i, row)| row.into_iter().map(move |n| (i, n))).collect()
    }
    with (vec![vec![1, 2], vec![], vec![3]]);

    fn folded(words: &[&str]) -> String {
        words.iter().fold(String::new(), |mut acc, word| { if !acc.is_empty() { acc += "/" } acc += word; acc })
    }
    with (&["a", "b"]), (&[]);

    fn extremes(values: &[f64]) -> Option<(f64, f64)> {
        let max = values.iter().copied().reduce(f64::max)?;
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        Some((min, max))
    }
    with (&[3.0, -1.0, 2.5]), (&[]);

    fn generated() -> Vec<u32> {
        let mut state = 1u32;
        iter::from_fn(|| { state = state.wrapping_mul(5) % 97; (state != 1).then_some(state) }).take(8).chain(iter::once(0)).chain(iter::repeat_n(7, 2)).collect()
    }
    with ();

    fn manual_iteration(text: &str) -> Vec<String> {
        let mut it = text.split(';');
        let mut out = vec![it.next().unwrap_or("none").to_string()];
        while let Some(item) = it.next() {
            if item == "skip" { it.next(); continue; }
            out.push(item.to_uppercase());
            if it.size_hint().1 == Some(0) { break }
        }
        out.extend(it.by_ref().map(String::from));
        out
    }
    with ("a;b;skip;c;d"), ("");

    fn lazily(limit: usize) -> impl Iterator<Item = usize> + std::fmt::Debug + Clone { 1..limit.max(2) }
    with (5), (0);

    fn uses_lazily(limit: usize) -> usize { let all = lazily(limit); all.clone().count() * 10 + all.last().unwrap_or(0) }
    with (5), (0);

    fn chunked(values: &[u32]) -> Vec<u32> { values.chunks(3).map(|c| c.iter().product()).collect_vec() }
    with (&[1, 2, 3, 4, 5]), (&[]);

    fn grouped(words: &[&str]) -> BTreeMap<usize, Vec<String>> {
        words.iter().map(|w| (w.len(), w.to_string())).into_group_map().into_iter().sorted().collect()
    }
    with (&["a", "bb", "c", "dd", "eee"]);

    fn joined(values: &[u8]) -> String { values.iter().map(|b| format!("{b:02x}")).join(":") }
    with (&[1, 255]), (&[]);

    fn combined(values: &[i32], n: usize) -> Vec<Vec<i32>> {
        values.iter().copied().combinations(n).filter(|c| c.iter().sum::<i32>() % 2 == 0).collect()
    }
    with (&[1, 2, 3, 4], 2), (&[1], 2);

    fn by_kind(values: &[Result<u8, String>]) -> (Vec<u8>, Vec<String>) {
        values.iter().cloned().partition_map(|r| match r { Ok(n) => Either::Left(n), Err(e) => Either::Right(e) })
    }
    with (&[Ok(1), Err("x".into()), Ok(2)]);

    fn span(values: &[i32]) -> i32 {
        match values.iter().minmax() { MinMaxResult::NoElements => 0, MinMaxResult::OneElement(one) => *one, MinMaxResult::MinMax(a, b) => b - a }
    }
    with (&[3, 9, 4]), (&[5]), (&[]);

    fn dotted(a: &[i32], b: &[i32], c: &[i32]) -> i32 {
        let mut sum = 0;
        for (x, y, z) in izip!(a, b, c) { sum += x * y * z; }
        for (x, (y, z)) in a.iter().cartesian_product(b.iter().tuple_windows::<(_, _)>()) { sum += x * (y - z); }
        sum
    }
    with (&[1, 2], &[3, 4], &[5, 6]), (&[], &[1], &[]);

    fn unique_sorted(text: &str) -> (String, bool) {
        let letters = text.chars().unique().sorted_unstable().dedup().collect::<String>();
        let same = letters.chars().all_equal();
        (letters, same)
    }
    with ("hello"), ("aaa"), ("");

    fn runs(values: &[i32]) -> Vec<(bool, usize)> {
        let mut out = Vec::new();
        for (positive, run) in &values.iter().chunk_by(|n| **n > 0) { out.push((positive, run.count())); }
        out
    }
    with (&[1, 2, -1, -2, 3]), (&[]);
}
