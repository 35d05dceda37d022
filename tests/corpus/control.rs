//! Control flow, patterns and ownership in every mixture.

use std::cell::RefCell;
use std::fmt::Display;

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Circle { r: f64 },
    Rect(f64, f64),
    Group(Vec<Shape>),
    Empty,
}

struct Loud<'a>(&'static str, &'a RefCell<Vec<&'static str>>);
impl Drop for Loud<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}
impl Loud<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
}

crate::pairs! {
    fn area(shape: &Shape) -> f64 {
        match shape {
            Shape::Circle { r } => r * r * 3.0,
            Shape::Rect(w, h) => w * h,
            Shape::Group(all) => {
                let mut sum = 0.0;
                for one in all { sum += area(one); }
                sum
            }
            Shape::Empty => 0.0,
        }
    }
    with (&Shape::Group(vec![Shape::Circle { r: 2.0 }, Shape::Rect(1.0, 2.0), Shape::Empty]));

    fn describe(shape: &Shape) -> String {
        match shape {
            Shape::Circle { r } if *r > 10.0 => "a large circle".into(),
            Shape::Circle { .. } => "a circle".into(),
            s @ Shape::Rect(w, h) if w == h => format!("a square of {}", area(s)),
            Shape::Rect(w, _) => format!("{w} wide"),
            Shape::Group(all) if let [one] = all.as_slice() => describe(one),
            Shape::Group(all) => all.iter().map(|_| "x").collect(),
            _ => String::default(),
        }
    }
    with (&Shape::Circle { r: 11.0 }), (&Shape::Rect(2.0, 2.0)), (&Shape::Rect(2.0, 3.0)), (&Shape::Empty),
        (&Shape::Group(vec![Shape::Circle { r: 1.0 }])), (&Shape::Group(vec![Shape::Empty, Shape::Empty]));

    fn first_repeat(rows: &[Vec<i32>]) -> Option<(usize, i32)> {
        let found = 'rows: {
            for (i, row) in rows.iter().enumerate() {
                for pair in row.windows(2) {
                    if pair[0] == pair[1] { break 'rows Some((i, pair[0])); }
                }
            }
            None
        };
        found.map(|(i, n)| (i + 1, n))
    }
    with (&[vec![1, 2], vec![3, 3]]), (&[]);

    fn guess(secret: u32, limit: u32) -> Result<u32, String> {
        let (mut low, mut high) = (0u32, limit);
        let mut tries = 0;
        loop {
            tries += 1;
            let mid = low.midpoint(high);
            break match mid.cmp(&secret) {
                std::cmp::Ordering::Equal => Ok(tries),
                _ if low >= high => Err(format!("not within {limit}")),
                std::cmp::Ordering::Less => { low = mid + 1; continue }
                std::cmp::Ordering::Greater => { high = mid.saturating_sub(1); continue }
            };
        }
    }
    with (37, 100), (200, 100), (0, 100);

    fn labels(n: u32) -> Vec<u32> {
        let mut seen = vec![];
        'outer: for a in 1..n {
            let mut b = 0;
            while b < n {
                b += 1;
                if a * b == 6 { continue 'outer }
                if a + b > 2 * n - 3 { break 'outer }
                if b % 2 == 0 { continue }
                seen.push(a * 10 + b);
            }
        }
        seen
    }
    with (4), (1), (6);

    fn let_else_chain(text: &str) -> Result<(u32, u32), &'static str> {
        let Some((a, b)) = text.split_once('x') else { return Err("no x") };
        let (Ok(a), Ok(b)) = (a.parse(), b.parse()) else { return Err("no number") };
        if let Some(product) = u32::checked_mul(a, b) && product > 0 && let Ok(small) = u8::try_from(product) {
            return Ok((small.into(), 0));
        }
        Ok((a, b))
    }
    with ("3x4"), ("300x4"), ("3"), ("ax2"), ("0x0");

    fn nested_results(text: &str) -> Option<Result<i32, String>> {
        let text = (!text.is_empty()).then_some(text)?;
        Some((|| {
            let n: i32 = text.parse().map_err(|e| format!("{e}"))?;
            if n < 0 { Err("negative")? }
            Ok(n * 2)
        })())
    }
    with (""), ("4"), ("-4"), ("z");

    fn drop_order(fail: bool) -> Vec<&'static str> {
        fn leave<'a>(log: &'a RefCell<Vec<&'static str>>, fail: bool) -> Result<Loud<'a>, ()> {
            let _a = Loud("a", log);
            if fail { return Err(()) }
            Ok(Loud("b", log))
        }
        let log = RefCell::new(Vec::new());
        {
            let _first = Loud("first", &log);
            let n = Loud("temporary", &log).len();
            let _ = Loud("ignored", &log);
            match leave(&log, fail) { Ok(loud) if loud.len() == n => {} Ok(_) => log.borrow_mut().push("ok"), Err(()) => log.borrow_mut().push("err") }
            let _last = (Loud("tuple 0", &log), Loud("tuple 1", &log));
            if Loud("condition", &log).len() > 3 { log.borrow_mut().push("inside"); }
            match Loud("scrutinee", &log).len() { _ => log.borrow_mut().push("arm") }
        }
        log.into_inner()
    }
    with (false), (true);

    fn shadows(n: u32) -> String {
        let n = n + 1;
        let value = n * 2;
        let kind = { let n = value.pow(2); let value = n % 7; value };
        let n = format!("{n}{value}{kind}");
        { let n = n.len(); n }.to_string() + &n
    }
    with (3), (0);

    fn closures(base: i32) -> Vec<i32> {
        let add = |n| n + base;
        let twice = |f: &dyn Fn(i32) -> i32, n| f(f(n));
        let mut history = vec![];
        let mut record = |n| { history.push(n); history.len() as i32 };
        let a = record(add(1));
        let b = record(twice(&add, a));
        let make = |k: i32| move |n: i32| n * k;
        let triple = make(3);
        history.extend([a, b, triple(base), (|x: i32| -x)(5)]);
        history
    }
    with (10), (-1);

    fn boxed_functions(names: &[&str]) -> Vec<i64> {
        let table: Vec<(&str, Box<dyn Fn(i64) -> i64>)> = vec![
            ("double", Box::new(|n| n * 2)),
            ("negate", Box::new(std::ops::Neg::neg)),
            ("clamp", Box::new(|n| n.clamp(-3, 3))),
        ];
        names.iter().scan(5, |acc, name| {
            let (_, f) = table.iter().find(|(known, _)| known == name)?;
            *acc = f(*acc);
            Some(*acc)
        }).collect()
    }
    with (&["double", "negate", "clamp"]), (&["double", "what", "negate"]);

    fn mutate(values: &mut Vec<String>) -> usize {
        values.retain(|v| !v.is_empty());
        if let Some(first) = values.first_mut() { first.make_ascii_uppercase(); }
        for v in values.iter_mut().skip(1) { v.insert(0, '-'); }
        values.push(values.len().to_string());
        values.dedup_by_key(|v| v.len());
        let taken = std::mem::take(&mut values[0]);
        values.insert(values.len() / 2, taken + "!");
        values.iter().map(String::len).sum()
    }
    with (&mut vec!["ab".to_string(), String::new(), "c".to_string()]), (&mut vec![]);

    fn slices(data: &[u8]) -> &'static str {
        match data {
            [] => "empty",
            [b'#', ..] => "comment",
            [first, .., last] if first == last => "same ends",
            [0x7f, b'E', b'L', b'F', rest @ ..] if rest.len() > 1 => "elf",
            [_] | [_, _] => "short",
            _ => "other",
        }
    }
    with (b""), (b"#x"), (b"aba"), (b"\x7fELFxy"), (b"xy"), (b"xyz");

    fn casts(n: i64) -> (u8, i8, f32, char, bool, usize) {
        (n as u8, n as i8, n as f32, char::from(n.unsigned_abs() as u8), n != 0, (n as u16).into())
    }
    with (65), (-1), (300);

    fn early_return_in_arguments(n: Option<u32>) -> u32 {
        fn join(a: u32, b: u32) -> u32 { a * 10 + b }
        join(1, match n { Some(n) => n, None => return 77 }) + join(n.unwrap_or_else(|| unreachable!()), { if n == Some(3) { return 33 } 2 })
    }
    with (None), (Some(3)), (Some(4));

    fn unit_and_never(n: u32) -> Option<()> {
        if n == 0 { return None }
        let unit = drop(n);
        #[allow(clippy::unit_arg)]
        Some(unit)
    }
    with (0), (1);

    fn diverges(n: i32) -> i32 {
        fn stop(why: &str) -> ! { panic!("stopped: {why}") }
        let sign = if n > 0 { 1 } else if n < 0 { -1 } else { stop("zero") };
        sign * match n.checked_abs() { Some(n) => n, None => stop("too small") }
    }
    with (3), (-3), (0), (i32::MIN);

    fn assertions(n: u32) -> u32 {
        assert!(n < 10, "{n} is too large");
        assert_ne!(n, 7);
        debug_assert!(n != 8, "eight");
        assert_eq!(n.pow(2) % 2, n % 2, "parity of {}", n);
        if n == 5 { unreachable!("five: {}", n.max(1)) }
        if matches!(n, 2 | 3 if n.is_power_of_two()) { todo_or(n) } else { n }
    }
    with (1), (2), (3), (5), (7), (8), (12);

    fn todo_or(n: u32) -> u32 {
        let all = vec![n.count_ones(); n.min(3) as usize];
        all.iter().sum::<u32>() + vec![1u32, n].len() as u32
    }
    with (2);

    fn shown[T: Display + ?Sized](value: &T) -> String { format!("<{value:^7}>") }
    with ("abc"), (&5);

    fn struct_update(w: f64) -> (Shape, Shape) {
        #[derive(Clone, Debug, Default)]
        struct Settings { width: f64, height: f64, name: String }
        let small = Settings { width: w.abs(), ..Default::default() };
        let Settings { width, height, ref name } = Settings { height: small.width.sqrt(), ..small.clone() };
        (Shape::Rect(width, height), if name.is_empty() { Shape::Empty } else { Shape::Circle { r: 1.0 } })
    }
    with (4.0), (-9.0);

    fn while_let_pop(mut stack: Vec<Option<i32>>) -> (i32, usize) {
        let mut sum = 0;
        while let Some(Some(n)) = stack.pop() { sum += n; }
        (sum, stack.len())
    }
    with (vec![Some(1), None, Some(2), Some(3)]), (vec![]);

    fn unsafe_blocks(bytes: &[u8]) -> (&str, u8) {
        if !bytes.is_ascii() || bytes.is_empty() { return ("", 0) }
        // SAFETY: it is ASCII, as was just seen.
        let text = unsafe { std::str::from_utf8_unchecked(bytes) };
        // SAFETY: it is not empty.
        (text.trim(), unsafe { *bytes.get_unchecked(bytes.len() - 1) })
    }
    with (b" ab "), (b""), (b"\xff");

    fn operators_and_calls(v: &mut Vec<i32>) -> bool {
        v[0] += v.len() as i32;
        *v.last_mut().unwrap() -= 1;
        let i = v.iter().position(|&n| n < 0).unwrap_or(v.len() - 1);
        v[i] <<= i.min(3);
        !v.is_empty() && v.iter().any(|n| n & 1 == 0) || v.contains(&-1) ^ v.is_sorted()
    }
    with (&mut vec![1, 2, 3]), (&mut vec![5]), (&mut vec![]);
}
