//! A pool for each database.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use super::{Builder, ConnectionPool};
use crate::call::GreenCall;

/// Pools for the databases of several hosts, each made when it is first asked for, and credentials
/// for the hosts.
///
/// There is no limit on the number of pools: one stays for each database that was asked for, until
/// the connector is dropped.
///
/// # Examples
///
/// ```
/// use std::convert::Infallible;
/// use eventlet::db_pool::{Builder, ConnectError, DatabaseConnector, Target};
/// use eventlet::green;
///
/// #[green]
/// fn connect(target: Target<&'static str>) -> Result<String, Infallible> {
///     let user = target.credentials.unwrap_or("nobody");
///     Ok(format!("{user}@{}/{}", target.host, target.database))
/// }
///
/// #[green]
/// fn main() -> Result<(), ConnectError<Infallible>> {
///     let databases = DatabaseConnector::new(Builder::new(), connect)
///         .with_credentials("db1", "admin")
///         .with_default_credentials("reader");
///     assert_eq!(*databases.get("db1", "shop").get()?, "admin@db1/shop");
///     assert_eq!(*databases.get("db2", "shop").get()?, "reader@db2/shop");
///     Ok(())
/// }
/// ```
///
/// eventlet's `DatabaseConnector`; the default takes the place of its host `'default'`.
pub struct DatabaseConnector<K, C, E> {
    settings: Builder<C>,
    create: Rc<dyn Fn(Target<K>) -> super::Making<C, E>>,
    credentials: HashMap<String, K>,
    default: Option<K>,
    pools: RefCell<HashMap<(String, String), ConnectionPool<C, E>>>,
}

/// Where to connect, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<K> {
    /// The host that was asked for.
    pub host: String,
    /// The database on it.
    pub database: String,
    /// Those of the host, else the default ones, if there are any.
    pub credentials: Option<K>,
}

impl<K, C, E> DatabaseConnector<K, C, E>
where
    K: Clone + 'static,
    C: 'static,
    E: 'static,
{
    /// Pools with these settings, whose connections `create` makes. It knows no credentials yet.
    pub fn new<F, G>(settings: Builder<C>, create: F) -> Self
    where
        F: Fn(Target<K>) -> G + 'static,
        G: GreenCall<Value = Result<C, E>> + 'static,
    {
        DatabaseConnector {
            settings,
            create: Rc::new(move |target| Box::pin(create(target))),
            credentials: HashMap::new(),
            default: None,
            pools: RefCell::default(),
        }
    }

    /// Sets the credentials for a host. A pool that is there keeps those that it has.
    pub fn with_credentials(mut self, host: impl Into<String>, credentials: K) -> Self {
        self.credentials.insert(host.into(), credentials);
        self
    }

    /// Sets the credentials for hosts that have none of their own.
    pub fn with_default_credentials(mut self, credentials: K) -> Self {
        self.default = Some(credentials);
        self
    }

    /// The pool of a database. Does not suspend, and does not connect: the pool does, when it is
    /// asked.
    pub fn get(&self, host: &str, database: &str) -> ConnectionPool<C, E> {
        let name = (host.to_owned(), database.to_owned());
        if let Some(pool) = self.pools.borrow().get(&name) {
            return pool.clone();
        }
        let pool = self.pool(self.target(host, database));
        self.pools.borrow_mut().insert(name, pool.clone());
        pool
    }

    fn target(&self, host: &str, database: &str) -> Target<K> {
        let credentials = self.credentials.get(host).or(self.default.as_ref()).cloned();
        Target { host: host.to_owned(), database: database.to_owned(), credentials }
    }

    fn pool(&self, target: Target<K>) -> ConnectionPool<C, E> {
        let create = self.create.clone();
        self.settings.clone().build(move || create(target.clone()))
    }
}

impl<K, C, E> fmt::Debug for DatabaseConnector<K, C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Credentials are nobody's business.
        f.debug_struct("DatabaseConnector").field("pools", &self.pools.borrow()).finish_non_exhaustive()
    }
}
