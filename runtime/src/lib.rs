//! Blocking-looking, stackless green threads: the way of working of Python's eventlet and gevent.
//!
//! Functions are written as if every call blocked, and marked [`#[green]`](macro@green). Thousands
//! of green threads share one OS thread, and data without locks, because another one runs only
//! where a call suspends.
//!
//! ```
//! use std::io;
//! use eventlet::green::io::{Read, Write};
//! use eventlet::green::net::{TcpListener, TcpStream};
//! use eventlet::{green, spawn, spawn_n};
//!
//! #[green]
//! fn handle(mut client: TcpStream) -> io::Result<()> {
//!     let mut buf = [0; 4096];
//!     loop {
//!         let n = client.read(&mut buf)?; // suspends this green thread, blocks nobody
//!         if n == 0 {
//!             return Ok(());
//!         }
//!         client.write_all(&buf[..n])?;
//!     }
//! }
//!
//! #[green]
//! fn serve(server: TcpListener) -> io::Result<()> {
//!     loop {
//!         let (client, _addr) = server.accept()?;
//!         spawn_n(move || handle(client)); // a closure holds a call back: this is how one is handed on
//!     }
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let server = TcpListener::bind("127.0.0.1:0")?;
//!     let address = server.local_addr()?;
//!     let serving = spawn(move || serve(server));
//!
//!     let mut client = TcpStream::connect(address)?;
//!     client.write_all(b"hello")?;
//!     let mut echo = [0; 5];
//!     client.read_exact(&mut echo)?;
//!     assert_eq!(&echo, b"hello");
//!     serving.kill();
//!     Ok(())
//! }
//! ```
//!
//! # The one rule
//!
//! > In a `#[green]` body, a **call whose value is a green call is driven right there**. Every
//! > other call is ordinary.
//!
//! The type of the call's value decides, never its name. To hold a call back, put it into a
//! closure: `spawn(|| task(1))`. Ordinary closures, nested items and `async` blocks in a green body
//! are left as they are; `#[green] |x| …` makes a green closure, which owns what it captures and so
//! can hand on a call that borrows it: `spawn(#[green] move || account.deposit(1))`.
//! `no_switch! { … }` is a region in which a green call is a compile error.
//!
//! A green closure can stand in a green body only ([`green_closure!`] makes one elsewhere), and
//! with `move` it can be called once if what it captures is not `Copy`. With `async` its calls
//! borrow from it instead, and may change what it has. For a job that is made many times at once
//! (in [`GreenPool::map`], in [`serve`]) [`shared`] makes such a closure one for all of them:
//! `pool.map(shared(#[green] async move |n| site.visit(n)), numbers)`; or hand clones to a green
//! function.
//!
//! A function of your own can be given a call to make. Its parameter has an `AsyncFn` bound, and
//! calling it drives the call:
//!
//! ```
//! use eventlet::{green, sleep};
//! use std::time::Duration;
//!
//! #[green]
//! fn at_most<F, T, E>(times: u32, mut call: F) -> Result<T, E>
//! where
//!     F: AsyncFnMut() -> Result<T, E>,
//! {
//!     for _ in 1..times {
//!         if let Ok(value) = call() {
//!             return Ok(value);
//!         }
//!         sleep(Duration::from_millis(1));
//!     }
//!     call()
//! }
//!
//! #[green]
//! fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
//!     text.parse()
//! }
//!
//! #[green]
//! fn main() {
//!     assert_eq!(at_most(3, || parse("7")), Ok(7));
//!     let mut tries = 0;
//!     let failed = at_most(3, #[green] async || {
//!         tries += 1;
//!         parse("seven")
//!     });
//!     assert!(failed.is_err());
//!     assert_eq!(tries, 3);
//! }
//! ```
//!
//! # Words
//!
//! Each has one meaning in all of the documentation.
//!
//! | word | meaning |
//! |---|---|
//! | green function | a function marked `#[green]` |
//! | green call | the value that calling one gives: nothing of it has run yet ([`Green`]) |
//! | drive | to run a green call in place, suspending with it, until it has its value |
//! | green thread | a green call that runs beside others ([`GreenThread`], [`Thread`]) |
//! | task | a green thread as the hub sees it |
//! | hub | what resumes the green threads of one OS thread ([`hubs`]) |
//! | turn | the ready threads resumed once each, then a look outside: mail, I/O, timers |
//! | suspend | to stop in the middle until something has happened; others run meanwhile |
//! | wake | to make a suspended thread ready; it runs when its turn comes |
//! | resume | to let a ready thread run on from where it suspended |
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`run`], [`try_run`] | from ordinary code into green code |
//! | [`spawn`], [`sleep`], [`greenthread`] | green threads: starting, waiting, killing, linking |
//! | [`with_timeout`], [`Deadline`], [`Timeout`] | limits on a call, and on several together |
//! | [`greenpool`] | bounded concurrency, `imap` |
//! | [`GreenIterator`], [`iter`] | iterators whose steps suspend |
//! | [`combinators`], [`prelude`] | `map`, `any`, `unwrap_or_else` and their kind, with closures that make green calls |
//! | [`scope()`], [`join`], [`race`], [`branch`] | several calls in one green thread, which may borrow from it |
//! | [`event`], [`semaphore`], [`queue`], [`lock`] | what green threads share and wait for |
//! | [`pools`], [`corolocal`] | things to lend, and values that each green thread has for itself |
//! | [`db_pool`] | connections to databases, which are lent, grow old and are replaced |
//! | [`green`](mod@green) | std with a green heart: `fs`, `net`, `io`, `os`, `process`, `sync`, `thread`, `time`, and all of it as [`green::std`] |
//! | [`convenience`] | `listen`, `connect`, `serve` |
//! | [`dagpool`] | jobs that wait for each other's results |
//! | [`tpool`] | blocking work on OS threads |
//! | [`greenlet`] | raw coroutines, which pass control to each other by name |
//! | `dns` | a DNS client (feature `dns`); without it names are looked up as [`green::net::names`] says |
//! | `websocket` | WebSockets, of a server and of a client (feature `websocket`) |
//! | `signal` | handlers of signals that are green threads (feature `signal`) |
//! | [`sync`], [`green::sync`] | what several OS threads share: a queue, an event, a semaphore; std's locks and channels |
//! | [`debug`] | who blocks the hub for too long |
//! | [`hubs`] | the loop: other pollers, other OS threads, other descriptors |
//! | [`testing`], [`test`](macro@test) | virtual time, and the certainty that nothing is left behind |
//! | [`docs::diagnostics`], [`lint`] | what the macro, the compiler and the hub say about green code, and what to do about it |
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `http` | `wsgi` and `http`, on hyper's protocol; `hyper` and `signal` with it |
//! | `http-client` | `http::client`: `http::get` and its kind; `http` with it |
//! | `gzip`, `brotli` | compressed answers to the client are unpacked; `http-client` with it |
//! | `cookies` | cookies that the client keeps; `http-client` with it |
//! | `json` | bodies and answers as JSON (serde) |
//! | `dns` | `dns`, a DNS client on green sockets; `futures-io` with it |
//! | `hyper`, `futures-io`, `tokio-io` | the I/O traits of these on polled sockets; nobody's reactor |
//! | `signal` | handlers of signals that are green threads (Unix) |
//! | `tls` | `tls` and `green::ssl`, on rustls with `ring`, trusting the system's certificates |
//! | `tls-bundled-roots`, `tls-aws-lc-rs` | Mozilla's certificates compiled in; `aws-lc-rs` in the place of `ring` |
//! | `tower` | services of tower, and so routers of axum and layers of tower-http, as applications of `wsgi` |
//! | `websocket` | `websocket`: server and client, with permessage-deflate; `http` with it |
//! | `tracing` | an event for every switch |
//! | `full` | all of them but `tls-aws-lc-rs`; `default` is none |
//!
//! # Seeing what happens
//!
//! With `EVENTLET_TRACE=1` in its environment a program writes each switch to stderr, as it
//! happens:
//!
//! ```text
//! eventlet: green thread 2 suspends in app::handle at src/main.rs:9:24, and waits to read from a descriptor
//! eventlet: green thread 2 ends
//! eventlet: green thread 3 stays in place at src/main.rs:20:9, and waits for a time to pass
//! ```
//!
//! The last of these is a wait [in place](macro@green#waiting-in-place).
//!
//! With the feature `tracing` a suspension is also an event of that crate (target `eventlet`, level
//! `TRACE`), with the fields `thread`, `function`, `file`, `line` and `wait`. To find the place, a
//! thread that has suspended is looked at: nothing is stored for it, and while nobody listens it
//! costs one branch. A thread that waits for something of another executor is asked once more by
//! that look.
//!
//! [`testing::suspension_points`] lists the places at which a call did suspend. A debug build says
//! on stderr when a green call is dropped without having run, with the line that made it. What the
//! attribute writes is shown in `docs/what-green-writes.md`, and what it says in
//! [`docs::diagnostics`].
//!
//! # What a kill or a timeout can lose
//!
//! Both end a call where it is suspended, and drop its state with everything that it owns. What can
//! be lost at that place stands in the documentation of the call (or of its trait), under "Cancel
//! safety"; for most it is nothing. A call that was not suspended is never interrupted.
#![deny(unsafe_code)]

// The macro names this crate `::eventlet`; so does the code in here.
extern crate self as eventlet;

// What you name.
pub mod green;
pub mod greenthread;
mod timeout;
pub mod branch;
pub mod scope;
pub mod greenpool;
pub mod iter;
pub mod combinators;
pub mod event;
pub mod queue;
pub mod semaphore;
pub mod lock;
/// What is still used of eventlet's `coros`.
pub mod coros {
    #[doc(inline)]
    pub use crate::event::metaphore::Metaphore;
}
pub mod corolocal;
pub mod pools;
pub mod db_pool;
pub mod dagpool;
pub mod convenience;
pub mod tpool;
pub mod sync;
pub mod greenlet;
#[cfg(all(unix, feature = "signal"))]
pub mod signal;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
pub mod wsgi;
#[cfg(feature = "websocket")]
pub mod websocket;
#[cfg(feature = "socketio")]
pub mod socketio;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "dns")]
pub mod dns;
pub mod debug;
pub mod testing;

// How it runs.
mod call;
mod hub;
pub mod hubs;

// For the macro, for whoever reads what it says, and for the models.
mod loom;
#[doc(hidden)]
pub mod macro_support;
pub mod lint;

/// Pages to read; there is nothing to call.
pub mod docs {
    #[doc = include_str!("../DIAGNOSTICS.md")]
    #[expect(
        clippy::test_attr_in_doctest,
        reason = "some messages are about tests, and to compile the example is enough"
    )]
    pub mod diagnostics {}
}

pub use branch::{join, race, try_join};
pub use call::{
    Green, GreenBox, GreenCall, GreenFn, GreenFnMut, MakesGreenCall, shared, shared_mut, shared2,
};
#[doc(inline)]
pub use combinators::prelude;
pub use convenience::{StopServe, connect, listen, serve};
pub use dagpool::DagPool;
pub use event::Event;
/// Makes a function green: in its body, a call whose value is a green call is driven right there.
///
/// The function gives a [`Green`] call in place of its value, which runs when another green
/// function makes the call, or [`spawn`], [`run`] or another of their kind is given it. It is
/// written as an ordinary function is: without `async` and without `.await`. Which of the calls in
/// its body are green is decided by their types, so a call costs nothing if it is a plain one.
///
/// # What it stands on
///
/// Functions, methods, methods of traits and of their implementations, `main`, tests, and closures
/// in a green body (elsewhere a closure is [`green_closure!`]). Generic functions, `impl` arguments
/// and results, borrowed arguments, patterns, `unsafe`, `-> !` and recursion are taken as they are
/// in ordinary functions. Other attributes stay and mean what they mean, in any order; a
/// documentation gets a line that says that the function may suspend. It refuses `async`, `const`
/// and `extern` functions, items that are no functions, and methods by a reserved name.
///
/// # Options
///
/// On functions and on closures (`#[green(boxed)] move |n| …`, and
/// `green_closure!(#[green(boxed)] move |n| …)`):
///
/// | option | |
/// |---|---|
/// | `boxed` | the call is on the heap, and its type has a name: [`GreenBox`]. For trait objects, for functions that call each other, and for tables: a function that borrows its arguments is a `for<'a> fn(&'a Server, &'a [u8]) -> GreenBox<'a, u32>` by its name |
/// | `in_place` | an ordinary function, whose green calls are waited for where they stand |
/// | `no_switch` | an ordinary function, in which a green call is a compile error, also in its closures |
/// | `macros(retry, tri)` | the arguments of `retry!` and `tri!` are expressions, behind a name at most (`key = value`); calls in them are driven |
/// | `crate = path` | where a re-exporting crate keeps `eventlet` |
///
/// # Where calls are driven
///
/// In everything that runs as part of the body, the arguments of known macros included: those of
/// std that format and assert, those of `log` and `tracing`, and those that the option names. Not
/// in ordinary closures, inner functions, `async` blocks and other macros: a green call in one of
/// those has to be handed on, and most of them are reported.
///
/// A closure with `#[green]` in a green body is a function without a name: its call is green.
/// Without `move` it borrows what is around it, and such a call must be over before what it borrows
/// is gone. With `async` (`#[green] async |n| …`, `#[green] async move |n| …`) its calls may borrow
/// from its arguments and from what it has captured, and change that; it goes where an `AsyncFn`,
/// `AsyncFnMut` or `AsyncFnOnce` is expected. One that is given a name by `let` and says of an
/// argument that it is a reference (`let length = #[green] |text: &str| …`) has `async` without
/// saying so.
///
/// A call of a parameter with one of these bounds (`f: F` with `F: AsyncFnMut(&str) -> u32`, or
/// `f: impl AsyncFn()`) is driven, too, in the function that has the parameter, and so is a call of
/// a closure with `async` by the name that `let` gave it.
///
/// # Waiting in place
///
/// A destructor, a method of somebody else's trait, a callback of C and a closure for an ordinary
/// combinator cannot suspend. `#[green(in_place)]` lets them make green calls all the same. While
/// such a call waits, the hub looks after descriptors, timers and mail, but resumes nobody: all
/// other green threads of the OS thread stand still until the function has returned, and a kill or
/// timeout around it comes afterwards. If only one of them could bring what it waits for, that is a
/// deadlock, which is reported with its line as a panic (but not while another OS thread works for
/// this one or has a handle on its hub, and so might bring it). Outside of green code the hub runs
/// meanwhile, as under [`run`]. `EVENTLET_TRACE=1` shows each such wait. When an OS thread ends
/// with green threads in it, nothing is driven any more: their destructors run, and those that
/// would wait in place panic.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep};
///
/// struct Session;
///
/// impl Drop for Session {
///     #[green(in_place)]
///     fn drop(&mut self) {
///         sleep(Duration::from_millis(1)); // a farewell, which takes a while
///     }
/// }
///
/// #[green]
/// fn main() {
///     let _session = Session;
/// }
/// ```
///
/// `#[green(no_switch)]` is the promise that a function never waits: `no_switch! { … }` for a whole
/// function and its closures. What another green thread is to do is handed on in a green closure.
///
/// # Reserved names
///
/// A call of a method by one of std's names whose value can never be a green call is left as it is
/// written: `clone`, `into`, `iter`, `trim`, `as_str`, `to_string`, `is_some`, `ok_or`, `map_err`,
/// `split_once`, `enumerate`, `sort_by`, `wrapping_add` and their kind, as well as functions of
/// std's by their paths (`String::from`, `Vec::new`, `mem::take`). That lowers what checking costs,
/// and what is expected of such a call reaches it. A green method cannot have such a name, and is
/// refused where it is defined; `len`, `get`, `insert`, `next`, `map`, `take`, `parse`, `lines` and
/// all other names are free.
///
/// # Limits
///
/// What plain Rust takes and a green body does not, since stable Rust has no way to it:
///
/// * In a generic function, a call of whose type nothing is known where it stands must not turn out
///   to give a type parameter. Whether a call is green is a question about its type; an answer that
///   holds of every type parameter would hold of a green call as well. So `let w = Width::of(9);`,
///   for a trait `Width`, needs the type: `W::of(9)`. (Where only a parameter is not known yet, the
///   type is: `let index = Index::new(9);` is taken, whatever follows. And as a part of a value
///   whose type is written, as in `fn new() -> Id<W> { Id { width: Width::of(9) } }`, a call has
///   the type of that part.)
/// * What a place expects does not reach what is passed to a call that may be green, unless the
///   source says it: the call stands where its type is asked, and there nothing is expected. So a
///   type that holds a pointer to a function is made of one: `Handler { task: Task::new(work as
///   fn()) }`. The same holds where an argument's type names a pointer:
///   `show(list.iter().map(name as fn(&u32) -> String))`. (No matter are calls by reserved names,
///   and std's iterators that hold a function and are made by a method: in
///   `Names { iter: list.iter().map(name) }` the function's item, or a closure, becomes the pointer
///   that the field's type asks for, and so it does in a result and in a `let` with a type.
///   `filter`, `inspect`, `map_while`, `scan`, `split` and `chunk_by` are as `map`. A method of
///   one's own by such a name is what it is, but for one thing: in the field of a struct whose type
///   is a parameter of that struct, and not known before, its value comes out of a variable.)
/// * A type that hides a lifetime in its name shows it in a `boxed` function: `Line<'_>`.
/// * A green closure that is handed on and whose argument is a reference can borrow from that
///   across a wait only with `async`: the calls of any other are of one type, for all lifetimes.
/// * An ordinary closure cannot give a call that borrows from what it owns
///   (`spawn(move || account.deposit(1))`): it is over before the call begins. A green closure
///   can. The message is rustc's, and does not know the remedy, since no library can add to an
///   error about borrows; `borrowing-call` in [`docs::diagnostics`] does.
/// * `?` behind a green call in an ordinary function is refused in the words of std's `Try`, which
///   cannot say that the function has to be green; `helper-not-green` does. (`unwrap` and its kind
///   say so themselves, and so do operators' traits and what shows a value.)
/// * Two green functions that call each other need `boxed` on one of them, as `async` functions do.
///   rustc says "an async block" there, since that is what a body becomes.
/// * A green function is no `fn(A) -> T`, and no closure for std's `Iterator::map`: what it gives
///   is a call. The [`combinators`] take it, and a table holds boxed ones.
/// * What is passed to an unknown macro stays as it is; the option `macros` names those whose
///   arguments are expressions.
///
/// What the compiler refuses there, and says, it does so in plain Rust as well; these are the
/// smallest programs. A question about a type, which is to be answered for whatever a type
/// parameter stands for:
///
/// ```compile_fail,E0277
/// trait Width { fn of(n: usize) -> Self; }
/// trait Plain {}
/// impl<T: Unpin> Plain for T {} // a green call is not `Unpin`; of a type parameter nobody knows
/// fn ask<T: Plain>(_: &T) {}
///
/// fn made<W: Width>() -> W {
///     let width = Width::of(9);
///     ask(&width);
///     width
/// }
/// ```
///
/// A boxed call, one of whose arguments hides a lifetime:
///
/// ```compile_fail,E0621
/// use std::pin::Pin;
///
/// struct Line<'a>(&'a str);
///
/// fn send<'call>(line: Line) -> Pin<Box<dyn Future<Output = usize> + 'call>> {
///     Box::pin(async move { line.0.len() })
/// }
/// ```
///
/// Two functions that call each other ("recursion in an async block"):
///
/// ```compile_fail,E0733
/// fn is_even(n: u32) -> impl Future<Output = bool> {
///     async move { n == 0 || is_odd(n - 1).await }
/// }
/// fn is_odd(n: u32) -> impl Future<Output = bool> {
///     async move { n != 0 && is_even(n - 1).await }
/// }
/// ```
///
/// A call that borrows from what a closure owns ("cannot return value referencing local data"), and
/// a `?` behind what is no `Result` ("can only be applied to values that implement `Try`"):
///
/// ```compile_fail,E0515
/// struct Account(u32);
///
/// impl Account {
///     async fn deposit(&self, n: u32) -> u32 { self.0 + n }
/// }
/// fn spawn<F: Future>(_call: impl FnOnce() -> F) {}
///
/// fn start(account: Account) {
///     spawn(move || account.deposit(1));
/// }
/// ```
///
/// ```compile_fail,E0277
/// struct Call;
///
/// fn read() -> Call { Call }
///
/// fn header() -> Result<(), ()> {
///     read()?;
///     Ok(())
/// }
/// ```
///
/// # What it costs
///
/// At run time a green call is a state machine in its caller's: no allocation, and a plain call is
/// a plain call. Checking green code takes two to three times as long as the same code by hand in
/// `async`, and somewhat more after an edit; the figures are in `docs/compile-cost.md`. With
///
/// ```toml
/// [profile.dev.build-override]
/// opt-level = 3
/// ```
///
/// the macro itself runs optimised, which every save of a file profits from.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
///
/// #[green]
/// fn double(n: u32) -> u32 {
///     sleep(Duration::from_millis(1));
///     2 * n
/// }
///
/// #[green]
/// fn main() {
///     let other = spawn(|| double(4));
///     assert_eq!(double(3) + other.wait(), 14);
/// }
/// ```
///
/// What it writes is shown in `docs/what-green-writes.md`. In eventlet and gevent every function
/// may switch and none says so; here the attribute says it.
pub use eventlet_macros::green;
/// A green closure in an ordinary function: `green_closure!(move |x| …)` is what
/// `#[green] move |x| …` is in a green one.
///
/// In its body the one rule holds: a call whose value is a green call is driven right there. Its
/// value is a closure, and calling that gives a green call, of which nothing has run; the macro
/// itself never suspends.
///
/// With `move` the closure owns what it captures, and a call can borrow from it; such a closure is
/// for one call, unless all that it captures is `Copy`. Without `move` it borrows.
///
/// # Cancel safety
///
/// A kill or timeout drops what the closure has captured with its call.
///
/// ```
/// use std::rc::Rc;
/// use std::time::Duration;
/// use eventlet::{GreenThread, green, green_closure, sleep, spawn};
///
/// struct Meter { unit: u32 }
///
/// impl Meter {
///     #[green]
///     fn read(&self) -> u32 {
///         sleep(Duration::from_millis(1));
///         self.unit * 3
///     }
/// }
///
/// // An ordinary function, which starts a green thread.
/// fn start(meter: &Rc<Meter>) -> GreenThread<u32> {
///     let meter = meter.clone();
///     spawn(green_closure!(move || {
///         let first = meter.read();
///         first + meter.read()
///     }))
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(start(&Rc::new(Meter { unit: 7 })).wait(), 42);
/// }
/// ```
pub use eventlet_macros::green_closure;
/// Makes a green function a test: its body is driven in virtual time, and may leave nothing behind.
///
/// Sleeps and timeouts take no time and happen at exactly the time they name, as under
/// [`testing::run_virtual`]; I/O is real. A green thread, a timer or a registered descriptor that
/// is left when the body has returned fails the test, with a list. Each test has an OS thread and
/// so a hub of its own, whatever the test harness does, and what it left behind cannot reach
/// another.
///
/// The function has no arguments, and gives what a test of the test harness may give: nothing, or a
/// [`Termination`](std::process::Termination) such as a `Result`. After an `Err` nothing is said of
/// what was left behind. `#[should_panic]` and `#[ignore]` mean what they always mean.
///
/// | option | |
/// |---|---|
/// | `real_time` | the clock goes by itself |
/// | `hub = "poll"` | the test waits for I/O as [`hubs::use_hub`] of that name does; it fails where there is no such hub |
/// | `crate = path` | where a re-exporting crate keeps `eventlet` |
///
/// `#[green] #[test]` makes a test, too: in real time, on the OS thread of the test harness, and
/// without a look at what is left.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::net::{TcpListener, TcpStream};
/// use eventlet::{sleep, spawn, testing};
///
/// #[eventlet::test]
/// fn an_hour_is_over_at_once() {
///     sleep(Duration::from_secs(3600));
///     assert_eq!(testing::now(), Duration::from_secs(3600));
/// }
///
/// #[eventlet::test(real_time, hub = "poll")]
/// fn a_greeting_arrives() -> io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let greeter = spawn(#[eventlet::green] move || listener.accept()?.0.write_all(b"hello"));
///     let mut text = String::new();
///     TcpStream::connect(address)?.read_to_string(&mut text)?;
///     assert_eq!(text, "hello");
///     greeter.wait()
/// }
/// ```
///
/// eventlet's tests have `LimitedTestCase` for this, gevent's have `greentest.TestCase`.
pub use eventlet_macros::test;
pub use greenpool::{GreenPile, GreenPool};
pub use greenthread::{GreenThread, Thread, sleep, spawn, spawn_after, spawn_after_local, spawn_n};
pub use hub::exit::{Exit, Panic, Reason};
pub use hubs::{run, try_run};
pub use iter::{GreenIterator, IntoGreenIterator};
pub use queue::Queue;
pub use scope::{Scope, ScopedThread, scope, try_scope};
pub use semaphore::{BoundedSemaphore, CappedSemaphore, Semaphore};
pub use timeout::{Deadline, Timeout, with_timeout, with_timeout_value};
#[cfg(feature = "tls")]
#[doc(inline)]
pub use tls::wrap_ssl;

#[doc(hidden)]
pub use macro_support as __private;

/// A region that does not switch to another green thread.
///
/// In a `#[green]` body a green call inside the region is a compile error. Elsewhere nothing can
/// suspend, so the region is its block.
#[macro_export]
macro_rules! no_switch {
    ($($body:tt)*) => {{ $($body)* }};
}
