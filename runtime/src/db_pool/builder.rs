//! The settings of a pool.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::ConnectionPool;
use crate::call::{GreenCall, GreenFn};

/// The settings of a [`ConnectionPool`], which has an example.
pub struct Builder<C> {
    settings: Settings<C>,
}

pub(super) struct Settings<C> {
    pub(super) min_size: usize,
    pub(super) max_size: usize,
    pub(super) max_idle: Duration,
    pub(super) max_age: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) check: Option<Check<C>>,
    /// What is asked of one that comes back, if that is not the same.
    pub(super) check_on_return: Option<Check<C>>,
    /// `None` for a connection that is not to be used again.
    pub(super) cleanup: Option<Rc<dyn Fn(C) -> Cleaning<C>>>,
}

/// Is this connection still good?
pub(super) type Check<C> = Rc<dyn Fn(&C) -> bool>;

pub(super) type Cleaning<C> = Pin<Box<dyn Future<Output = Option<C>>>>;

impl<C: 'static> Builder<C> {
    /// eventlet's settings: up to 4 connections and none to begin with, closed after 10 seconds
    /// without use or at an age of 30, with 5 seconds to connect, no check and no cleanup.
    pub fn new() -> Self {
        Builder {
            settings: Settings {
                min_size: 0,
                max_size: 4,
                max_idle: Duration::from_secs(10),
                max_age: Duration::from_secs(30),
                connect_timeout: Duration::from_secs(5),
                check: None,
                check_on_return: None,
                cleanup: None,
            },
        }
    }

    /// How many connections [`ConnectionPool::fill`] makes. They grow old as others do.
    pub fn min_size(mut self, count: usize) -> Self {
        self.settings.min_size = count;
        self
    }

    /// How many connections there may be.
    pub fn max_size(mut self, count: usize) -> Self {
        self.settings.max_size = count;
        self
    }

    /// How long a connection is kept that nobody uses. With zero none is kept.
    pub fn max_idle(mut self, time: Duration) -> Self {
        self.settings.max_idle = time;
        self
    }

    /// How old a connection may become. One that is in use is closed when it comes back. With zero
    /// none is kept, and the pool is nothing but a limit.
    pub fn max_age(mut self, time: Duration) -> Self {
        self.settings.max_age = time;
        self
    }

    /// How long connecting may take. `Duration::MAX` is for ever.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// Which connections are still good: one for which `check` says `false` is closed, and nobody
    /// gets it any more.
    ///
    /// It is asked when a connection comes back, before the cleanup, and once more before a
    /// connection is lent that was idle. So it must be quick, and it cannot suspend: it looks at
    /// what is known, as a query that was cut off or an end that the server has sent. One that asks
    /// the operating system need not do so twice: [`check_on_return`](Self::check_on_return).
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use eventlet::db_pool::{Builder, ConnectError};
    /// use eventlet::green;
    ///
    /// #[green]
    /// fn main() -> Result<(), ConnectError<Infallible>> {
    ///     let usable = |connection: &String| connection != "broken";
    ///     let pool = Builder::new().check(usable).build(#[green] || Ok(String::from("new")));
    ///     *pool.get()? = "used".to_owned();
    ///     *pool.get()? = "broken".to_owned();
    ///     assert_eq!(*pool.get()?, "new");
    ///     Ok(())
    /// }
    /// ```
    pub fn check(mut self, check: impl Fn(&C) -> bool + 'static) -> Self {
        self.settings.check = Some(Rc::new(check));
        self
    }

    /// Which connections that come back are kept, in the place of [`check`](Self::check), which is
    /// then asked before a connection is lent and at no other time. It is for what whoever had the
    /// connection has left behind; what may happen to it while it is idle `check` sees in any case.
    ///
    /// It must be quick, and it cannot suspend. One for which it says `false` is closed.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::convert::Infallible;
    /// use std::rc::Rc;
    /// use eventlet::db_pool::{Builder, ConnectError};
    /// use eventlet::green;
    ///
    /// #[green]
    /// fn main() -> Result<(), ConnectError<Infallible>> {
    ///     let looks = Rc::new(Cell::new(0));
    ///     let seen = looks.clone();
    ///     let look = move |_: &String| {
    ///         seen.set(seen.get() + 1);
    ///         true
    ///     };
    ///     let is_settled = |connection: &String| !connection.contains("BEGIN");
    ///     let settings = Builder::new().check(look).check_on_return(is_settled);
    ///     let pool = settings.build(#[green] || Ok(String::new()));
    ///     drop(pool.get()?); // it is new: nobody looks
    ///     pool.get()?.push_str("BEGIN");
    ///     assert_eq!((looks.get(), pool.len()), (1, 0));
    ///     Ok(())
    /// }
    /// ```
    pub fn check_on_return(mut self, check: impl Fn(&C) -> bool + 'static) -> Self {
        self.settings.check_on_return = Some(Rc::new(check));
        self
    }

    /// What is done with each connection that comes back, before the next one gets it: for example
    /// a rollback.
    ///
    /// It is handed the connection and gives it back; an error discards the connection, and is
    /// dropped. It may suspend; the connection counts as out until it is over.
    pub fn cleanup<F, G, E>(mut self, cleanup: F) -> Self
    where
        F: Fn(C) -> G + 'static,
        G: GreenCall<Value = Result<C, E>> + 'static,
    {
        self.settings.cleanup = Some(Rc::new(move |connection| {
            let cleaning = cleanup(connection);
            Box::pin(async move { cleaning.await.ok() })
        }));
        self
    }

    /// A pool with these settings, whose connections `create` makes. Does not suspend: it has no
    /// connections yet.
    pub fn build<F, E: 'static>(self, create: F) -> ConnectionPool<C, E>
    where
        F: GreenFn<Result<C, E>> + 'static,
    {
        let create = Rc::new(create);
        let create = move || -> super::Making<C, E> {
            let create = create.clone();
            Box::pin(async move { create().await })
        };
        ConnectionPool::of(self.settings, Box::new(create))
    }
}

impl<C: 'static> Default for Builder<C> {
    fn default() -> Self {
        Builder::new()
    }
}

impl<C> Clone for Builder<C> {
    fn clone(&self) -> Self {
        let Settings { min_size, max_size, max_idle, max_age, connect_timeout, .. } = self.settings;
        Builder {
            settings: Settings {
                min_size,
                max_size,
                max_idle,
                max_age,
                connect_timeout,
                check: self.settings.check.clone(),
                check_on_return: self.settings.check_on_return.clone(),
                cleanup: self.settings.cleanup.clone(),
            },
        }
    }
}

impl<C> Settings<C> {
    /// May this one, which was idle, be lent?
    pub(super) fn may_be_lent(&self, connection: &C) -> bool {
        self.check.as_ref().is_none_or(|check| check(connection))
    }

    /// May this one, which was lent, be kept?
    pub(super) fn may_come_back(&self, connection: &C) -> bool {
        let check = self.check_on_return.as_ref().or(self.check.as_ref());
        check.is_none_or(|check| check(connection))
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("min_size", &self.settings.min_size)
            .field("max_size", &self.settings.max_size)
            .field("max_idle", &self.settings.max_idle)
            .field("max_age", &self.settings.max_age)
            .field("connect_timeout", &self.settings.connect_timeout)
            .field("check", &self.settings.check.is_some())
            .field("check_on_return", &self.settings.check_on_return.is_some())
            .field("cleanup", &self.settings.cleanup.is_some())
            .finish()
    }
}
