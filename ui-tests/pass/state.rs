//! What a state machine holds, when it lets go of it, and where it says that it stands.

#![deny(warnings)]

use std::cell::RefCell;
use std::future::Future;
use std::mem::size_of_val;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use eventlet::{Green, green};

// A plain call adds no suspension point, and no bytes.

struct Suspend(bool);

impl Future for Suspend {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[green]
fn suspend() {
    Suspend(false).await
}

#[green]
fn no_plain_calls(n: u64) -> u64 {
    let m = n + 1;
    suspend();
    let big = [m; 64];
    big[3] + big[4]
}

fn plain(n: u64) -> u64 {
    n
}

#[green]
fn twenty_plain_calls(n: u64) -> u64 {
    let m = plain(n) + 1 + plain(0) + plain(0) + plain(0) + plain(plain(0));
    suspend();
    let big = [plain(m); 64];
    let text = String::from("abc").to_uppercase().trim().len() as u64;
    let iter = big.iter().map(|n| n + 1).skip(1).step_by(2).take(3).count() as u64;
    for n in big.iter().copied().take(plain(2) as usize) {
        plain(n);
    }
    plain(big[3]) + plain(big[4]) + text.pow(1) + u64::from(plain(iter) as u8)
}

#[green]
fn only_plain_calls() -> usize {
    let text = String::from("abc").to_uppercase();
    text.trim().len() + text.len()
}

/// What a debug build keeps in each call, to report one that never ran.
const REPORT: usize = if cfg!(debug_assertions) { size_of::<&()>() } else { 0 };

fn sizes_of_plain_calls() {
    let without = size_of_val(&no_plain_calls(1));
    assert_eq!(size_of_val(&twenty_plain_calls(1)), without);
    assert!(without <= 40 + 2 * REPORT, "{}", without);
    assert!(size_of_val(&only_plain_calls()) <= 1 + 2 * REPORT);
}

// Nested green calls keep their arguments once.

#[green]
fn third(data: [u8; 1024]) -> usize {
    suspend();
    data.len()
}

#[green]
fn second(data: [u8; 1024]) -> usize {
    let n = third([1; 1024]);
    n + data.len()
}

#[green]
fn first(data: [u8; 1024]) -> usize {
    let n = second([1; 1024]);
    n + data.len()
}

// Green calls one behind the other leave nothing behind, not even a flag.

#[green]
fn counts(n: u32) -> u32 {
    suspend();
    n
}

#[green]
fn one_call(n: u32) -> u32 {
    n + counts(n)
}

#[green]
fn twelve_calls(n: u32) -> u32 {
    let mut total = n + counts(n) + counts(n) + counts(n);
    total += counts(total) + counts(total) + counts(total);
    total += counts(total).max(counts(n)).min(counts(n));
    total + counts(n) + counts(n) + counts(n)
}

// What a green function keeps is what its user keeps: with nothing bound to one OS thread in it, it is bound to none.

fn is_send<T: Send>(_: &T) {}

#[green]
fn goes_anywhere(names: Vec<String>) -> usize {
    let mut total = 0;
    for name in &names {
        suspend();
        total += name.len();
    }
    for n in names.into_iter().map(|name| name.len()) {
        total += third([0; 1024]) + n;
    }
    total
}

fn sizes_of_nested_calls() {
    assert_eq!(size_of_val(&twelve_calls(1)), size_of_val(&one_call(1)));
    is_send(&first([0; 1024]));
    is_send(&goes_anywhere(vec![]));

    let one = size_of_val(&third([0; 1024]));
    assert!(one <= 1024 + 4 + 4 * REPORT, "{}", one);
    let three = size_of_val(&first([0; 1024]));
    assert!((3 * 1024..=3 * 1024 + 16 + 8 * REPORT).contains(&three), "{}", three);
}

// Arguments drop when the function ends, in the order in which a function drops its own.

struct Loud<'a>(&'static str, &'a RefCell<Vec<&'static str>>);

impl Drop for Loud<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

struct Three<'a> {
    x: Loud<'a>,
    y: Loud<'a>,
}

macro_rules! droppers {
    ($(#[$green:ident])? $names:ident $unused:ident $patterns:ident $method:ident) => {
        $(#[$green])?
        fn $names<'a>(a: Loud<'a>, b: Loud<'a>, mut c: Loud<'a>) {
            let _local = Loud("local", a.1);
            let moved = b;
            c.0 = "c, changed";
            drop(moved);
            assert_eq!(c.0.len(), 10);
        }

        $(#[$green])?
        #[allow(unused_variables)]
        fn $unused<'a>(a: Loud<'a>, _: Loud<'a>, _c: Loud<'a>, d: &Loud<'a>) {
            let _local = Loud("local", d.1);
        }

        $(#[$green])?
        #[allow(unused_variables, clippy::let_and_return)]
        fn $patterns<'a>(
            a: Loud<'a>,
            (b, _): (Loud<'a>, Loud<'a>),
            _: Loud<'a>,
            Three { x, .. }: Three<'a>,
            e: Loud<'a>,
        ) -> usize {
            let _local = Loud("local", a.1);
            let length = Loud("temporary", a.1).0.len();
            length
        }

        impl<'a> Loud<'a> {
            $(#[$green])?
            #[allow(unused_variables)]
            fn $method(self, other: Loud<'a>) {
                let _local = Loud("local", self.1);
            }
        }
    };
}

droppers!(plain_names plain_unused plain_patterns plain_method);
droppers!(#[green] green_names green_unused green_patterns green_method);

fn drops() {
    let log = RefCell::new(vec![]);
    let loud = |name| Loud(name, &log);
    plain_names(loud("a"), loud("b"), loud("c"));
    let by_plain = log.take();
    eventlet::run(|| green_names(loud("a"), loud("b"), loud("c")));
    assert_eq!(log.take(), by_plain);

    let kept = loud("kept");
    plain_unused(loud("a"), loud("b"), loud("c"), &kept);
    let by_plain = log.take();
    eventlet::run(|| green_unused(loud("a"), loud("b"), loud("c"), &kept));
    assert_eq!(log.take(), by_plain);
    // A call that never ran drops them too.
    drop(green_unused(loud("a"), loud("b"), loud("c"), &kept));
    assert_eq!(log.take(), by_plain[1..]);

    let three = || Three { x: loud("x"), y: loud("y") };
    assert_eq!(three().y.0, "y");
    log.take();
    plain_patterns(loud("a"), (loud("b0"), loud("b1")), loud("c"), three(), loud("e"));
    let by_plain = log.take();
    eventlet::run(|| green_patterns(loud("a"), (loud("b0"), loud("b1")), loud("c"), three(), loud("e")));
    assert_eq!(log.take(), by_plain);

    loud("self").plain_method(loud("other"));
    let by_plain = log.take();
    eventlet::run(|| loud("self").green_method(loud("other")));
    assert_eq!(log.take(), by_plain);
}

// Each level of a suspended call knows the line of its caller.

/// Stands where a green function's state machine would, and notes who polls it.
struct Where;

impl Future for Where {
    type Output = u32;
    #[track_caller]
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(Location::caller().line())
    }
}

#[green]
fn at_await() -> u32 {
    Where.await
}

fn ready() -> Green<Where> {
    eventlet::__private::green(Where)
}

struct Caller;

impl Caller {
    fn method(&self) -> Green<Where> {
        ready()
    }
}

#[green]
fn lines() -> Vec<(u32, u32)> {
    let mut seen = vec![];
    let first = ready();
    seen.push((line!() - 1, first));
    let chained = Caller
        .method()
        .max(0);
    seen.push((line!() - 2, chained));
    seen.push((line!(), ready()));
    let text = format!("{}", ready());
    seen.push((line!() - 1, text.parse().unwrap()));
    let sum = 0
        + Caller.method();
    seen.push((line!() - 1, sum));
    let closure = #[green]
    |_n: u32| {
        ready()
    };
    seen.push((line!() - 2, closure(1)));
    seen
}

struct Lines(u32);

impl eventlet::GreenIterator for Lines {
    type Item = u32;
    fn next(&mut self) -> Green<impl Future<Output = Option<u32>>> {
        self.0 += 1;
        eventlet::__private::green(OnlyOnce(self.0))
    }
}

struct OnlyOnce(u32);

impl Future for OnlyOnce {
    type Output = Option<u32>;
    #[track_caller]
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<u32>> {
        let line = Location::caller().line();
        Poll::Ready((self.0 == 1).then_some(line))
    }
}

#[green]
fn line_of_step() -> (u32, u32) {
    let mut seen = 0;
    for line in Lines(0) {
        seen = line;
    }
    (line!() - 3, seen)
}

#[green]
fn recursive(n: u32) -> (u32, u32) {
    if n == 0 { (0, 0) } else { recursive_in_test(n) }
}

#[green]
fn recursive_in_test(n: u32) -> (u32, u32) {
    // The name is shadowed, so this is the call of a leaf, through the box of a recursive call.
    let recursive_in_test = |_: u32| ready();
    (line!() + 1, {
        recursive_in_test(n)
    })
}

#[green]
fn places() {
    at_await();
    for (expected, line) in lines() {
        assert_eq!(line, expected);
    }
    let (expected, line) = line_of_step();
    assert_eq!(line, expected);
    let (expected, line) = recursive(1);
    assert_eq!(line, expected);
}

fn main() {
    sizes_of_plain_calls();
    sizes_of_nested_calls();
    drops();
    eventlet::run(places);
}
