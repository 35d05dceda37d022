//! Callbacks: green closures that borrow from their arguments and change what is around them, and functions that take
//! them.
#![deny(warnings)]

use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenIterator, GreenPool, green, green_closure, iter, shared, shared2, sleep};

#[green]
fn fetch(n: u32) -> u32 {
    sleep(Duration::from_millis(1));
    n
}

#[green]
fn add(list: &mut Vec<u32>) -> usize {
    list.push(fetch(2));
    list.len()
}

/// What a parameter makes is driven where it is called, as any other green call is.
#[green]
fn with_list<F>(f: F) -> usize
where
    F: AsyncFnOnce(&mut Vec<u32>) -> usize,
{
    let mut list = vec![1];
    10 * f(&mut list) + list.len()
}

#[green]
fn retry<T, E, F: AsyncFnMut(u32) -> Result<T, E>>(times: u32, mut ask: F) -> Result<T, E> {
    for attempt in 1..times {
        if let Ok(value) = ask(attempt) {
            return Ok(value);
        }
        sleep(Duration::from_millis(1));
    }
    ask(times)
}

#[green]
fn measured(
    text: &str,
    by: &impl AsyncFn(&str) -> usize,
    and: impl AsyncFn(&str) -> io::Result<usize>,
) -> usize {
    let first = by(text) + by(text).min(1);
    first + and(text).unwrap_or(100)
}

#[green]
fn length(text: &str) -> usize {
    sleep(Duration::from_millis(1));
    text.len()
}

/// The bound is the parameter's; a variable that stands in front of it is what it is.
#[green]
fn shadowed<F: AsyncFn(u32) -> u32>(f: F) -> u32 {
    let first = f(1);
    {
        let f = |n: u32| n + first;
        assert_eq!(f(1), 1 + first);
    }
    let f = fetch;
    f(2) + first
}

/// One that waits explicitly, and one that hands the parameter on.
#[green]
fn by_hand<F: AsyncFnMut(u32) -> Result<u32, ()>>(mut f: F) -> u32 {
    let first = f(1).await.unwrap_or(0);
    first + retry(2, f).unwrap_or(0)
}

struct App {
    unit: u32,
}

impl App {
    #[green]
    fn visit(&self, n: u32) -> u32 {
        self.unit * fetch(n)
    }

    #[green]
    fn each<F: AsyncFn(&App) -> u32>(&self, f: F) -> u32 {
        f(self) + f(self)
    }
}

#[green]
fn arguments_are_borrowed() {
    assert_eq!(with_list(add), 22);
    assert_eq!(
        with_list(
            #[green]
            async |list| add(list) + list.len()
        ),
        42
    );
    assert_eq!(
        with_list(
            #[green]
            async |list: &mut Vec<u32>| -> usize {
                for n in [3, 4] {
                    list.push(fetch(n));
                }
                return add(list);
            }
        ),
        44
    );
    let by = #[green]
    async |text: &str| length(text);
    assert_eq!(
        measured(
            "three",
            &by,
            #[green]
            async |text: &str| -> io::Result<usize> {
                check(text)?;
                Ok(length(text))
            }
        ),
        11
    );
}

#[green]
fn check(text: &str) -> io::Result<()> {
    if text.is_empty() { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(()) }
}

#[green]
fn captures_are_changed() {
    let mut seen = vec![];
    let answer = retry(
        4,
        #[green]
        async |attempt| {
            seen.push(fetch(attempt));
            if seen.len() < 3 { Err("not yet") } else { Ok(seen.len()) }
        },
    );
    assert_eq!((answer, seen), (Ok(3), vec![1, 2, 3]));

    let mut count = 0;
    let ticks: Vec<u32> = iter::from_fn(
        #[green]
        async || {
            count += fetch(1);
            (count < 4).then_some(count)
        },
    )
    .collect();
    assert_eq!((ticks, count), (vec![1, 2, 3], 4));

    assert_eq!(
        by_hand(
            #[green]
            async |n| Ok(fetch(n))
        ),
        2
    );
}

/// A green closure with a name is called as a function is, also if its arguments are borrowed.
#[green]
fn closures_have_names() {
    let measure = #[green]
    |text: &str, more: usize| -> usize {
        sleep(Duration::from_millis(1));
        text.len() + more
    };
    let own = String::from("x");
    assert_eq!(measure(&own, 1) + measure("abc", 2), 7);
    {
        let measure = |text: &str, more: usize| text.len() * more;
        assert_eq!(measure(&own, 5), 5);
    }
    let mut list = vec![];
    for n in [1, 2] {
        list.push(n);
        let count = #[green]
        |list: &mut Vec<u32>| add(list) + measure("a", 0);
        assert_eq!(count(&mut list), 2 * n as usize + 1);
    }
    let mut longest = 0;
    let mut note = #[green]
    async |text: &str| {
        longest = length(text).max(longest);
        longest
    };
    assert_eq!((note("abc"), note("a")), (3, 3));
    assert_eq!(longest, 3);
    let prefix = "ab".to_owned();
    let longer = #[green]
    move |text: &str| -> io::Result<usize> {
        check(text)?;
        Ok(length(text) + length(&prefix))
    };
    assert_eq!(longer("abc").unwrap() + longer("a").unwrap(), 8);
    assert!(longer("").is_err());
    let again = #[green]
    async |text: &str| measure(text, 0);
    assert_eq!(measured("three", &again, longer), 5 + 1 + 7);
}

/// What it owns is there for each of its calls, also if they are made at the same time.
#[green]
fn captures_are_shared() {
    let app = App { unit: 10 };
    let pool = GreenPool::new(2);
    let visits = shared(
        #[green]
        async move |n| app.visit(n),
    );
    let again = visits.clone();
    assert_eq!(pool.map(visits, 1..=3), [10, 20, 30]);
    assert_eq!(again(4), 40);
    assert_eq!(pool.map(again, [5, 6]), [50, 60]);

    let app = Rc::new(App { unit: 10 });
    let same = app.clone();
    let sums = shared2(
        #[green]
        async move |n, m| same.visit(n) + same.visit(m),
    );
    assert_eq!(pool.map(move |n| sums(n, 1), [1]), [20]);
    assert_eq!(
        app.each(
            #[green]
            async |app| app.visit(2)
        ),
        40
    );
}

/// Elsewhere.
fn in_an_ordinary_function() -> Vec<u32> {
    let app = App { unit: 2 };
    let visit = shared(green_closure!(async move |n| app.visit(n)));
    eventlet::run(green_closure!(move || GreenPool::new(2).map(visit, [1, 2])))
}

#[green]
fn main() {
    arguments_are_borrowed();
    captures_are_changed();
    closures_have_names();
    captures_are_shared();
    assert_eq!(
        shadowed(
            #[green]
            async |n| fetch(n)
        ),
        3
    );
    assert_eq!(eventlet::tpool::execute(in_an_ordinary_function), [2, 4]);
}
