//! SQLite, whose driver blocks, behind `tpool::Proxy` and `db_pool`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use eventlet::db_pool::{Builder, ConnectionPool};
use eventlet::green::process::Command;
use eventlet::tpool::{self, Proxy};
use eventlet::{Event, green, sleep, spawn, sync, with_timeout};
use eventlet_peer_tests::{Files, LIMIT};
use rusqlite::{Connection, TransactionBehavior};

/// For a call to begin, on a machine that has other things to do.
const MOMENT: Duration = Duration::from_millis(500);

type Shop = Proxy<Connection>;
type Pool = ConnectionPool<Shop, rusqlite::Error>;

/// A database in a folder of its own, with a table.
struct Database {
    files: Files,
    opened: Rc<Cell<u32>>,
}

#[green]
fn open(path: String, opened: Rc<Cell<u32>>) -> rusqlite::Result<Shop> {
    opened.set(opened.get() + 1);
    let open = move || -> rusqlite::Result<Connection> {
        let shop = Connection::open(path)?;
        shop.busy_timeout(LIMIT)?;
        Ok(shop)
    };
    tpool::execute(open).map(Proxy::new)
}

/// A transaction that was begun in one call and ended in none is over when somebody else comes.
#[green]
fn roll_back(shop: Shop) -> rusqlite::Result<Shop> {
    shop.call(|shop| if shop.is_autocommit() { Ok(()) } else { shop.execute_batch("ROLLBACK") })?;
    Ok(shop)
}

impl Database {
    #[green]
    fn new(name: &str) -> Database {
        let database = Database { files: Files::new(name).unwrap(), opened: Rc::default() };
        let pool = database.pool(1);
        let shop = pool.get().unwrap();
        // Readers go on while one writes.
        shop.call(|shop| shop.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE fruit (n INT)"))
            .unwrap();
        database.opened.set(0);
        drop(shop);
        database
    }

    fn pool(&self, size: usize) -> Pool {
        let (path, opened) = (self.files.path("shop.db"), self.opened.clone());
        let settings = Builder::new().max_size(size).check(|shop: &Shop| !shop.is_busy()).cleanup(roll_back);
        settings.build(move || open(path.clone(), opened.clone()))
    }
}

fn count_of(shop: &mut Connection) -> i64 {
    shop.query_row("SELECT count(*) FROM fruit", [], |row| row.get(0)).unwrap()
}

#[green]
fn count(pool: &Pool) -> i64 {
    let shop = pool.get().unwrap();
    let count = shop.call(count_of);
    // It has come back when this returns.
    shop.put();
    count
}

/// A query with as many rows that meets the others between its rows.
fn meet(shop: &mut Connection, barrier: &Barrier) -> i64 {
    let rows = "WITH RECURSIVE rows(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < 10) SELECT n FROM rows";
    let mut query = shop.prepare(rows).unwrap();
    let rows = query.query_map([], |row| {
        // Until all of them are here. One after the other they never would be.
        barrier.wait();
        row.get::<_, i64>(0)
    });
    rows.unwrap().map(Result::unwrap).sum()
}

#[eventlet::test(real_time)]
fn ten_slow_queries_are_under_way_at_once() {
    let database = Database::new("sqlite-ten");
    let pool = database.pool(10);
    let (barrier, events) = (Arc::new(Barrier::new(11)), Rc::new(RefCell::new(Vec::new())));
    let askers: Vec<_> = (0..10)
        .map(|_| {
            let (pool, barrier, events) = (pool.clone(), barrier.clone(), events.clone());
            spawn(
                #[green]
                move || {
                    let shop = pool.get().unwrap();
                    assert_eq!(shop.call(move |shop| meet(shop, &barrier)), 55);
                    shop.put();
                    events.borrow_mut().push("an answer");
                },
            )
        })
        .collect();
    for n in 0..10 {
        // The eleventh, without which no row goes on.
        assert_eq!(events.take(), [""; 0], "before row {n}");
        let barrier = barrier.clone();
        let met = with_timeout(LIMIT, || tpool::execute(move || barrier.wait().is_leader()));
        assert!(met.is_ok(), "ten queries are in their row {n}");
    }
    for asker in askers {
        asker.wait();
    }
    assert_eq!(events.take(), ["an answer"; 10]);
    assert_eq!((pool.len(), database.opened.get()), (10, 10));
    tpool::killall();
}

#[eventlet::test(real_time)]
fn a_kill_in_the_middle_of_a_query_never_hands_its_connection_on() {
    let database = Database::new("sqlite-kill");
    let pool = database.pool(1);
    for by_timeout in [false, true] {
        let (begun, (open, wait)) = (sync::Queue::unbounded(), mpsc::channel::<()>());
        let query = {
            let (pool, begun) = (pool.clone(), begun.clone());
            #[green]
            move || {
                pool.get().unwrap().call(move |shop| {
                    let order = shop.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
                    order.execute("INSERT INTO fruit VALUES (1)", []).unwrap();
                    begun.put_blocking(()).unwrap();
                    // In the middle of the transaction, until somebody lets it go on.
                    wait.recv().unwrap();
                    order.rollback()
                })
            }
        };
        let user = match by_timeout {
            true => spawn(
                #[green]
                move || drop(with_timeout(MOMENT, query)),
            ),
            false => spawn(
                #[green]
                move || drop(query()),
            ),
        };
        begun.get().unwrap();
        assert_eq!((pool.len(), pool.idle()), (1, 0));
        if by_timeout {
            user.wait();
        } else {
            user.kill();
        }
        assert_eq!(pool.len(), 0, "it is given to nobody");
        // Another one is lent at once, which reads what was there before.
        let opened = database.opened.get();
        assert_eq!(count(&pool), 0);
        assert_eq!((pool.idle(), database.opened.get()), (1, opened + 1));
        // The one that was cut off holds the right to write, and gives it back at its end.
        open.send(()).unwrap();
        let shop = pool.get().unwrap();
        shop.call(|shop| shop.execute("INSERT INTO fruit VALUES (2)", [])).unwrap();
        assert_eq!(shop.call(count_of), 1);
        shop.call(|shop| shop.execute("DELETE FROM fruit", [])).unwrap();
        shop.put();
        pool.clear();
    }
    tpool::killall();
}

#[eventlet::test(real_time)]
fn a_transaction_that_nobody_has_committed_is_rolled_back() {
    let database = Database::new("sqlite-transactions");
    let pool = database.pool(1);
    // In one call, by the driver.
    let failed = pool.get().unwrap().call(|shop| -> rusqlite::Result<()> {
        let order = shop.transaction()?;
        order.execute("INSERT INTO fruit VALUES (1)", [])?;
        order.execute("INSERT INTO vegetables VALUES (1)", [])?;
        order.commit()
    });
    assert!(failed.is_err());
    assert_eq!(count(&pool), 0);
    // Over several, by whoever was killed between two of them.
    let has_begun = Event::new();
    let user = {
        let (pool, has_begun) = (pool.clone(), has_begun.clone());
        spawn(
            #[green]
            move || {
                let shop = pool.get().unwrap();
                shop.call(|shop| shop.execute_batch("BEGIN; INSERT INTO fruit VALUES (2)")).unwrap();
                has_begun.send(());
                sleep(Duration::MAX);
                drop(shop);
            },
        )
    };
    has_begun.wait();
    user.kill();
    assert_eq!(count(&pool), 0);
    assert_eq!((pool.len(), database.opened.get()), (1, 1));
    tpool::killall();
}

#[eventlet::test(real_time)]
fn a_hundred_threads_share_as_many_connections_as_there_may_be() {
    let database = Database::new("sqlite-hundred");
    let pool = database.pool(4);
    let most = Rc::new(Cell::new(0));
    let threads: Vec<_> = (0..100)
        .map(|n| {
            let (pool, most) = (pool.clone(), most.clone());
            spawn(
                #[green]
                move || {
                    let shop = pool.get().unwrap();
                    most.set(most.get().max(pool.len()));
                    shop.call(move |shop| shop.execute("INSERT INTO fruit VALUES (?1)", [n])).unwrap();
                    shop.put();
                },
            )
        })
        .collect();
    for thread in threads {
        thread.wait();
    }
    assert_eq!(count(&pool), 100);
    assert_eq!((most.get(), pool.len(), database.opened.get()), (4, 4, 4));
    tpool::killall();
}

#[eventlet::test(real_time)]
fn the_program_of_the_book_sells_what_there_is() {
    let files = Files::new("sqlite-program").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_sqlite-shop")).arg(files.path("fruit.db")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3 sold over 4 connections\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
