//! Green iterators: the methods mean what std's mean, with steps that suspend and lose nothing.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use eventlet::iter::{DynGreenIterator, from_fn, from_iter, repeat_with};
use eventlet::testing::{now, run_virtual};
use eventlet::{GreenIterator, green, sleep, spawn, with_timeout};

/// Counts up from 1 to a last number, one each millisecond.
#[derive(Clone, Debug)]
struct Ticks {
    count: u64,
    last: u64,
}

impl GreenIterator for Ticks {
    type Item = u64;

    #[green]
    fn next(&mut self) -> Option<u64> {
        if self.count == self.last {
            return None;
        }
        sleep(Duration::from_millis(1));
        self.count += 1;
        Some(self.count)
    }
}

fn ticks(last: u64) -> Ticks {
    Ticks { count: 0, last }
}

/// Gives items with an end in between: an iterator that goes on after its end.
struct Gaps(VecDeque<Option<u64>>);

impl GreenIterator for Gaps {
    type Item = u64;

    #[green]
    fn next(&mut self) -> Option<u64> {
        self.0.pop_front().flatten()
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn steps_suspend_and_others_run_meanwhile() {
    #[green]
    fn reader(log: Rc<RefCell<Vec<String>>>, name: &'static str) {
        for n in ticks(2).map(|n| 10 * n).enumerate() {
            log.borrow_mut().push(format!("{name} {n:?}"));
        }
    }
    #[green]
    fn test() {
        let log = Rc::new(RefCell::new(vec![]));
        let (one, two) = (log.clone(), log.clone());
        let threads = [spawn(move || reader(one, "one")), spawn(move || reader(two, "two"))];
        for thread in threads {
            thread.wait();
        }
        assert_eq!(*log.borrow(), ["one (0, 10)", "two (0, 10)", "one (1, 20)", "two (1, 20)"]);
    }
    run_virtual(test);
}

/// Collects a green iterator and the same std iterator. (Calls in a macro of one's own are not driven by themselves.)
macro_rules! assert_same {
    ($($method:ident($($argument:expr),*)).+) => {{
        let green: Vec<_> = ticks(10)$(.$method($($argument),*))+.collect().await;
        let plain: Vec<_> = (1..=10_u64)$(.$method($($argument),*))+.collect();
        assert_eq!(green, plain, stringify!($($method($($argument),*)).+));
    }};
}

#[test]
fn adaptors_give_what_those_of_std_give() {
    #[green]
    fn test() {
        assert_same!(map(|n| n * n));
        assert_same!(filter(|n| n % 3 == 0));
        assert_same!(filter_map(|n| (n % 4 == 0).then_some(n / 4)));
        assert_same!(enumerate());
        assert_same!(take(0));
        assert_same!(take(3));
        assert_same!(take(30));
        assert_same!(take_while(|n| n % 5 != 0));
        assert_same!(map_while(|n| (n < 4).then_some(n * 2)));
        assert_same!(skip(0));
        assert_same!(skip(3));
        assert_same!(skip(30));
        assert_same!(skip_while(|n| n % 5 != 0));
        assert_same!(step_by(1));
        assert_same!(step_by(4));
        assert_same!(step_by(40));
        assert_same!(flat_map(|n| 0..n % 3));
        assert_same!(map(|n| vec![n; 2]).flatten());
        assert_same!(inspect(|n| assert!(*n > 0)).fuse().skip(1).step_by(2).take(3).enumerate());
        assert_same!(filter(|n| n % 2 == 1).map(|n| n + 1).skip_while(|n| *n < 4).take_while(|n| *n < 9));
    }
    run_virtual(test);
}

/// Asks a green iterator and the same std iterator for one value.
macro_rules! assert_same_value {
    ($method:ident($($argument:expr),*)) => {{
        for last in [0, 1, 10] {
            let green = ticks(last).map(|n| n * 7 % 5).$method($($argument),*).await;
            let plain = (1..=last).map(|n| n * 7 % 5).$method($($argument),*);
            assert_eq!(green, plain, stringify!($method($($argument),*)));
        }
    }};
}

#[test]
fn consumers_give_what_those_of_std_give() {
    #[green]
    fn test() {
        assert_same_value!(fold(1, |a, n| 3 * a + n));
        assert_same_value!(reduce(|a, n| 3 * a + n));
        assert_same_value!(count());
        assert_same_value!(last());
        assert_same_value!(nth(0));
        assert_same_value!(nth(4));
        assert_same_value!(any(|n| n == 3));
        assert_same_value!(all(|n| n == 2));
        assert_same_value!(find(|n| *n == 3));
        assert_same_value!(find_map(|n| (n == 3).then_some("three")));
        assert_same_value!(position(|n| n == 3));
        assert_same_value!(min());
        assert_same_value!(max());
    }
    run_virtual(test);
}

#[test]
fn the_extremes_of_equal_items_are_the_first_least_and_the_last_greatest() {
    #[green]
    fn test() {
        let items = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        assert_eq!(from_iter(items).min_by_key(|item| item.0), Some((1, 'b')));
        assert_eq!(from_iter(items).max_by_key(|item| item.0), Some((2, 'c')));
        assert_eq!(from_iter(items).min_by(|a, b| a.0.cmp(&b.0)), Some((1, 'b')));
        assert_eq!(from_iter(items).max_by(|a, b| a.0.cmp(&b.0)), Some((2, 'c')));
        assert_eq!(from_iter([] as [u8; 0]).max_by_key(|n| *n), None);
    }
    run_virtual(test);
}

#[test]
fn sums_and_products_are_those_of_std() {
    #[green]
    fn test() {
        assert_eq!(ticks(4).sum::<u64>(), 10);
        assert_eq!(ticks(4).product::<u64>(), 24);
        assert_eq!(ticks(0).sum::<u64>(), 0);
        assert_eq!(ticks(0).product::<u64>(), 1);
        assert_eq!(from_iter([Some(1), None, Some(2)]).sum::<Option<i32>>(), None);
        assert_eq!(from_iter([0.5, 0.25]).sum::<f64>(), 0.75);
        assert_eq!(from_iter([&1, &2]).sum::<i32>(), 3);
    }
    run_virtual(test);
}

#[test]
fn items_are_collected_into_any_collection() {
    #[green]
    fn test() {
        let set: BTreeSet<u64> = ticks(3).collect();
        assert_eq!(set, BTreeSet::from([1, 2, 3]));
        let text: String = from_iter(["a", "b"]).collect();
        assert_eq!(text, "ab");
        let map: HashMap<usize, u64> = ticks(2).enumerate().collect();
        assert_eq!(map, HashMap::from([(0, 1), (1, 2)]));
        let failed: Result<Vec<u64>, &str> =
            ticks(3).map(|n| if n == 2 { Err("two") } else { Ok(n) }).collect();
        assert_eq!(failed, Err("two"));
        let (even, odd): (Vec<u64>, Vec<u64>) = ticks(5).partition(|n| n % 2 == 0);
        assert_eq!((even, odd), (vec![2, 4], vec![1, 3, 5]));
        let (indices, items): (Vec<usize>, BTreeSet<u64>) = ticks(3).enumerate().unzip();
        assert_eq!((indices, items), (vec![0, 1, 2], BTreeSet::from([1, 2, 3])));
        let mut seen = vec![];
        ticks(3).for_each(|n| seen.push(n));
        assert_eq!(seen, [1, 2, 3]);
    }
    run_virtual(test);
}

#[test]
fn several_iterators_become_one() {
    #[green]
    fn test() {
        let zipped: Vec<_> = ticks(3).zip(from_iter("abcd".chars())).collect();
        assert_eq!(zipped, [(1, 'a'), (2, 'b'), (3, 'c')]);
        let zipped: Vec<_> = ticks(3).zip(from_iter("a".chars())).collect();
        assert_eq!(zipped, [(1, 'a')]);
        let chained: Vec<_> = ticks(2).chain(ticks(1)).chain(from_iter([7])).collect();
        assert_eq!(chained, [1, 2, 1, 7]);
    }
    run_virtual(test);
}

#[test]
fn a_fused_iterator_stays_over() {
    #[green]
    fn test() {
        let gaps = || Gaps([Some(1), None, Some(2)].into());
        let mut plain = gaps();
        assert_eq!((plain.next(), plain.next(), plain.next()), (Some(1), None, Some(2)));
        let mut fused = gaps().fuse();
        assert_eq!((fused.next(), fused.next(), fused.next()), (Some(1), None, None));
        let mut taken = from_iter([1, 9, 2]).take_while(|n| *n < 5);
        assert_eq!((taken.next(), taken.next(), taken.next()), (Some(1), None, None));
    }
    run_virtual(test);
}

#[test]
fn a_peekable_iterator_shows_the_next_item_and_keeps_it() {
    #[green]
    fn test() {
        let mut items = ticks(3).peekable();
        assert_eq!(items.peek(), Some(&1));
        assert_eq!(items.peek(), Some(&1));
        assert_eq!(now(), ms(1));
        assert_eq!(items.next(), Some(1));
        if let Some(item) = items.peek_mut() {
            *item = 20;
        }
        assert_eq!(items.next_if(|n| *n == 2), None);
        assert_eq!(items.next_if(|n| *n == 20), Some(20));
        assert_eq!(items.next(), Some(3));
        assert_eq!(items.peek(), None);
        assert_eq!(items.next(), None);
    }
    run_virtual(test);
}

#[test]
fn an_iterator_is_used_on_by_reference() {
    #[green]
    fn test() {
        let mut items = ticks(6);
        let first: Vec<u64> = items.by_ref().take(2).collect();
        assert_eq!(first, [1, 2]);
        assert_eq!(items.find(|n| n % 2 == 0), Some(4));
        assert_eq!(items.nth(0), Some(5));
        for n in &mut items {
            assert_eq!(n, 6);
        }
        assert_eq!(items.next(), None);
    }
    run_virtual(test);
}

#[test]
fn take_takes_no_step_too_many() {
    #[green]
    fn test() {
        let mut seen = vec![];
        for n in from_iter([1, 2, 3]).inspect(|n| seen.push(*n)).take(2) {
            assert!(n < 3);
        }
        assert_eq!(seen, [1, 2]);
        assert_eq!(ticks(100).take(5).count(), 5);
        assert_eq!(now(), ms(5));
        assert!(ticks(100).any(|n| n == 3));
        assert!(!ticks(100).all(|n| n != 2));
        assert_eq!(ticks(100).position(|n| n == 4), Some(3));
        assert_eq!(now(), ms(5 + 3 + 2 + 4));
    }
    run_virtual(test);
}

#[test]
fn then_makes_a_green_call_of_each_item_one_after_another() {
    #[green]
    fn slowly(n: u64) -> u64 {
        sleep(ms(10 * n));
        n * n
    }
    #[green]
    fn test() {
        let squares: Vec<u64> = from_iter(1..=3).then(slowly).filter(|n| *n != 4).collect();
        assert_eq!(squares, [1, 9]);
        assert_eq!(now(), ms(60));
        let doubled: Vec<u64> = ticks(2)
            .then(
                #[green]
                |n| {
                    sleep(ms(1));
                    2 * n
                },
            )
            .collect();
        assert_eq!(doubled, [2, 4]);
    }
    run_virtual(test);
}

#[test]
fn green_calls_are_the_source_of_an_iterator() {
    #[green]
    fn tick(count: u64) -> Option<u64> {
        sleep(ms(1));
        (count < 4).then_some(count)
    }
    #[green]
    fn moment() -> Duration {
        sleep(ms(2));
        now()
    }
    #[green]
    fn test() {
        let mut count = 0;
        let counted: Vec<u64> = from_fn(|| {
            count += 1;
            tick(count)
        })
        .collect();
        assert_eq!(counted, [1, 2, 3]);
        let moments: Vec<Duration> = repeat_with(moment).take(2).collect();
        assert_eq!(moments, [ms(6), ms(8)]);
    }
    run_virtual(test);
}

#[test]
fn iterators_of_several_types_stand_behind_a_pointer() {
    #[green]
    fn total(numbers: &mut dyn DynGreenIterator<Item = u64>) -> u64 {
        let mut sum = 0;
        for n in numbers {
            sum += n;
        }
        sum
    }
    #[green]
    fn test() {
        let mut all = vec![ticks(2).boxed(), from_iter([10, 20]).boxed()];
        assert_eq!(total(&mut *all[0]), 3);
        assert_eq!(total(&mut ticks(4).map(|n| 10 * n)), 100);
        let last = all.remove(1);
        assert_eq!(last.skip(1).last(), Some(20));
        let borrowed = [1, 2];
        assert_eq!(from_iter(&borrowed).boxed().count(), 2);
    }
    run_virtual(test);
}

/// Steps with too little time for most of them, until the end.
macro_rules! collect_impatiently {
    ($items:expr) => {{
        let mut items = $items;
        let mut seen = vec![];
        loop {
            // A step of `ticks` takes a millisecond.
            match with_timeout(Duration::from_micros(1500), || items.next()).await {
                Ok(Some(item)) => seen.push(item),
                Ok(None) => break,
                Err(_) => {}
            }
        }
        seen
    }};
}

#[test]
fn interrupted_steps_lose_nothing() {
    #[green]
    fn test() {
        assert_eq!(collect_impatiently!(ticks(20).step_by(5)), [1, 6, 11, 16]);
        assert_eq!(collect_impatiently!(ticks(6).skip(4)), [5, 6]);
        assert_eq!(collect_impatiently!(ticks(9).filter(|n| n % 4 == 0)), [4, 8]);
        assert_eq!(collect_impatiently!(ticks(9).skip_while(|n| *n < 8)), [8, 9]);
        assert_eq!(collect_impatiently!(ticks(3).zip(ticks(3))), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(
            collect_impatiently!(ticks(9).step_by(4).zip(ticks(9).step_by(3))),
            [(1, 1), (5, 4), (9, 7)]
        );
        assert_eq!(collect_impatiently!(ticks(9).step_by(4).take(2)), [1, 5]);
        assert_eq!(collect_impatiently!(ticks(2).chain(ticks(8).skip(6))), [1, 2, 7, 8]);
        assert_eq!(collect_impatiently!(ticks(8).skip(6).peekable()), [7, 8]);
        assert_eq!(collect_impatiently!(ticks(8).skip(6).enumerate()), [(0, 7), (1, 8)]);
        assert_eq!(collect_impatiently!(ticks(8).skip(6).boxed()), [7, 8]);
    }
    run_virtual(test);
}

#[test]
#[should_panic = "a step of zero would never get anywhere"]
fn a_step_of_zero_is_refused() {
    let _ = ticks(1).step_by(0);
}
