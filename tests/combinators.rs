//! The twins of std's combinators: the same values, with closures that suspend, and no call that std would not make.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use eventlet::iter::from_iter;
use eventlet::prelude::*;
use eventlet::testing::{now, run_virtual};
use eventlet::{GreenPool, green, shared_mut, sleep, spawn, with_timeout};
use eventlet_tests::{assert_events, note, value_after};

/// Suspends for a millisecond, notes its argument and gives it back.
#[green]
fn seen(n: u32) -> u32 {
    sleep(Duration::from_millis(1));
    note(n);
    n
}

#[green]
fn is_even(n: &u32) -> bool {
    seen(*n) % 2 == 0
}

#[green]
fn small(n: u32) -> Result<u32, String> {
    let n = seen(n);
    if n < 3 { Ok(n) } else { Err(format!("{n} is too much")) }
}

#[test]
fn twins_of_option_call_only_where_std_does() {
    #[green]
    fn test() {
        let none = None::<u32>;
        assert_eq!(Some(1).green_map(seen), Some(1));
        assert_eq!(none.green_map(seen), None);
        assert_eq!(Some(2).green_map_or(9, seen), 2);
        assert_eq!(none.green_map_or(9, seen), 9);
        assert_eq!(Some(3).green_map_or_else(|| seen(8), seen), 3);
        assert_eq!(none.green_map_or_else(|| seen(4), seen), 4);
        assert_eq!(
            Some(5).green_and_then(
                #[green]
                |n| Some(seen(n) + 1)
            ),
            Some(6)
        );
        assert_eq!(
            Some(7).green_or_else(
                #[green]
                || Some(seen(8))
            ),
            Some(7)
        );
        assert_eq!(
            none.green_or_else(
                #[green]
                || Some(seen(8))
            ),
            Some(8)
        );
        assert_eq!(none.green_ok_or_else(|| seen(9)), Err(9));
        assert_eq!(Some(1).green_ok_or_else(|| seen(9)), Ok(1));
        assert_eq!(none.green_unwrap_or_else(|| seen(10)), 10);
        assert_eq!(Some(1).green_unwrap_or_else(|| seen(10)), 1);
        assert_events(["1", "2", "3", "4", "5", "8", "9", "10"]);
    }
    run_virtual(test);
}

#[test]
fn twins_of_option_that_ask_give_what_std_gives() {
    #[green]
    fn test() {
        let numbers = [1, 2];
        assert_eq!(numbers.first().green_filter(is_even), None);
        assert_eq!(numbers.last().green_filter(|n| is_even(n)), Some(&2));
        assert!(numbers.last().green_is_some_and(is_even));
        assert!(!None.green_is_some_and(is_even));
        assert!(None.green_is_none_or(is_even));
        assert!(!numbers.first().green_is_none_or(is_even));
        assert_events(["1", "2", "2", "1"]);
        let mut kept = None;
        *kept.green_get_or_insert_with(|| seen(3)) += 1;
        *kept.green_get_or_insert_with(|| seen(3)) += 1;
        assert_eq!(kept, Some(5));
        assert_eq!(true.green_then(|| seen(4)), Some(4));
        assert_eq!(false.green_then(|| seen(5)), None);
        assert_events(["3", "4"]);
    }
    run_virtual(test);
}

#[test]
fn twins_of_result_call_only_where_std_does() {
    #[green]
    fn test() {
        let (ok, err) = (Ok::<u32, u32>(1), Err::<u32, u32>(2));
        assert_eq!((ok.green_map(seen), err.green_map(seen)), (Ok(1), Err(2)));
        assert_eq!((ok.green_map_err(seen), err.green_map_err(seen)), (Ok(1), Err(2)));
        assert_eq!((ok.green_map_or(9, seen), err.green_map_or(9, seen)), (1, 9));
        assert_eq!((ok.green_map_or_else(seen, seen), err.green_map_or_else(seen, seen)), (1, 2));
        assert_events(["1", "2", "1", "1", "2"]);
        assert_eq!(Ok(1).green_and_then(small).green_and_then(|n| small(n + 2)), Err("3 is too much".into()));
        assert_eq!(
            small(5).green_or_else(
                #[green]
                |text| Err::<u32, _>(text.len())
            ),
            Err(13)
        );
        assert_eq!(err.green_unwrap_or_else(seen), 2);
        assert_eq!(
            (
                ok.green_is_ok_and(
                    #[green]
                    |n| seen(n) == 1
                ),
                err.green_is_ok_and(
                    #[green]
                    |_| true
                )
            ),
            (true, false)
        );
        assert_eq!(
            (
                ok.green_is_err_and(
                    #[green]
                    |_| true
                ),
                err.green_is_err_and(
                    #[green]
                    |n| seen(n) == 3
                )
            ),
            (false, false)
        );
        assert_events(["1", "3", "5", "2", "1", "2"]);
    }
    run_virtual(test);
}

#[test]
fn closures_of_twins_change_what_is_around_them() {
    #[green]
    fn test() {
        let mut total = 0;
        (1..4).green_for_each(shared_mut(
            #[green]
            async |n| total += seen(n),
        ));
        assert_eq!(total, 6);
        let mut asked = vec![];
        let even: Vec<u32> = from_iter([1, 2, 3, 4])
            .green_filter(shared_mut(
                #[green]
                async |n| {
                    asked.push(n);
                    is_even(&n)
                },
            ))
            .collect();
        assert_eq!((even, asked), (vec![2, 4], vec![1, 2, 3, 4]));
        let mut longest = String::new();
        let lengths: Vec<usize> = ["a", "abc", "ab"]
            .iter()
            .green_map(shared_mut(
                #[green]
                async |text: &&str| {
                    if text.len() > longest.len() {
                        longest = (*text).to_owned();
                    }
                    seen(7);
                    longest.len()
                },
            ))
            .collect();
        assert_eq!((lengths, &*longest), (vec![1, 3, 3], "abc"));
        Some(1).green_map(
            #[green]
            |n| total += seen(n),
        );
        assert_eq!(total, 7);
        Err::<u32, u32>(2).green_unwrap_or_else(
            #[green]
            |n| {
                total += seen(n);
                total
            },
        );
        assert_eq!(total, 9);
    }
    run_virtual(test);
}

#[test]
fn calls_that_share_what_they_change_wait_for_each_other() {
    #[green]
    fn test() {
        let sum = Rc::new(Cell::new(0));
        let (mut last, same) = (0, sum.clone());
        let add = shared_mut(
            #[green]
            async move |n| {
                let before = last;
                last = before + seen(n);
                same.set(last);
                last
            },
        );
        assert_eq!(GreenPool::new(3).map(add.clone(), [1, 2, 3]), [1, 3, 6]);
        assert_eq!(now(), Duration::from_millis(3));
        let held = spawn({
            let add = add.clone();
            move || add(10)
        });
        let late = spawn(move || add(20));
        sleep(Duration::ZERO);
        held.kill();
        assert_eq!(late.wait(), 26);
        assert_eq!(sum.get(), 26);
        assert_events(["1", "2", "3", "20"]);
    }
    run_virtual(test);
}

#[green]
fn length(word: &str) -> u32 {
    seen(word.len() as u32)
}

#[test]
fn the_first_of_the_least_and_the_last_of_the_greatest_are_chosen() {
    #[green]
    fn test() {
        let words = ["bb", "a", "c", "dd"];
        assert_eq!(words.iter().green_min_by_key(|word| length(word)), Some(&"a"));
        assert_eq!(words.iter().green_max_by_key(|word| length(word)), Some(&"dd"));
        assert_eq!(words[..0].iter().green_max_by_key(|word| length(word)), None);
    }
    run_virtual(test);
}

#[test]
fn an_entry_is_made_by_a_green_call_only_if_it_is_not_there() {
    #[green]
    fn test() {
        let mut hashed = HashMap::from([("a", 1)]);
        *hashed.entry("a").green_or_insert_with(|| seen(7)) += 10;
        *hashed.entry("b").green_or_insert_with(|| seen(8)) += 10;
        assert_eq!(hashed, HashMap::from([("a", 11), ("b", 18)]));
        let mut sorted = BTreeMap::new();
        assert_eq!(*sorted.entry(3).green_or_insert_with_key(seen), 3);
        assert_eq!(*sorted.entry(3).green_or_insert_with(|| seen(4)), 3);
        assert_events(["8", "3"]);
    }
    run_virtual(test);
}

#[test]
fn twins_that_give_iterators_give_what_std_gives() {
    #[green]
    fn test() {
        let numbers = [1, 2, 3, 4];
        assert_eq!(numbers.into_iter().green_map(seen).collect::<Vec<u32>>(), numbers);
        assert_eq!(numbers.iter().green_filter(|n| is_even(n)).collect::<Vec<_>>(), [&2, &4]);
        let kept = numbers.into_iter().green_filter_map(
            #[green]
            |n| small(n).ok(),
        );
        assert_eq!(kept.collect::<Vec<u32>>(), [1, 2]);
        let kept = numbers.into_iter().green_map_while(
            #[green]
            |n| small(n).ok(),
        );
        assert_eq!(kept.collect::<Vec<u32>>(), [1, 2]);
        let below = numbers.iter().green_take_while(
            #[green]
            |n| seen(*n) < 3,
        );
        assert_eq!(below.collect::<Vec<_>>(), [&1, &2]);
        let above = numbers.iter().green_skip_while(
            #[green]
            |n| seen(*n) < 3,
        );
        assert_eq!(above.collect::<Vec<_>>(), [&3, &4]);
        let flat = (1..4).green_flat_map(|n| from_iter(0..n).green_map(seen));
        assert_eq!(flat.collect::<Vec<u32>>(), [0, 0, 1, 0, 1, 2]);
    }
    run_virtual(test);
}

#[test]
fn twins_that_give_values_take_no_step_too_many() {
    #[green]
    fn test() {
        let mut left = 1..;
        assert!(left.green_any(
            #[green]
            |n| seen(n) == 2
        ));
        assert!(!left.green_all(
            #[green]
            |n| seen(n) != 3
        ));
        assert_eq!(
            left.green_find(
                #[green]
                |n| seen(n) == 5
            ),
            Some(5)
        );
        assert_eq!(
            left.green_find_map(
                #[green]
                |n| small(n).err()
            ),
            Some("6 is too much".to_string())
        );
        assert_eq!(
            left.green_position(
                #[green]
                |n| seen(n) == 8
            ),
            Some(1)
        );
        assert_eq!(left.next(), Some(9));
        assert_events(["1", "2", "3", "4", "5", "6", "7", "8"]);
    }
    run_virtual(test);
}

#[test]
fn folding_ends_at_the_first_failure() {
    #[green]
    fn add(sum: u32, n: u32) -> Option<u32> {
        let n = seen(n);
        (n < 3).then_some(sum + n)
    }
    #[green]
    fn test() {
        assert_eq!(
            (1..4).green_fold(
                10,
                #[green]
                |sum, n| sum + seen(n)
            ),
            16
        );
        assert_eq!((1..3).green_try_fold(0, add), Some(3));
        assert_events(["1", "2", "3", "1", "2"]);
        let mut left = 2..9;
        assert_eq!(left.green_try_fold(0, add), None);
        assert_eq!(left, 4..9);
        let gone = left.green_try_for_each(
            #[green]
            |n| {
                if seen(n) == 5 { ControlFlow::Break("five") } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!((gone, left), (ControlFlow::Break("five"), 6..9));
        (7..9).green_for_each(
            #[green]
            |n| note(value_after(Duration::from_millis(1), n)),
        );
        assert_events(["2", "3", "4", "5", "7", "8"]);
    }
    run_virtual(test);
}

#[test]
fn keys_are_asked_for_once_and_of_equal_ones_the_first_is_least() {
    #[green]
    fn key(item: (u32, char)) -> u32 {
        seen(item.0)
    }
    #[green]
    fn test() {
        let items = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        assert_eq!(items.into_iter().green_min_by_key(key), Some((1, 'b')));
        assert_events(["2", "1", "2", "1"]);
        assert_eq!(from_iter(items).green_max_by_key(key), Some((2, 'c')));
    }
    run_virtual(test);
}

#[test]
fn collecting_attempts_ends_at_the_first_failure() {
    #[green]
    fn test() {
        let fine = (0..3).green_map(small).try_collect::<Vec<u32>>();
        assert_eq!(fine, Ok(vec![0, 1, 2]));
        let mut numbers = 2..9;
        let failed: Result<Vec<u32>, String> = numbers.by_ref().green_map(small).try_collect();
        assert_eq!((failed, numbers), (Err("3 is too much".to_owned()), 4..9));
        let words = from_iter([Some("a"), Some("b")]).try_collect::<String>();
        assert_eq!(words, Some("ab".to_owned()));
    }
    run_virtual(test);
}

#[test]
fn others_run_while_a_combinator_waits() {
    #[green]
    fn count(name: &'static str) {
        let calls = (1..3).green_map(
            #[green]
            |n| {
                sleep(Duration::from_millis(1));
                note(format!("{name} {n}"));
            },
        );
        assert_eq!(calls.count(), 2);
    }
    #[green]
    fn test() {
        let threads = [spawn(|| count("one")), spawn(|| count("two"))];
        for thread in threads {
            thread.wait();
        }
        assert_events(["one 1", "two 1", "one 2", "two 2"]);
    }
    run_virtual(test);
}

#[test]
fn an_interrupted_step_loses_its_own_item_alone() {
    #[green]
    fn test() {
        let mut items =
            from_iter(1..=4).green_map(|n| value_after(Duration::from_millis(u64::from(n % 2) * 9 + 1), n));
        let mut given = vec![];
        for _ in 0..4 {
            given.push(with_timeout(Duration::from_millis(5), || items.next()).ok());
        }
        assert_eq!(given, [None, Some(Some(2)), None, Some(Some(4))]);
        assert_eq!(now(), Duration::from_millis(5 + 1 + 5 + 1));
    }
    run_virtual(test);
}

/// Compares a green iterator's hint with that of the same std iterator, before and after each step.
macro_rules! assert_same_hints {
    ($($method:ident($($argument:expr),*)).+) => {{
        let mut green = from_iter(1..=10_u64)$(.$method($($argument),*))+;
        let mut plain = (1..=10_u64)$(.$method($($argument),*))+;
        let name = stringify!($($method($($argument),*)).+);
        for _ in 0..12 {
            assert_eq!(green.size_hint(), plain.size_hint(), "{name}");
            assert_eq!(green.next().await, plain.next(), "{name}");
        }
    }};
}

#[test]
fn hints_are_those_of_std() {
    #[green]
    fn test() {
        assert_same_hints!(map(|n| n * n));
        assert_same_hints!(filter(|n| n % 3 == 0));
        assert_same_hints!(filter_map(|n| (n % 4 == 0).then_some(n / 4)));
        assert_same_hints!(enumerate());
        assert_same_hints!(take(3));
        assert_same_hints!(take(30));
        assert_same_hints!(take_while(|n| n % 5 != 0));
        assert_same_hints!(map_while(|n| (n < 40).then_some(n * 2)));
        assert_same_hints!(skip(3));
        assert_same_hints!(skip(30));
        assert_same_hints!(skip_while(|n| n % 5 != 0));
        assert_same_hints!(step_by(1));
        assert_same_hints!(step_by(4));
        assert_same_hints!(step_by(40));
        assert_same_hints!(peekable());
        assert_same_hints!(fuse());
        assert_same_hints!(inspect(|n| assert!(*n > 0)));
        assert_same_hints!(scan(0, |sum, n| {
            *sum += n;
            Some(*sum)
        }));
        assert_same_hints!(cycle());
        assert_eq!(from_iter(1..=3).chain(from_iter(1..=4)).size_hint(), (7, Some(7)));
        assert_eq!(from_iter(1..=3).zip(from_iter(1..)).size_hint(), (3, Some(3)));
        assert_eq!(from_iter([1, 2]).boxed().size_hint(), (2, Some(2)));
        assert_eq!((1..4).green_map(seen).size_hint(), (3, Some(3)));
        assert_eq!([1, 2, 3].iter().green_filter(is_even).size_hint(), (0, Some(3)));
    }
    run_virtual(test);
}

#[test]
fn comparisons_are_those_of_std() {
    #[green]
    fn test() {
        for (a, b) in [(&[1, 2][..], &[1, 2][..]), (&[1], &[1, 0]), (&[2], &[1, 5]), (&[], &[]), (&[], &[1])]
        {
            let (one, two) = (|| from_iter(a), || from_iter(b));
            assert_eq!(one().cmp(two()), a.iter().cmp(b));
            assert_eq!(one().partial_cmp(two()), a.iter().partial_cmp(b));
            assert_eq!((one().eq(two()), one().ne(two())), (a == b, a != b));
            assert_eq!((one().lt(two()), one().le(two())), (a < b, a <= b));
            assert_eq!((one().gt(two()), one().ge(two())), (a > b, a >= b));
        }
        assert_eq!(from_iter([f64::NAN]).partial_cmp(from_iter([1.0])), None);
        assert!(from_iter([1, 1, 2]).is_sorted() && !from_iter([2, 1]).is_sorted());
        assert!(from_iter([3, 2, 1]).is_sorted_by(|a, b| a > b));
        assert!(from_iter([-1, 2, -3_i32]).is_sorted_by_key(i32::abs));
        assert_eq!(from_iter(&[1, 2]).copied().chain(from_iter(&[3]).cloned()).sum::<i32>(), 6);
        assert_eq!(from_iter([1, 2]).cycle().take(5).collect::<Vec<_>>(), [1, 2, 1, 2, 1]);
        assert_eq!(from_iter([0; 0]).cycle().next(), None);
        assert_eq!(from_iter([1, 2, 9, 4]).try_fold(0_u8, |sum, n| sum.checked_add(n * 28)), None);
        let mut items = from_iter([1, 2]).peekable();
        assert_eq!((items.next_if_eq(&2), items.next_if_eq(&1), items.next()), (None, Some(1), Some(2)));
    }
    run_virtual(test);
}
