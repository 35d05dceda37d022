//! Pools of connections to databases, which grow old and are replaced. eventlet's `db_pool`.
//!
//! ```text
//!  mod.rs         ConnectionPool           connection.rs   what it lends
//!  builder.rs     its settings             idle.rs         those that nobody uses, and their end
//!  connector.rs   a pool for each database                 error.rs        why there is no connection
//! ```
//!
//! A pool knows nothing of databases: it is given a green call that connects. A driver that blocks
//! the OS thread goes behind a [`tpool::Proxy`](crate::tpool::Proxy), which is eventlet's
//! `TpooledConnectionPool`; one on green sockets goes in as it is, which is its
//! `RawConnectionPool`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::call::{Green, GreenFn};
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::semaphore::permits::Permits;
use crate::timeout::with_timeout;
use builder::Settings;
use connection::Slot;
use idle::{Entry, Idle};

mod builder;
mod connection;
mod connector;
mod error;
mod idle;

pub use builder::Builder;
pub use connection::Connection;
pub use connector::{DatabaseConnector, Target};
pub use error::ConnectError;

/// Connections that are made when they are needed, up to a number, lent out, and closed when they
/// are old or idle.
///
/// Of the idle ones the one that came back last is lent first, so that the others can grow old. A
/// connection is closed by dropping it. Clones are handles on one pool.
///
/// # Examples
///
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
/// use eventlet::db_pool::{Builder, ConnectError};
/// use eventlet::green;
/// use eventlet::tpool::{self, Proxy};
///
/// /// A driver whose calls block.
/// struct Driver;
///
/// impl Driver {
///     fn connect() -> Result<Driver, Infallible> {
///         Ok(Driver)
///     }
///     fn query(&mut self, question: &str) -> usize {
///         question.len()
///     }
///     fn rollback(&mut self) -> Result<(), Infallible> {
///         Ok(())
///     }
/// }
///
/// #[green]
/// fn connect() -> Result<Proxy<Driver>, Infallible> {
///     tpool::execute(Driver::connect).map(Proxy::new)
/// }
///
/// #[green]
/// fn rollback(connection: Proxy<Driver>) -> Result<Proxy<Driver>, Infallible> {
///     connection.call(|driver| driver.rollback())?;
///     Ok(connection)
/// }
///
/// #[green]
/// fn main() -> Result<(), ConnectError<Infallible>> {
///     let pool = Builder::new().max_size(2).max_idle(Duration::from_secs(60)).cleanup(rollback).build(connect);
///     let connection = pool.get()?;
///     assert_eq!(connection.call(|driver| driver.query("who?")), 4);
///     connection.put(); // or let it drop
///     assert_eq!((pool.len(), pool.idle()), (1, 1));
///     Ok(())
/// }
/// ```
///
/// eventlet's `db_pool.ConnectionPool`.
pub struct ConnectionPool<C, E> {
    shared: Rc<Shared<C, E>>,
}

/// What a pool and the connections that are out have in common.
struct Shared<C, E> {
    settings: Settings<C>,
    create: Box<dyn Fn() -> Making<C, E>>,
    /// Of these each connection that is out or being made has one. There are never more idle ones
    /// than places that are left: one is made only when none is idle, or when there is room for it
    /// beside them.
    places: Permits,
    idle: Rc<Idle<C>>,
}

type Making<C, E> = Pin<Box<dyn Future<Output = Result<C, E>>>>;

impl<C: 'static, E: 'static> ConnectionPool<C, E> {
    /// A pool with the settings of [`Builder::new`], whose connections `create` makes. It has none
    /// yet.
    pub fn new<F>(create: F) -> Self
    where
        F: GreenFn<Result<C, E>> + 'static,
    {
        Builder::new().build(create)
    }

    fn of(settings: Settings<C>, create: Box<dyn Fn() -> Making<C, E>>) -> Self {
        let places = Permits::new(settings.max_size);
        let idle = Rc::new(Idle::new(settings.max_idle, settings.max_age));
        ConnectionPool { shared: Rc::new(Shared { settings, create, places, idle }) }
    }

    /// Lends a connection. Suspends while as many are out as there may be, first come, first
    /// served, and while one is made; not at all if one is idle.
    ///
    /// There is no limit on the wait for one to come back; [`with_timeout`] sets one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but a connection that was being made.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]: that of `create`, or its limit is over. The place is free again, and the
    /// next in line is woken for it.
    #[green(by_hand = "it drives what it is given")]
    pub fn get(&self) -> Green<impl Future<Output = Result<Connection<C, E>, ConnectError<E>>>> {
        Green::new(async move {
            until(self.shared.places.acquire("a connection of a pool")).await;
            let place = Slot::taken(&self.shared);
            let entry = match self.idle_one() {
                Some(entry) => entry,
                // If this fails, or is dropped, the place is given back.
                None => self.connect().await?,
            };
            Ok(Connection::new(entry, place))
        })
    }

    /// Lends a connection that is idle, even if others wait for it. Does not suspend, and so makes
    /// none.
    pub fn try_get(&self) -> Option<Connection<C, E>> {
        let place = Slot::try_take(&self.shared)?;
        Some(Connection::new(self.idle_one()?, place))
    }

    /// Connects until there are [`min_size`](Builder::min_size) connections. Suspends while they
    /// are made.
    ///
    /// eventlet's constructor does this; here nothing that is not called suspends.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but a connection that was being made.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); what was made before stays.
    #[green(by_hand = "it drives what it is given")]
    pub fn fill(&self) -> Green<impl Future<Output = Result<(), ConnectError<E>>>> {
        Green::new(async move {
            let wanted = self.shared.settings.min_size.min(self.max_size());
            // Not until they are there: with a time of zero none stays.
            for _ in self.len()..wanted {
                if self.len() >= wanted {
                    break;
                }
                let Some(place) = Slot::try_take(&self.shared) else { break };
                let entry = self.connect().await?;
                self.shared.idle.bring_back(entry);
                drop(place);
            }
            Ok(())
        })
    }

    /// Closes the idle connections. Does not suspend. Those that are out come back as ever.
    ///
    /// eventlet's `clear`.
    pub fn clear(&self) {
        self.shared.idle.clear();
    }

    /// How many connections there are or are being made, idle ones included.
    pub fn len(&self) -> usize {
        self.out() + self.idle()
    }

    /// Is none there?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many connections nobody uses.
    pub fn idle(&self) -> usize {
        self.shared.idle.len()
    }

    /// How many calls of [`get`](Self::get) will not have to wait for a connection to come back.
    pub fn free(&self) -> usize {
        self.shared.places.free()
    }

    /// How many green threads wait for a connection to come back.
    pub fn waiting(&self) -> usize {
        self.shared.places.waiting()
    }

    /// How many connections there may be.
    pub fn max_size(&self) -> usize {
        self.shared.settings.max_size
    }

    fn out(&self) -> usize {
        self.max_size() - self.free()
    }

    /// One that is idle and good. Those that are not are closed on the way.
    fn idle_one(&self) -> Option<Entry<C>> {
        loop {
            let entry = self.shared.idle.take()?;
            if self.shared.settings.may_be_lent(&entry.connection) {
                return Some(entry);
            }
        }
    }

    async fn connect(&self) -> Result<Entry<C>, ConnectError<E>> {
        let limit = self.shared.settings.connect_timeout;
        match with_timeout(limit, || (self.shared.create)()).await {
            Ok(Ok(connection)) => Ok(Entry::new(connection)),
            Ok(Err(error)) => Err(ConnectError::Failed(error)),
            Err(timeout) => Err(ConnectError::TimedOut(timeout)),
        }
    }
}

impl<C, E> Clone for ConnectionPool<C, E> {
    fn clone(&self) -> Self {
        ConnectionPool { shared: self.shared.clone() }
    }
}

same_object!(impl[C, E] ConnectionPool<C, E>, |pool| &*pool.shared);

impl<C, E> fmt::Debug for ConnectionPool<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionPool")
            .field("max_size", &self.shared.settings.max_size)
            .field("idle", &self.shared.idle.len())
            .field("free", &self.shared.places.free())
            .field("waiting", &self.shared.places.waiting())
            .finish()
    }
}
