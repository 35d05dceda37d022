//! Pools of things that are costly to make, and lent out. eventlet's `pools`.
//!
//! (A pool of *threads* is a [`GreenPool`](crate::GreenPool).)

mod item;
mod stock;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::{Green, GreenFn};
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::timeout::{Timeout, with_timeout};
use stock::{Slot, Stock};

pub use item::Item;

/// What a pool answers: an item, or the error of its `create`.
pub type Lent<T, E> = Result<Item<T, E>, E>;

/// Things that are made when they are needed, up to a number, and lent out. Clones are handles on
/// one pool.
///
/// [`get`](Self::get) takes an idle item, else makes one, else waits for one to come back, first
/// come, first served. What it gives goes back when it is dropped.
///
/// # Examples
///
/// ```
/// use std::convert::Infallible;
/// use eventlet::green;
/// use eventlet::pools::Pool;
///
/// #[green]
/// fn connect() -> Result<String, Infallible> {
///     Ok(String::from("a connection"))
/// }
///
/// #[green]
/// fn main() -> Result<(), Infallible> {
///     let pool = Pool::new(2, connect);
///     {
///         let mut connection = pool.get()?;
///         connection.push_str(", used");
///     }
///     assert_eq!(*pool.get()?, "a connection, used");
///     assert_eq!(pool.free(), 2);
///     Ok(())
/// }
/// ```
///
/// eventlet's `pools.Pool`.
pub struct Pool<T, E = Infallible> {
    stock: Rc<Stock<T, E>>,
}

/// A pool of things that are nothing but different: who holds one may go on.
///
/// eventlet's `TokenPool`.
pub type TokenPool = Pool<Token>;

/// What a [`TokenPool`] lends.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    _private: (),
}

impl<T, E> Pool<T, E> {
    /// A pool that makes items with `create`, and has at most `max_size` of them. It has none yet.
    ///
    /// The idle item that came back first is lent first; see
    /// [`with_newest_first`](Self::with_newest_first).
    pub fn new<F>(max_size: usize, create: F) -> Self
    where
        F: GreenFn<Result<T, E>> + 'static,
    {
        Pool { stock: Rc::new(Stock::new(max_size, false, create)) }
    }

    /// Like [`new`](Self::new); the idle item that came back last is lent first, so that the others
    /// can grow old.
    ///
    /// eventlet's `order_as_stack`.
    pub fn with_newest_first<F>(max_size: usize, create: F) -> Self
    where
        F: GreenFn<Result<T, E>> + 'static,
    {
        Pool { stock: Rc::new(Stock::new(max_size, true, create)) }
    }

    /// Makes items until the pool has `count` of them, or as many as it may have. Suspends while
    /// they are made.
    ///
    /// eventlet's `min_size` is `fill` right after the pool was made.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but an item that was being made.
    ///
    /// # Errors
    ///
    /// That of `create`; what was made before stays.
    #[green(by_hand = "it drives what it is given")]
    pub fn fill(&self, count: usize) -> Green<impl Future<Output = Result<(), E>>> {
        Green::new(async move {
            while self.len() < count
                && let Some(place) = Slot::try_take(&self.stock)
            {
                let item = self.stock.make().await?;
                place.bring_back(item);
            }
            Ok(())
        })
    }

    /// Lends an item. Suspends while all are out and no more may be made, and while one is made;
    /// not at all if one is idle.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but an item that was being made.
    ///
    /// # Errors
    ///
    /// That of `create`; the place is free again, and the next in line is woken for it.
    #[green(by_hand = "it drives what it is given")]
    pub fn get(&self) -> Green<impl Future<Output = Result<Item<T, E>, E>>> {
        Green::new(async move {
            until(self.stock.places.acquire("an item of a pool")).await;
            self.take(Slot::taken(&self.stock)).await
        })
    }

    /// Lends an item, within `limit`: waiting for it and making it count. Suspends as
    /// [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but an item that was being made.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first; inside, as [`get`](Self::get).
    #[green(by_hand = "a wait, and little else")]
    pub fn get_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<Lent<T, E>, Timeout>>> {
        Green::new(async move { with_timeout(limit, || self.get()).await })
    }

    /// Lends an item that is idle, even if others wait for it. Does not suspend, and so makes none.
    pub fn try_get(&self) -> Option<Item<T, E>> {
        if self.stock.idle.borrow().is_empty() {
            return None;
        }
        let place = Slot::try_take(&self.stock)?;
        Some(Item::new(self.stock.idle_item()?, place))
    }

    /// Brings an item back that was [kept](Item::keep), or a substitute for it. Does not suspend.
    ///
    /// It goes to the first in line, else among the idle ones; if the pool has shrunk meanwhile it
    /// is dropped. An item for which nothing was kept is too many, and dropped as well.
    pub fn put(&self, item: T) {
        if let Some(place) = Slot::kept(&self.stock) {
            place.bring_back(item);
        }
    }

    /// How many items there are or are being made, idle ones included.
    pub fn len(&self) -> usize {
        self.stock.out() + self.stock.idle.borrow().len()
    }

    /// Is none there?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many calls of [`get`](Self::get) will not have to wait for an item to come back; below
    /// zero after a [`resize`](Self::resize) to less than are out.
    pub fn free(&self) -> isize {
        isize::try_from(self.max_size()).unwrap_or(isize::MAX).saturating_sub_unsigned(self.stock.out())
    }

    /// How many threads wait for an item to come back.
    pub fn waiting(&self) -> usize {
        self.stock.places.waiting()
    }

    /// How many items there may be.
    pub fn max_size(&self) -> usize {
        self.stock.max_size()
    }

    /// Changes how many items there may be. Does not suspend.
    ///
    /// Growing wakes whoever waits. Shrinking drops idle items that are too many, and those that
    /// are out when they come back.
    pub fn resize(&self, max_size: usize) {
        self.stock.resize(max_size);
    }

    async fn take(&self, place: Slot<T, E>) -> Result<Item<T, E>, E> {
        let item = match self.stock.idle_item() {
            Some(item) => item,
            // If this fails, or is dropped, the place is given back.
            None => self.stock.make().await?,
        };
        Ok(Item::new(item, place))
    }
}

impl TokenPool {
    /// A pool of that many tokens.
    pub fn of_tokens(max_size: usize) -> Self {
        Pool::new(max_size, || std::future::ready(Ok(Token { _private: () })))
    }
}

impl<T, E> Clone for Pool<T, E> {
    fn clone(&self) -> Self {
        Pool { stock: self.stock.clone() }
    }
}

same_object!(impl[T, E] Pool<T, E>, |pool| &*pool.stock);

impl<T, E> fmt::Debug for Pool<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("len", &self.len())
            .field("max_size", &self.max_size())
            .field("free", &self.free())
            .field("waiting", &self.waiting())
            .finish()
    }
}
