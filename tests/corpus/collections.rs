//! The collections of std.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::rc::{Rc, Weak};

#[derive(Debug)]
struct Tree {
    value: i32,
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
}

#[derive(Debug)]
struct Node {
    name: String,
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Rc<Node>>>,
}

fn node(name: &str) -> Rc<Node> {
    Rc::new(Node { name: name.to_string(), parent: RefCell::default(), children: RefCell::default() })
}

crate::pairs! {
    fn word_counts(text: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for word in text.split_whitespace() {
            *counts.entry(word.to_lowercase()).or_insert(0) += 1;
        }
        counts
    }
    with ("a b A c b a"), ("");

    fn top(text: &str, n: usize) -> Vec<(String, usize)> {
        let mut all: Vec<_> = word_counts(text).into_iter().collect();
        all.sort_by_key(|(word, count)| (Reverse(*count), word.clone()));
        all.truncate(n);
        all
    }
    with ("x y x z y x", 2), ("", 1);

    fn invert(map: &HashMap<&str, u32>) -> BTreeMap<u32, Vec<String>> {
        let mut out: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (key, value) in map {
            out.entry(*value).or_default().push(key.to_string());
        }
        for names in out.values_mut() { names.sort(); }
        out
    }
    with (&HashMap::from([("a", 1), ("b", 2), ("c", 1)]));

    fn two_sum(numbers: &[i32], target: i32) -> Option<(usize, usize)> {
        let mut seen = HashMap::with_capacity(numbers.len());
        for (i, &n) in numbers.iter().enumerate() {
            if let Some(&j) = seen.get(&(target - n)) { return Some((j, i)) }
            seen.insert(n, i);
        }
        None
    }
    with (&[2, 7, 11, 15], 9), (&[1], 2);

    fn dijkstra(edges: &[(u32, u32, u32)], from: u32) -> BTreeMap<u32, u32> {
        let mut graph: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for &(a, b, w) in edges { graph.entry(a).or_default().push((b, w)); }
        let mut best = BTreeMap::new();
        let mut heap = BinaryHeap::from([(Reverse(0), from)]);
        while let Some((Reverse(cost), at)) = heap.pop() {
            if best.contains_key(&at) { continue }
            best.insert(at, cost);
            for &(to, w) in graph.get(&at).map(Vec::as_slice).unwrap_or_default() { heap.push((Reverse(cost + w), to)); }
        }
        best
    }
    with (&[(1, 2, 7), (1, 3, 2), (3, 2, 3), (2, 4, 1)], 1), (&[], 5);

    fn breadth_first(graph: &BTreeMap<u8, Vec<u8>>, start: u8, goal: u8) -> Option<Vec<u8>> {
        let mut queue = VecDeque::from(vec![vec![start]]);
        let mut seen = HashSet::new();
        while let Some(path) = queue.pop_front() {
            let &last = path.last()?;
            if last == goal { return Some(path); }
            if !seen.insert(last) { continue; }
            for &next in graph.get(&last).into_iter().flatten() {
                let mut longer = path.clone();
                longer.push(next);
                queue.push_back(longer);
            }
        }
        None
    }
    with (&BTreeMap::from([(1, vec![2, 3]), (2, vec![4]), (3, vec![4])]), 1, 4), (&BTreeMap::new(), 1, 2);

    fn topological(mut needs: BTreeMap<&'static str, BTreeSet<&'static str>>) -> Result<Vec<&'static str>, Vec<&'static str>> {
        let mut order = Vec::new();
        while let Some((&next, _)) = needs.iter().find(|(_, on)| on.is_empty()) {
            needs.remove(next);
            needs.values_mut().for_each(|on| { on.remove(next); });
            order.push(next);
        }
        if needs.is_empty() { Ok(order) } else { Err(needs.into_keys().collect()) }
    }
    with (BTreeMap::from([("a", BTreeSet::from(["b"])), ("b", BTreeSet::new())])), (BTreeMap::from([("a", BTreeSet::from(["a"]))]));

    fn balanced(text: &str) -> Result<(), (usize, char)> {
        let mut open = Vec::new();
        for (at, c) in text.chars().enumerate() {
            match c {
                '(' | '[' | '{' => open.push((at, c)),
                ')' | ']' | '}' => match (open.pop(), c) {
                    (Some((_, '(')), ')') | (Some((_, '[')), ']') | (Some((_, '{')), '}') => {}
                    _ => return Err((at, c)),
                },
                _ => (),
            }
        }
        open.pop().map_or(Ok(()), Err)
    }
    with ("{[()]}"), ("(]"), ("(("), ("");

    fn polish(text: &str) -> Result<f64, String> {
        let mut stack: Vec<f64> = vec![];
        for token in text.split_ascii_whitespace() {
            if let Ok(n) = token.parse() { stack.push(n); continue; }
            let (b, a) = stack.pop().zip(stack.pop()).ok_or("too few numbers")?;
            stack.push(match token {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" if b == 0.0 => Err("division by zero")?,
                "/" => a / b,
                other => return Err(format!("what is {other}?")),
            });
        }
        match stack[..] { [result] => Ok(result), _ => Err(format!("{} numbers left", stack.len())) }
    }
    with ("3 4 + 2 *"), ("1 0 /"), ("+"), ("1 2"), ("1 2 %");

    fn insert(tree: Option<Box<Tree>>, value: i32) -> Option<Box<Tree>> {
        let Some(mut tree) = tree else { return Some(Box::new(Tree { value, left: None, right: None })) };
        if value < tree.value { tree.left = insert(tree.left.take(), value); }
        else if value > tree.value { tree.right = insert(tree.right.take(), value); }
        Some(tree)
    }
    with (None, 1);

    fn in_order(tree: &Option<Box<Tree>>, out: &mut Vec<i32>) {
        if let Some(tree) = tree {
            in_order(&tree.left, out);
            out.push(tree.value);
            in_order(&tree.right, out);
        }
    }
    with (&None, &mut vec![]);

    fn tree_sort(values: &[i32]) -> Vec<i32> {
        let mut tree = None;
        for &value in values { tree = insert(tree, value); }
        let mut out = Vec::with_capacity(values.len());
        in_order(&tree, &mut out);
        out
    }
    with (&[5, 2, 9, 2, 7]), (&[]);

    fn depth(tree: Option<&Tree>) -> usize {
        tree.map_or(0, |t| t.value as usize) + match tree { None => 0, Some(t) => 1 + depth(t.left.as_deref()).max(depth(t.right.as_deref())) }
    }
    with (Some(&Tree { value: 0, left: None, right: Some(Box::new(Tree { value: 0, left: None, right: None })) }));

    fn family() -> Vec<String> {
        let root = node("root");
        for name in ["a", "b"] {
            let child = node(name);
            *child.parent.borrow_mut() = Rc::downgrade(&root);
            root.children.borrow_mut().push(Rc::clone(&child));
        }
        let last = root.children.borrow().last().cloned().unwrap();
        let path = format!("{}/{}", last.parent.borrow().upgrade().unwrap().name, last.name);
        let names: Vec<String> = root.children.borrow().iter().map(|c| c.name.clone()).collect();
        [names, vec![path, Rc::strong_count(&root).to_string(), Rc::weak_count(&root).to_string()]].concat()
    }
    with ();

    fn windowed_max(values: &[i32], width: usize) -> Vec<i32> {
        let mut queue: VecDeque<usize> = VecDeque::new();
        let mut out = vec![];
        for i in 0..values.len() {
            while queue.back().is_some_and(|&j| values[j] <= values[i]) { queue.pop_back(); }
            queue.push_back(i);
            if queue[0] + width <= i { queue.pop_front(); }
            if i + 1 >= width { out.push(values[queue[0]]); }
        }
        out
    }
    with (&[1, 3, -1, -3, 5, 3, 6, 7], 3), (&[], 1);

    fn counter() -> (u32, Vec<u32>) {
        let count = Cell::new(0);
        let next = || { count.set(count.get() + 1); count.get() };
        let all = vec![next(), next(), next()];
        (count.replace(9), all)
    }
    with ();

    fn merge_sort(mut values: Vec<i32>) -> Vec<i32> {
        if values.len() < 2 { return values; }
        let right = merge_sort(values.split_off(values.len() / 2));
        let left = merge_sort(values);
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut out = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            out.extend(if a <= b { left.next() } else { right.next() });
        }
        out.extend(left.chain(right));
        out
    }
    with (vec![3, 1, 2, 5, 4]), (vec![]);

    fn quick_sort(values: &mut [u32]) {
        let n = values.len();
        if n <= 1 { return }
        let mut at = 0;
        for i in 0..n - 1 { if values[i] < values[n - 1] { values.swap(i, at); at += 1; } }
        values.swap(at, n - 1);
        let (left, right) = values.split_at_mut(at);
        quick_sort(left);
        quick_sort(&mut right[1..]);
    }
    with (&mut [3, 1, 2]), (&mut []);

    fn sorted(values: &[u32]) -> Vec<u32> {
        let mut copy = values.to_vec();
        quick_sort(&mut copy);
        copy
    }
    with (&[3, 1, 2, 9, 8, 7, 0]), (&[]);

    fn out_of_bounds(values: &[u8], at: usize) -> u8 {
        values[at] + values.first().copied().unwrap_or_default()
    }
    with (&[1, 2], 1), (&[1], 3);
}
