//! Green closures that are called by many at a time, or in places that do not wait for one call
//! before they make the next.

use std::rc::Rc;

use crate::call::{Green, GreenBox};
use crate::lock::Mutex;

/// Lets a green closure with `async` be called by many at a time: its calls share it, and so what
/// it has captured. Does not suspend.
///
/// What [`serve`](crate::serve()), [`GreenPool::map`](crate::GreenPool::map) and their kind take is
/// a closure whose calls go ways of their own. Those of an `async` closure borrow from it, which
/// this makes possible: each keeps it for as long as it runs, and has a place of its own on the
/// heap. [`shared2`] is the same for two arguments.
///
/// # Cancel safety
///
/// A kill or timeout in such a call drops the call and its argument. The closure goes with the last
/// of them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{GreenPool, green, shared, sleep};
///
/// struct Site { unit: u32 }
///
/// impl Site {
///     #[green]
///     fn visit(&self, n: u32) -> u32 {
///         sleep(Duration::from_millis(1));
///         self.unit * n
///     }
/// }
///
/// #[green]
/// fn main() {
///     let site = Site { unit: 10 };
///     let visits = shared(#[green] async move |n| site.visit(n) + site.visit(1));
///     assert_eq!(GreenPool::new(2).map(visits, 1..=3), [20, 30, 40]);
/// }
/// ```
pub fn shared<F, A, R>(f: F) -> impl Fn(A) -> GreenBox<'static, R> + Clone
where
    F: AsyncFn(A) -> R + 'static,
    A: 'static,
    R: 'static,
{
    let f = Rc::new(f);
    move |a| {
        let f = f.clone();
        Green::new(Box::pin(async move { f(a).await }))
    }
}

/// [`shared`] for a closure of two arguments.
///
/// # Examples
///
/// ```
/// use std::io;
/// use eventlet::{StopServe, green, shared2, spawn};
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::net::TcpStream;
///
/// struct App { greeting: String }
///
/// impl App {
///     #[green]
///     fn handle(&self, mut client: TcpStream) -> io::Result<()> {
///         client.write_all(self.greeting.as_bytes())?;
///         Err(StopServe.into())
///     }
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let app = App { greeting: "welcome".to_owned() };
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let handler = shared2(#[green] async move |client, _address| app.handle(client));
///     let server = spawn(move || eventlet::serve(listener, handler, 1000));
///
///     let mut text = String::new();
///     eventlet::connect(address)?.read_to_string(&mut text)?;
///     assert_eq!(text, "welcome");
///     server.wait()
/// }
/// ```
pub fn shared2<F, A, B, R>(f: F) -> impl Fn(A, B) -> GreenBox<'static, R> + Clone
where
    F: AsyncFn(A, B) -> R + 'static,
    A: 'static,
    B: 'static,
    R: 'static,
{
    let f = Rc::new(f);
    move |a, b| {
        let f = f.clone();
        Green::new(Box::pin(async move { f(a, b).await }))
    }
}

/// [`shared`] for a closure that changes what is around it: its calls wait for each other. Does not
/// suspend; a call suspends until its turn has come, and until it has its value.
///
/// What an `FnMut(A) -> G` is expected to make are calls of one type, which do not borrow from it;
/// it may make several before the first has ended. Those of a green closure with `async` do borrow
/// from it (`total += …`), so that each of them keeps the closure for itself for as long as it
/// runs, and has a place of its own on the heap. The [`combinators`](crate::combinators) of
/// iterators take such a closure in this way; they make one call after another, so that none waits.
///
/// # Cancel safety
///
/// A kill or timeout in such a call drops the call and its argument, or takes it out of the line.
/// What the closure has changed stays so.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::prelude::*;
/// use eventlet::{green, shared_mut, sleep};
///
/// #[green]
/// fn price(name: &str) -> usize {
///     sleep(Duration::from_millis(1));
///     10 * name.len()
/// }
///
/// #[green]
/// fn main() {
///     let mut total = 0;
///     let basket = ["tea", "bread"];
///     basket.iter().green_for_each(shared_mut(#[green] async |name: &&str| total += price(name)));
///     assert_eq!(total, 80);
/// }
/// ```
///
/// eventlet and gevent need no such thing, since every closure may wait there.
pub fn shared_mut<'a, F, A, R>(f: F) -> impl Fn(A) -> GreenBox<'a, R> + Clone
where
    F: AsyncFnMut(A) -> R + 'a,
    A: 'a,
    R: 'a,
{
    let f = Rc::new(Mutex::new(f));
    move |a| {
        let f = f.clone();
        Green::new(Box::pin(async move {
            let mut f = f.lock().await;
            (*f)(a).await
        }))
    }
}
