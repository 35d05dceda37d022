//! The parts of the language that a body may use, with green and plain calls inside them.

#![deny(warnings)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;

use eventlet::{green, no_switch};

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

#[green]
fn find(n: u32) -> Option<u32> {
    (n > 0).then_some(n)
}

#[green]
fn try_find(n: u32) -> Result<u32, String> {
    find(n).ok_or_else(|| format!("no {n}"))
}

#[green]
fn matches_and_guards(n: u32) -> u32 {
    let text = String::from("ab");
    match find(n) {
        Some(m) if leaf(m) == 3 => 30,
        Some(m @ 4..) if text.len() == 2 => m,
        Some(_) => 1,
        None => 0,
    }
}

#[green]
fn let_else(n: u32) -> u32 {
    let Some(found) = find(n) else { return leaf(98) };
    let Ok(again) = try_find(found) else { panic!("found {}", leaf(1)) };
    again
}

#[green]
fn labels() -> u32 {
    let mut rounds = 0;
    let found = 'outer: loop {
        rounds = leaf(rounds);
        while leaf(rounds) < 10 {
            rounds += 1;
            if find(rounds) == Some(5) {
                continue 'outer;
            }
            if rounds == 8 {
                break 'outer leaf(rounds);
            }
        }
    };
    let block = 'block: {
        if leaf(found) == 10 {
            break 'block leaf(1);
        }
        0
    };
    while let Some(n) = find(rounds) {
        rounds = n - 1;
    }
    found + block + rounds
}

#[green]
fn question_marks() -> Result<u32, String> {
    let a = try_find(1)?;
    let b = try_find(try_find(a)? + 1)?.checked_add(1).ok_or("full")?;
    let c = find(b).ok_or_else(|| "none".to_string())?;
    try_find(c)
}

#[green]
fn closures() -> u32 {
    let base = leaf(1);
    let plain = |n: u32| n + base;
    let nested = |n| (|m| m + base)(n);
    let mut log = Vec::new();
    let mut note = |n| log.push(n);
    note(plain(1));
    note(nested(2));
    let sum: u32 = log.iter().map(|n| n + 1).sum();
    leaf(sum)
}

#[green]
fn green_closures() -> Vec<u32> {
    let base = leaf(1);
    let texts = vec!["a".to_string(), "bc".to_string()];
    let add = #[green]
    |n: u32| leaf(n) + base;
    let sized = #[green]
    |i: usize, (a, mut b): (u32, u32)| -> Result<u32, std::num::ParseIntError> {
        b += a;
        let more: u32 = "1".parse()?;
        if i == 9 {
            return Ok(0);
        }
        Ok(leaf(b) + texts[i].len() as u32 + more)
    };
    let mut seen = vec![add(1), add(2), sized(0, (1, 2)).unwrap(), sized(1, (0, 0)).unwrap(), sized(9, (0, 0)).unwrap()];
    let owned = #[green]
    move |extra: String, _: u8| {
        let n = leaf(texts.len() as u32);
        n + extra.len() as u32
    };
    seen.push(owned("xyz".to_string(), 1));
    let no_args = #[green]
    move || leaf(base);
    seen.push(no_args());
    seen.push(call_twice(#[green]
    |n| leaf(leaf(n))));
    seen
}

#[green]
fn green_inside_plain() -> u32 {
    let base = 1;
    let make = move || {
        #[green]
        move |n: u32| leaf(leaf(n)) + base
    };
    let block = async {
        let inner = #[green]
        |n: u32| leaf(n) + leaf(base);
        inner(1).await
    };
    make()(1) + block.await
}

#[green]
fn call_twice<G: Future<Output = u32>>(f: impl Fn(u32) -> eventlet::Green<G>) -> u32 {
    f(1) + f(2)
}

#[green]
fn borrows() -> usize {
    let mut v = vec![1, 2, 3];
    v.push(v.len());
    v.insert(v.len(), leaf(v.len() as u32) as usize);
    let last = v.last_mut().unwrap();
    *last += 1;
    v[leaf(0) as usize] += 5;
    let at = leaf(1) as usize;
    std::mem::swap(&mut v[0], &mut 9);
    let mut map: HashMap<&str, Vec<usize>> = HashMap::new();
    map.entry("k").or_default().push(v[at]);
    map.get_mut("k").unwrap()[0] += v.len();
    let cell = RefCell::new(String::from("abc"));
    let long = cell.borrow().len();
    match cell.borrow().as_str() {
        "abc" => {}
        other => panic!("{}", other),
    }
    if let Some(c) = cell.borrow().chars().next() {
        assert_eq!(c, 'a');
    }
    let kept = &make_string(&String::from("kept"));
    let (ref a, b) = (make_string("a"), &make_string("b"));
    assert_eq!((kept.as_str(), a.as_str(), b.as_str()), ("kept", "a", "b"));
    takes_str(&make_string("temporary")) + long + map["k"][0]
}

fn make_string(s: &str) -> String {
    s.to_string()
}

#[green]
fn takes_str(s: &str) -> usize {
    s.len()
}

#[green]
fn formats() -> String {
    use std::fmt::Write as _;
    let width = 4;
    let mut out = format!("{} {n:>width$} {0}", leaf(1), n = leaf(2));
    write!(out, "-{}", leaf(3)).unwrap();
    writeln!(&mut out).unwrap();
    println!("{out}{}", leaf(4));
    print!("");
    eprint!("{}", find(0).map_or("", |_| "x"));
    assert!(leaf(1) == 2);
    assert!(leaf(1) == 2, "leaf is {}", leaf(1));
    debug_assert!(find(1).is_some());
    assert_eq!(leaf(1), 2, "and {}", leaf(0));
    std::assert_ne!(leaf(1), leaf(2));
    assert!(matches!(find(3), Some(n) if leaf(n) == 4));
    assert_eq!(vec![leaf(1), 3], [2, 3]);
    assert_eq!(vec![leaf(1); leaf(1) as usize], [2, 2]);
    let (a, b) = dbg!(leaf(5), 2);
    assert_eq!(dbg!(leaf(a)) + b, 9);
    out
}

#[green]
fn unsafe_blocks() -> u32 {
    let n = 5;
    let p = &raw const n;
    let read = unsafe { leaf(std::ptr::read(p)) };
    unsafe {
        let q = p.add(0);
        leaf(*q) + read
    }
}

#[green]
fn beside_async() -> u32 {
    let block = async {
        let call = leaf(1);
        call.await + 1
    };
    let n = block.await;
    let fut = Box::pin(leafy(n));
    let later = async move { fut.await };
    leaf(later.await)
}

async fn leafy(n: u32) -> u32 {
    leaf(n).await
}

#[green]
fn attributes() -> u32 {
    #[allow(unused_variables)]
    let unused = leaf(1);
    #[cfg(any())]
    not_there();
    #[cfg(all())]
    leaf(2);
    #[allow(clippy::no_effect)]
    {
        leaf(3);
    }
    #[rustfmt::skip]
    let n = leaf( 4 );
    match n {
        #[cfg(any())]
        1 => nothing(),
        #[allow(unreachable_patterns)]
        _ => leaf(n),
    }
}

#[green]
fn consts() -> usize {
    const fn three() -> usize {
        3
    }
    const N: usize = three();
    static S: usize = three();
    let array = [leaf(1); three()];
    let typed: [u32; three()] = [0; three()];
    struct Inner<const N: usize>;
    impl<const N: usize> Inner<N> {
        fn len(&self) -> usize {
            N
        }
    }
    let c = const { three() + 1 };
    array.len() + typed.len() + N + S + c + Inner::<{ three() }>.len()
}

#[green]
fn items_inside() -> u32 {
    #[green]
    fn inner(n: u32) -> u32 {
        leaf(n) + 1
    }
    fn plain(n: u32) -> u32 {
        n + 1
    }
    use self::leaf as renamed;
    inner(1) + plain(1) + renamed(1)
}

#[green]
fn hostile_names(value: u32, kind: u32) -> u32 {
    struct Option;
    #[allow(dead_code)]
    enum Result {
        Some,
        None,
    }
    let _ = (Option, Result::None);
    let iter = leaf(value);
    let iterable = [iter, kind];
    let item = 1;
    let mut result = 0;
    for value in iterable {
        result += leaf(value) + item;
    }
    mod core {}
    mod std {}
    fn unknown() -> u32 {
        1
    }
    fn probe(n: &u32) -> u32 {
        *n
    }
    result + probe(&unknown()) + value
}

#[green]
fn no_switching(cell: &Cell<u32>) -> Option<u32> {
    let before = leaf(cell.get());
    no_switch! {
        let n = cell.get();
        cell.set(n + before);
    }
    let doubled = no_switch! { cell.set(cell.get() * 2); cell.get() };
    eventlet::no_switch! {
        for n in [1, 2] {
            cell.set(cell.get() + n);
        }
        if doubled == 0 {
            return None;
        }
        "x".parse::<u32>().ok().or(Some(1))?;
    };
    Some(cell.get())
}

fn plain_no_switch() -> u32 {
    no_switch! { let n = 1; n + 1 }
}

#[green]
fn fact(n: u64) -> u64 {
    if n == 0 { 1 } else { n * fact(n - 1) }
}

struct Tree(u32, Vec<Tree>);

impl Tree {
    #[green]
    fn sum(&self) -> u32 {
        let mut sum = self.0;
        for child in &self.1 {
            sum += child.sum();
        }
        sum
    }
    #[green]
    fn depth(tree: &Tree) -> u32 {
        match tree.1.first() {
            Some(first) => 1 + Self::depth(first),
            None => 1,
        }
    }
    #[green]
    fn count_down(&mut self, n: u32) -> u32 {
        if n == 0 { self.0 } else { self.count_down(n - 1) }
    }
}

#[green]
fn is_even(n: u32) -> bool {
    if n == 0 { true } else { is_odd(n - 1) }
}

#[green(boxed)]
fn is_odd(n: u32) -> bool {
    if n == 0 { false } else { is_even(n - 1) }
}

#[green]
fn generic_recursion<T: Clone>(value: T, n: u32) -> Vec<T> {
    let mut rest = if n == 0 { vec![] } else { generic_recursion(value.clone(), n - 1) };
    rest.push(value);
    rest
}

#[green]
fn main() {
    assert_eq!([matches_and_guards(0), matches_and_guards(1), matches_and_guards(2), matches_and_guards(4)], [0, 1, 30, 4]);
    assert_eq!(let_else(0) + let_else(2), 101);
    assert_eq!(labels(), 9 + 2);
    assert_eq!(question_marks(), Ok(3));
    assert_eq!(closures(), 10);
    assert_eq!(green_closures(), [4, 5, 6, 4, 0, 6, 3, 7]);
    assert_eq!(green_inside_plain(), 4 + 4);
    assert_eq!(borrows(), 9 + 3 + 3 + 5);
    assert_eq!(formats(), "2    3 2-4\n");
    assert_eq!(unsafe_blocks(), 12);
    assert_eq!(beside_async(), 5);
    assert_eq!(attributes(), 6);
    assert_eq!(consts(), 3 + 3 + 3 + 3 + 4 + 3);
    assert_eq!(items_inside(), 3 + 2 + 2);
    assert_eq!(hostile_names(1, 2), 3 + 1 + 3 + 1 + 1 + 1);
    assert_eq!(no_switching(&Cell::new(1)), Some(9));
    assert_eq!(no_switching(&Cell::new(0)), Some(5));
    assert_eq!(plain_no_switch(), 2);
    assert_eq!(fact(10), 3628800);
    let mut tree = Tree(1, vec![Tree(2, vec![Tree(3, vec![])]), Tree(4, vec![])]);
    assert_eq!((tree.sum(), Tree::depth(&tree), tree.count_down(3)), (10, 3, 1));
    assert!(is_even(10) && !is_odd(4));
    assert_eq!(generic_recursion('x', 2), ['x'; 3]);
}
