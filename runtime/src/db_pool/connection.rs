//! What a pool lends.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::Shared;
use super::idle::Entry;
use crate::call::Green;
use crate::green;
use crate::greenthread::spawn_n;
use crate::hub::current;

/// A connection of a [`ConnectionPool`](super::ConnectionPool). Dropping it brings it back, and
/// wakes the first in line. One that the pool's
/// [`check_on_return`](super::Builder::check_on_return) refuses, or if there is none its
/// [`check`](super::Builder::check), is closed instead.
///
/// If the pool has a cleanup, a green thread of its own does that after the drop;
/// [`put`](Self::put) waits for it.
#[must_use = "a connection that is not kept goes back at once"]
pub struct Connection<C: 'static, E: 'static> {
    /// `None` once it was taken out of here.
    lent: Option<Lent<C, E>>,
}

/// Its parts are dropped in this order: the place is free when the connection is closed.
struct Lent<C: 'static, E: 'static> {
    entry: Entry<C>,
    place: Slot<C, E>,
}

/// A place that is taken. Dropping it gives it back, and wakes the first in line.
pub(super) struct Slot<C: 'static, E: 'static>(Rc<Shared<C, E>>);

impl<C, E> Connection<C, E> {
    pub(super) fn new(entry: Entry<C>, place: Slot<C, E>) -> Self {
        Connection { lent: Some(Lent { entry, place }) }
    }

    /// Brings the connection back. Suspends while the pool's cleanup does, and not at all without
    /// one.
    ///
    /// A connection whose cleanup fails is closed, and another may be made in its place.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout in the cleanup closes the connection too.
    ///
    /// # Panics
    ///
    /// If the cleanup does; the connection is closed then.
    ///
    /// eventlet's `put`, and `close` of its wrapper.
    #[green(by_hand = "it drives what it is given")]
    pub fn put(mut self) -> Green<impl Future<Output = ()>> {
        let lent = self.lent.take().expect(LENT);
        Green::new(lent.put())
    }

    /// Brings the connection back with a cleanup of its own, in place of the pool's. Suspends while
    /// that does.
    ///
    /// In all else as [`put`](Self::put), which has the panics. An error of `cleanup` closes the
    /// connection, and is dropped.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout in the cleanup closes the connection too.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use eventlet::db_pool::{ConnectError, ConnectionPool};
    /// use eventlet::green;
    ///
    /// #[green]
    /// fn main() -> Result<(), ConnectError<Infallible>> {
    ///     let pool = ConnectionPool::new(#[green] || Ok(String::from("a connection")));
    ///     let mut connection = pool.get()?;
    ///     connection.push_str(", used");
    ///     connection.put_with(#[green] |used: String| Ok::<_, ()>(used.replace(", used", "")));
    ///     assert_eq!(*pool.get()?, "a connection");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// eventlet's `put(conn, cleanup)`.
    #[green(by_hand = "it drives what it is given")]
    pub fn put_with<F, G, Error>(mut self, cleanup: F) -> Green<impl Future<Output = ()>>
    where
        F: FnOnce(C) -> G,
        G: Future<Output = Result<C, Error>>,
    {
        let Lent { entry, place } = self.lent.take().expect(LENT);
        Green::new(async move {
            if !place.0.settings.may_come_back(&entry.connection) {
                return;
            }
            if let Some(entry) = entry.cleaned(|connection| async { cleanup(connection).await.ok() }).await {
                place.0.idle.bring_back(entry);
            }
        })
    }

    /// Closes the connection and frees its place, for one that is dead. Does not suspend; the first
    /// in line is woken.
    ///
    /// eventlet's `put(None)`.
    pub fn discard(mut self) {
        drop(self.lent.take());
    }
}

impl<C, E> Lent<C, E> {
    async fn put(self) {
        let Lent { entry, place } = self;
        if !place.0.settings.may_come_back(&entry.connection) {
            return;
        }
        let entry = match &place.0.settings.cleanup {
            Some(cleanup) => entry.cleaned(|connection| cleanup(connection)).await,
            None => Some(entry),
        };
        if let Some(entry) = entry {
            place.0.idle.bring_back(entry);
        }
    }
}

impl<C, E> Slot<C, E> {
    /// For whoever has acquired one.
    pub(super) fn taken(pool: &Rc<Shared<C, E>>) -> Self {
        Slot(pool.clone())
    }

    pub(super) fn try_take(pool: &Rc<Shared<C, E>>) -> Option<Self> {
        pool.places.try_take().then(|| Self::taken(pool))
    }
}

impl<C, E> Drop for Slot<C, E> {
    fn drop(&mut self) {
        self.0.places.give_back();
    }
}

const LENT: &str = "a connection is there until it is taken out, which consumes it";

impl<C, E> Drop for Connection<C, E> {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take() else { return };
        if current::try_with(|_| ()).is_none() {
            // The hub has ended: nobody can be lent it any more.
            return;
        }
        if !lent.place.0.settings.may_come_back(&lent.entry.connection) {
            return;
        }
        if lent.place.0.settings.cleanup.is_some() {
            spawn_n(move || lent.put());
        } else {
            lent.place.0.idle.bring_back(lent.entry);
        }
    }
}

impl<C, E> Deref for Connection<C, E> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.lent.as_ref().expect(LENT).entry.connection
    }
}

impl<C, E> DerefMut for Connection<C, E> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.lent.as_mut().expect(LENT).entry.connection
    }
}

impl<C: fmt::Debug, E> fmt::Debug for Connection<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
