//! Connections that wait for their next request, and how many there may be.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::exchange::{Connection, Exchange};
use super::http2::{Http2, Stream};
use super::proxy::Proxy;
use crate::event::Flag;
use crate::hubs::{ScheduledCall, get_hub, schedule_call_global};
use crate::semaphore::{Permit, Semaphore};

/// Where connections go that may serve each other's requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) is_encrypted: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// What it is reached through. What goes through a proxy without a tunnel has the proxy's own
    /// place, and no other.
    pub(super) proxy: Option<Rc<Proxy>>,
    pub(super) versions: Versions,
}

/// What is spoken with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Versions {
    Http1,
    /// What it chooses while TLS begins.
    Either,
    Http2,
}

/// How many connections there may be, and for how long.
#[derive(Clone, Debug)]
pub(super) struct PoolLimits {
    pub(super) total: usize,
    pub(super) per_host: usize,
    pub(super) idle_per_host: usize,
    pub(super) idle_time: Duration,
}

/// The connections of a client.
pub(super) struct Pool {
    limits: PoolLimits,
    hosts: RefCell<HashMap<Origin, Rc<Host>>>,
    /// Requests that have, or make, a connection.
    room: Semaphore,
    /// Connections without a request.
    idle: Cell<usize>,
    sweep: RefCell<Option<ScheduledCall>>,
    this: Weak<Pool>,
}

struct Host {
    origin: Origin,
    room: Semaphore,
    /// The one that came last is at the end.
    idle: RefCell<VecDeque<Idle>>,
    /// The one that requests share.
    shared: RefCell<Weak<Http2>>,
    /// Is up when the connection has been made, or not, that somebody makes and others may share.
    opening: RefCell<Option<Flag>>,
    /// It speaks nothing that could be shared.
    is_http1: Cell<bool>,
}

struct Idle {
    connection: Connection,
    since: Duration,
}

/// What there is for a request.
pub(super) enum Found {
    Exchange(Exchange),
    /// A connection has to be made.
    Nothing(Lease),
}

/// The right to one connection to a host, or to a part of one that is shared.
pub(super) struct Lease {
    pool: Weak<Pool>,
    host: Rc<Host>,
    is_forbidden: bool,
    /// To the host, and to any. `None` while they are waited for.
    permits: (Option<Permit>, Option<Permit>),
}

impl Pool {
    pub(super) fn new(limits: PoolLimits) -> Rc<Pool> {
        Rc::new_cyclic(|this| Pool {
            room: Semaphore::new(limits.total),
            limits,
            hosts: RefCell::default(),
            idle: Cell::default(),
            sweep: RefCell::default(),
            this: this.clone(),
        })
    }

    /// Waits for room for a request to `origin`.
    pub(super) async fn lease(&self, origin: &Origin) -> Lease {
        let (pool, host) = (self.this.clone(), self.host(origin));
        // There before it is one, so that a host for which somebody waits in vain is forgotten.
        let mut lease = Lease { pool, host, is_forbidden: false, permits: (None, None) };
        lease.permits.0 = Some(lease.host.room.acquire().await);
        // Whoever has this waits for nothing more that somebody in line before could have.
        lease.permits.1 = Some(self.room.acquire().await);
        lease
    }

    fn host(&self, origin: &Origin) -> Rc<Host> {
        let mut hosts = self.hosts.borrow_mut();
        let host = hosts.entry(origin.clone()).or_insert_with(|| {
            let room = Semaphore::new(self.limits.per_host);
            let is_http1 = Cell::new(origin.versions == Versions::Http1);
            let (idle, shared, opening) = Default::default();
            Rc::new(Host { origin: origin.clone(), room, idle, shared, opening, is_http1 })
        });
        host.clone()
    }

    /// What a request that has `lease` can go over, if it is not to make a connection itself; waits
    /// for one that somebody makes and that may do for both. Of those that have nothing to do one
    /// is taken only if `takes_idle`.
    pub(super) async fn find(&self, mut lease: Lease, takes_idle: bool) -> Found {
        loop {
            let mut shared = lease.shared();
            if shared.is_none() && takes_idle {
                match self.take_idle(&lease) {
                    Some(Connection::Http1(connection)) => {
                        return Found::Exchange(Exchange::Http1(connection, lease));
                    }
                    Some(Connection::Http2(connection)) => {
                        lease.share(&connection);
                        shared = Some(connection);
                    }
                    None => {}
                }
            }
            if let Some(connection) = shared {
                match Stream::new(connection, lease).await {
                    Ok(stream) => return Found::Exchange(Exchange::Http2(stream)),
                    Err(again) => lease = again,
                }
                continue;
            }
            let Some(opening) = lease.opening() else { return Found::Nothing(lease) };
            opening.wait().await;
        }
    }

    /// A connection that has nothing to do, the one that had something last; those that are no
    /// longer good are dropped.
    fn take_idle(&self, lease: &Lease) -> Option<Connection> {
        loop {
            let idle = lease.host.idle.borrow_mut().pop_back()?;
            self.idle.set(self.idle.get() - 1);
            let Idle { mut connection, since } = idle;
            if get_hub().now() < since.saturating_add(self.limits.idle_time) && connection.is_fit() {
                return Some(connection);
            }
        }
    }

    /// Makes room for a new connection: one that has nothing to do elsewhere goes, if there are as
    /// many as there may be.
    pub(super) fn make_room(&self) {
        let in_use = self.limits.total - self.room.available().min(self.limits.total);
        while self.idle.get() > 0 && in_use + self.idle.get() > self.limits.total {
            let oldest = self.all_hosts().into_iter().filter_map(|host| {
                let since = host.idle.borrow().front()?.since;
                Some((since, host))
            });
            let Some((_, host)) = oldest.min_by_key(|(since, _)| *since) else { return };
            self.drop_first(&host);
        }
    }

    fn all_hosts(&self) -> Vec<Rc<Host>> {
        self.hosts.borrow().values().cloned().collect()
    }

    fn drop_first(&self, host: &Host) {
        let first = host.idle.borrow_mut().pop_front();
        self.idle.set(self.idle.get() - usize::from(first.is_some()));
    }

    /// Drops what has had nothing to do for too long, and the hosts of which nothing is left.
    fn sweep(&self) {
        let now = get_hub().now();
        let mut next: Option<Duration> = None;
        for host in self.all_hosts() {
            loop {
                let first =
                    host.idle.borrow().front().map(|idle| idle.since.saturating_add(self.limits.idle_time));
                match first {
                    Some(end) if end <= now => self.drop_first(&host),
                    Some(end) => {
                        next = Some(next.map_or(end, |next| next.min(end)));
                        break;
                    }
                    None => break,
                }
            }
        }
        // Two: this list's, and the one that `all_hosts` gave is gone by now.
        self.hosts
            .borrow_mut()
            .retain(|_, host| Rc::strong_count(host) > 1 || !host.idle.borrow().is_empty());
        let call = next.map(|end| self.schedule(end - now));
        *self.sweep.borrow_mut() = call;
    }

    fn schedule(&self, delay: Duration) -> ScheduledCall {
        let pool = self.this.clone();
        schedule_call_global(delay, move || {
            if let Some(pool) = pool.upgrade() {
                pool.sweep();
            }
        })
    }

    /// Closes the connections that have nothing to do.
    pub(super) fn clear(&self) {
        for host in self.all_hosts() {
            let idle = host.idle.take();
            self.idle.set(self.idle.get() - idle.len());
        }
    }

    /// How many connections have nothing to do.
    pub(super) fn idle(&self) -> usize {
        self.idle.get()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(call) = self.sweep.take() {
            call.cancel();
        }
    }
}

/// A host that nothing is kept for, and nobody waits for, is forgotten: a crawler sees many.
impl Drop for Lease {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else { return };
        // The list's, and this one.
        if Rc::strong_count(&self.host) == 2 && self.host.idle.borrow().is_empty() {
            let gone = pool.hosts.borrow_mut().remove(&self.host.origin);
            drop(gone);
        }
    }
}

impl Lease {
    fn shared(&self) -> Option<Rc<Http2>> {
        self.host.shared.borrow().upgrade().filter(|connection| connection.is_fit())
    }

    fn share(&self, connection: &Rc<Http2>) {
        *self.host.shared.borrow_mut() = Rc::downgrade(connection);
    }

    fn opening(&self) -> Option<Flag> {
        self.host.opening.borrow().clone()
    }

    /// This one makes a connection. Where others may share it, they wait for that.
    pub(super) fn open(&self) -> Opening {
        let flag = (!self.host.is_http1.get()).then(Flag::new);
        if flag.is_some() {
            self.host.opening.borrow_mut().clone_from(&flag);
        }
        Opening { host: Rc::downgrade(&self.host), flag }
    }

    /// What is to be known of the connection that was made.
    pub(super) async fn begin(self, connection: Connection, opening: Opening) -> Result<Exchange, Lease> {
        match connection {
            Connection::Http1(connection) => {
                self.host.is_http1.set(true);
                drop(opening);
                Ok(Exchange::Http1(connection, self))
            }
            Connection::Http2(connection) => {
                self.share(&connection);
                drop(opening);
                Stream::new(connection, self).await.map(Exchange::Http2)
            }
        }
    }

    /// The connection is not to be used again.
    pub(super) fn forbid(&mut self) {
        self.is_forbidden = true;
    }

    /// Keeps a connection for the next request, if it is good for one.
    pub(super) fn give_back(self, mut connection: Connection) {
        let Some(pool) = self.pool.upgrade() else { return };
        if let Connection::Http2(connection) = &connection
            && self.host.shared.borrow().as_ptr() == Rc::as_ptr(connection)
        {
            *self.host.shared.borrow_mut() = Weak::new();
        }
        if self.is_forbidden || pool.limits.idle_per_host == 0 || pool.limits.idle_time.is_zero() {
            return;
        }
        if !connection.is_fit() {
            return;
        }
        let is_full = self.host.idle.borrow().len() >= pool.limits.idle_per_host;
        if is_full {
            pool.drop_first(&self.host);
        }
        let since = get_hub().now();
        self.host.idle.borrow_mut().push_back(Idle { connection, since });
        pool.idle.set(pool.idle.get() + 1);
        if pool.sweep.borrow().is_none() {
            let call = pool.schedule(pool.limits.idle_time);
            *pool.sweep.borrow_mut() = Some(call);
        }
    }
}

/// A connection that is being made. When it is there, or there is none, the others look again.
pub(super) struct Opening {
    host: Weak<Host>,
    flag: Option<Flag>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        let Some(flag) = &self.flag else { return };
        if let Some(host) = self.host.upgrade() {
            *host.opening.borrow_mut() = None;
        }
        flag.set();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::testing::{run_clean, run_virtual};
    use crate::timeout::with_timeout;

    fn origin(port: u16) -> Origin {
        let host = "a.test".to_owned();
        Origin { is_encrypted: false, host, port, proxy: None, versions: Versions::Http1 }
    }

    #[test]
    fn a_host_is_known_while_somebody_has_to_do_with_it() {
        run_clean(|| async {
            let second = Duration::from_secs(1);
            let pool = Pool::new(PoolLimits { total: 9, per_host: 9, idle_per_host: 9, idle_time: second });
            let (one, other) = (pool.lease(&origin(1)).await, pool.lease(&origin(2)).await);
            let again = pool.lease(&origin(1)).await;
            assert_eq!(pool.hosts.borrow().len(), 2);
            drop((one, other));
            assert_eq!(pool.hosts.borrow().len(), 1);
            drop(again);
            assert_eq!((pool.hosts.borrow().len(), pool.room.available()), (0, 9));
        });
    }

    #[test]
    fn a_host_that_was_waited_for_in_vain_is_forgotten() {
        run_virtual(|| async {
            let second = Duration::from_secs(1);
            let pool = Pool::new(PoolLimits { total: 1, per_host: 1, idle_per_host: 9, idle_time: second });
            let held = pool.lease(&origin(1)).await;
            for origin in [1, 2, 3].map(origin) {
                assert!(with_timeout(second, || pool.lease(&origin)).await.is_err());
                assert_eq!(pool.hosts.borrow().len(), 1);
            }
            drop(held);
            assert_eq!((pool.hosts.borrow().len(), pool.room.available()), (0, 1));
        });
    }
}
