//! Redis by `redis`' multiplexed connections, and PostgreSQL by tokio-postgres, on servers that are
//! started for it.

use std::cell::RefCell;
use std::rc::Rc;

use eventlet_bench_measure::servers::{CONNECTIONS, PIPELINE, Server, TASKS};
use eventlet_bench_measure::{Measured, Stopwatch};
use redis::aio::MultiplexedConnection;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio_postgres::{Client, NoTls};

async fn redis(server: &Server) -> MultiplexedConnection {
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port)).expect("a URL");
    client.get_multiplexed_async_connection().await.expect("the server is up")
}

async fn postgres(server: &Server) -> Client {
    let config = format!("host=127.0.0.1 port={} user=bench dbname=postgres", server.port);
    let (client, connection) = tokio_postgres::connect(&config, NoTls).await.expect("the server is up");
    spawn_local(connection);
    client
}

/// Connections that are lent: as little as does it.
struct Pool<C> {
    idle: RefCell<Vec<C>>,
    places: Semaphore,
}

impl<C> Pool<C> {
    async fn with<T>(&self, f: impl AsyncFnOnce(&mut C) -> T) -> T {
        let _place = self.places.acquire().await.expect("it is never closed");
        let mut connection = self.idle.borrow_mut().pop().expect("there are as many as places");
        let value = f(&mut connection).await;
        self.idle.borrow_mut().push(connection);
        value
    }
}

async fn pool<C>(connect: impl AsyncFn() -> C) -> Rc<Pool<C>> {
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(connect().await);
    }
    Rc::new(Pool { idle: RefCell::new(idle), places: Semaphore::new(CONNECTIONS) })
}

/// N commands on one connection, one after the other.
pub(crate) async fn redis_one(server: Server, n: u64) -> Measured {
    let mut redis = redis(&server).await;
    let watch = Stopwatch::start();
    for count in 1..=n {
        let command = redis::Cmd::incr("key", 1);
        assert_eq!(command.query_async::<u64>(&mut redis).await.expect("the server answers"), count);
    }
    watch.stop(n)
}

/// N commands of tasks that share connections.
pub(crate) async fn redis_pool(server: Server, n: u64) -> Measured {
    let pool = pool(async || redis(&server).await).await;
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let pool = pool.clone();
            spawn_local(async move {
                for _ in 0..n / TASKS {
                    let command = redis::Cmd::incr("key", 1);
                    let count = pool.with(async |redis| command.query_async::<u64>(redis).await).await;
                    count.expect("the server answers");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let measured = watch.stop(n / TASKS * TASKS);
    let count = pool.with(async |redis| redis::Cmd::get("key").query_async::<u64>(redis).await).await;
    assert_eq!(count.expect("the server answers"), measured.ops);
    measured
}

/// N commands on one connection, in pipelines.
pub(crate) async fn redis_pipeline(server: Server, n: u64) -> Measured {
    let mut redis = redis(&server).await;
    let watch = Stopwatch::start();
    for round in 1..=n / PIPELINE {
        let mut pipeline = redis::pipe();
        for _ in 0..PIPELINE {
            pipeline.incr("key", 1);
        }
        let counts: Vec<u64> = pipeline.query_async(&mut redis).await.expect("the server answers");
        assert_eq!(counts.last(), Some(&(round * PIPELINE)));
    }
    watch.stop(n / PIPELINE * PIPELINE)
}

/// N prepared queries on one connection, one after the other.
pub(crate) async fn postgres_one(server: Server, n: u64) -> Measured {
    let shop = postgres(&server).await;
    let next = shop.prepare("SELECT $1::int8 + 1").await.expect("the server answers");
    let watch = Stopwatch::start();
    for number in 0..n as i64 {
        let row = shop.query_one(&next, &[&number]).await.expect("the server answers");
        assert_eq!(row.get::<_, i64>(0), number + 1);
    }
    watch.stop(n)
}

/// N queries, whose text is prepared each time, of tasks that share connections.
pub(crate) async fn postgres_pool(server: Server, n: u64) -> Measured {
    let pool = pool(async || postgres(&server).await).await;
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let pool = pool.clone();
            spawn_local(async move {
                for number in 0..(n / TASKS) as i64 {
                    let row =
                        pool.with(async |shop| shop.query_one("SELECT $1::int8 + 1", &[&number]).await).await;
                    assert_eq!(row.expect("the server answers").get::<_, i64>(0), number + 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    watch.stop(n / TASKS * TASKS)
}
