//! Redis and PostgreSQL, on servers that are started for it: a request at a time, tasks that share
//! connections, and pipelines.

use eventlet::db_pool::Builder;
use eventlet::{green, spawn};
use eventlet_bench_measure::servers::{CONNECTIONS, PIPELINE, Server, TASKS};
use eventlet_bench_measure::{Measured, Stopwatch};
use eventlet_postgres::Client as Postgres;
use eventlet_redis::{Client as Redis, Cmd, pipe};

fn redis(server: &Server) -> Redis {
    Redis::open(&format!("redis://127.0.0.1:{}", server.port)).expect("a URL")
}

fn postgres(server: &Server) -> Postgres {
    let config = format!("host=127.0.0.1 port={} user=bench dbname=postgres", server.port);
    Postgres::open(&config).expect("a connection string")
}

/// N commands on one connection, one after the other.
#[green]
pub(crate) fn redis_one(server: Server, n: u64) -> Measured {
    let mut redis = redis(&server).connect().expect("the server is up");
    let watch = Stopwatch::start();
    for count in 1..=n {
        assert_eq!(redis.query::<u64>(&Cmd::incr("key", 1)).expect("the server answers"), count);
    }
    watch.stop(n)
}

/// N commands of tasks that share connections.
#[green]
pub(crate) fn redis_pool(server: Server, n: u64) -> Measured {
    let pool = redis(&server).pool(Builder::new().min_size(CONNECTIONS).max_size(CONNECTIONS));
    pool.fill().expect("the server is up");
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let pool = pool.clone();
            spawn(
                #[green]
                move || {
                    for _ in 0..n / TASKS {
                        let mut redis = pool.get().expect("the server is up");
                        redis.query::<u64>(&Cmd::incr("key", 1)).expect("the server answers");
                    }
                },
            )
        })
        .collect();
    for task in tasks {
        task.wait();
    }
    let measured = watch.stop(n / TASKS * TASKS);
    let mut redis = pool.get().expect("the server is up");
    assert_eq!(redis.query::<u64>(&Cmd::get("key")).expect("the server answers"), measured.ops);
    measured
}

/// N commands on one connection, in pipelines.
#[green]
pub(crate) fn redis_pipeline(server: Server, n: u64) -> Measured {
    let mut redis = redis(&server).connect().expect("the server is up");
    let watch = Stopwatch::start();
    for round in 1..=n / PIPELINE {
        let mut pipeline = pipe();
        for _ in 0..PIPELINE {
            pipeline.incr("key", 1);
        }
        let counts: Vec<u64> = redis.pipeline(&pipeline).expect("the server answers");
        assert_eq!(counts.last(), Some(&(round * PIPELINE)));
    }
    watch.stop(n / PIPELINE * PIPELINE)
}

/// N prepared queries on one connection, one after the other.
#[green]
pub(crate) fn postgres_one(server: Server, n: u64) -> Measured {
    let mut shop = postgres(&server).connect().expect("the server is up");
    let next = shop.prepare("SELECT $1::int8 + 1").expect("the server answers");
    let watch = Stopwatch::start();
    for number in 0..n as i64 {
        let row = shop.query_one(&next, &[&number]).expect("the server answers");
        assert_eq!(row.get::<_, i64>(0), number + 1);
    }
    watch.stop(n)
}

/// N queries, whose text is prepared each time, of tasks that share connections.
#[green]
pub(crate) fn postgres_pool(server: Server, n: u64) -> Measured {
    let pool = postgres(&server).pool(Builder::new().min_size(CONNECTIONS).max_size(CONNECTIONS));
    pool.fill().expect("the server is up");
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let pool = pool.clone();
            spawn(
                #[green]
                move || {
                    for number in 0..(n / TASKS) as i64 {
                        let mut shop = pool.get().expect("the server is up");
                        let row = shop.query_one("SELECT $1::int8 + 1", &[&number]);
                        assert_eq!(row.expect("the server answers").get::<_, i64>(0), number + 1);
                    }
                },
            )
        })
        .collect();
    for task in tasks {
        task.wait();
    }
    watch.stop(n / TASKS * TASKS)
}
