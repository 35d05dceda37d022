//! A real MariaDB at the other end, by way of `mysql`, whose calls block, behind `tpool::Proxy` and `db_pool`.

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use eventlet::db_pool::{Builder, ConnectionPool};
use eventlet::green::process::Command;
use eventlet::tpool::{self, Proxy};
use eventlet::{Event, green, sleep, spawn, with_timeout};
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use mysql::prelude::Queryable;
use mysql::{Conn, TxOpts};

const SIGTERM: i32 = 15;
const MS: Duration = Duration::from_millis(1);
/// For a query to begin, on a machine that has other things to do.
const MOMENT: Duration = Duration::from_millis(500);

type Shop = Proxy<Conn>;
type Pool = ConnectionPool<Shop, mysql::Error>;

struct MariaDb {
    program: Program,
    port: u16,
    #[expect(dead_code, reason = "it is held")]
    files: Files,
}

#[green]
fn connect(url: String) -> mysql::Result<Shop> {
    tpool::execute(move || Conn::new(&*url)).map(Proxy::new)
}

#[green]
fn reset(shop: Shop) -> mysql::Result<Shop> {
    shop.call(|shop| shop.reset())?;
    Ok(shop)
}

impl MariaDb {
    #[green]
    fn start(name: &str) -> MariaDb {
        let (files, port) = (Files::new(name).unwrap(), free_port());
        let (data, number) = (files.path("data"), port.to_string());
        fs::create_dir(&data).unwrap();
        // Only root can give it away, and only root has to.
        let _ = Command::new("chown").args(["nobody:nogroup", &data]).status();
        let (of_data, socket) = (format!("--datadir={data}"), format!("--socket={data}/s"));
        let install =
            ["mariadb-install-db", "--no-defaults", &of_data, "--auth-root-authentication-method=normal"];
        let arguments = files.as_nobody(&[&install[..], &["--skip-test-db"]].concat());
        let (is_made, printed) = Program::start(arguments[0], &arguments[1..]).finish();
        assert!(is_made, "{printed}");
        let server = ["/usr/sbin/mariadbd", "--no-defaults", &of_data, &socket, "--port", &number];
        let settings =
            ["--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"];
        let arguments = files.as_nobody(&[&server[..], &settings].concat());
        let mut program = Program::start(arguments[0], &arguments[1..]);
        program.until("ready for connections");
        MariaDb { program, port, files }
    }

    fn url(&self) -> String {
        // By TCP, and not by the socket that the server names.
        format!("mysql://root@127.0.0.1:{}/mysql?prefer_socket=false", self.port)
    }

    /// A connection beside a pool's.
    #[green]
    fn watcher(&self) -> Shop {
        connect(self.url()).unwrap()
    }

    fn pool(&self, size: usize) -> Pool {
        let url = self.url();
        let settings = Builder::new().max_size(size).check(|shop: &Shop| !shop.is_busy()).cleanup(reset);
        settings.build(move || connect(url.clone()))
    }

    #[green]
    fn end(self) {
        self.program.end(SIGTERM);
        tpool::killall();
    }
}

#[green]
fn run(shop: &Shop, text: &'static str) {
    shop.call(move |shop| shop.query_drop(text)).unwrap();
}

#[green]
fn number(shop: &Shop, text: &'static str) -> u64 {
    shop.call(move |shop| shop.query_first(text)).unwrap().unwrap()
}

const COUNT: &str = "SELECT COUNT(*) FROM fruit";
const CLOSE: &str = "DO GET_LOCK('gate', 0)";
const OPEN: &str = "DO RELEASE_LOCK('gate')";

/// A query that lasts until somebody opens the gate.
fn pass(shop: &mut Conn) -> mysql::Result<()> {
    shop.query_drop("DO GET_LOCK('gate', 60)")?;
    shop.query_drop(OPEN)
}

/// Waits until so many queries of others wait for the gate.
#[green]
fn until_waiting(watcher: &Shop, count: u64) {
    let text = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'";
    let waiting = with_timeout(
        LIMIT,
        #[green]
        || {
            while number(watcher, text) != count {
                sleep(MS);
            }
        },
    );
    waiting.unwrap_or_else(|_| panic!("{count} queries do not wait"));
}

#[eventlet::test(real_time)]
fn ten_slow_queries_are_under_way_at_once() {
    let server = MariaDb::start("mysql-ten");
    let (pool, watcher) = (server.pool(10), server.watcher());
    run(&watcher, CLOSE);
    let events = Rc::new(RefCell::new(Vec::new()));
    let askers: Vec<_> = (0..10)
        .map(|_| {
            let (pool, events) = (pool.clone(), events.clone());
            spawn(
                #[green]
                move || {
                    pool.get().unwrap().call(pass).unwrap();
                    events.borrow_mut().push("an answer");
                },
            )
        })
        .collect();
    // The server has all ten, and has answered none.
    until_waiting(&watcher, 10);
    events.borrow_mut().push("the gate opens");
    run(&watcher, OPEN);
    for asker in askers {
        asker.wait();
    }
    let mut expected = vec!["the gate opens"];
    expected.extend(["an answer"; 10]);
    assert_eq!(events.take(), expected);
    assert_eq!(pool.len(), 10);
    drop(watcher);
    pool.clear();
    server.end();
}

#[eventlet::test(real_time)]
fn a_kill_in_the_middle_of_a_query_never_hands_its_connection_on() {
    let server = MariaDb::start("mysql-kill");
    let (pool, watcher) = (server.pool(1), server.watcher());
    run(&watcher, "CREATE TABLE fruit (n INT)");
    for by_timeout in [false, true] {
        let before = pool.get().unwrap();
        let id = before.call(|shop| shop.connection_id());
        before.put();
        run(&watcher, CLOSE);
        let query = {
            let pool = pool.clone();
            #[green]
            move || pool.get().unwrap().call(pass)
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
        until_waiting(&watcher, 1);
        if by_timeout {
            user.wait();
        } else {
            user.kill();
        }
        assert_eq!(pool.len(), 0, "it is given to nobody");
        // Another one is lent at once, while the server is still at work on the first.
        let shop = pool.get().unwrap();
        assert_ne!(shop.call(|shop| shop.connection_id()), id);
        assert_eq!(number(&shop, COUNT), 0);
        shop.put();
        until_waiting(&watcher, 1);
        // Whose connection is closed by the end of that call.
        run(&watcher, OPEN);
        let is_there = move |shop: &mut Conn| {
            let text = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ?";
            shop.exec_first::<u64, _, _>(text, (id,)).unwrap().unwrap() > 0
        };
        let closing = with_timeout(
            LIMIT,
            #[green]
            || {
                while watcher.call(is_there) {
                    sleep(MS);
                }
            },
        );
        closing.expect("it is closed");
        assert_eq!((pool.len(), pool.idle()), (1, 1));
    }
    drop(watcher);
    pool.clear();
    server.end();
}

#[eventlet::test(real_time)]
fn a_transaction_that_nobody_has_committed_is_rolled_back() {
    let server = MariaDb::start("mysql-transactions");
    let (pool, watcher) = (server.pool(1), server.watcher());
    run(&watcher, "CREATE TABLE fruit (n INT) ENGINE = InnoDB");
    // In one call, by the driver.
    let failed = pool.get().unwrap().call(|shop| -> mysql::Result<()> {
        let mut order = shop.start_transaction(TxOpts::default())?;
        order.query_drop("INSERT INTO fruit VALUES (1)")?;
        order.query_drop("INSERT INTO vegetables VALUES (1)")?;
        order.commit()
    });
    assert!(failed.is_err());
    assert_eq!(number(&watcher, COUNT), 0);
    // Over several, by whoever was killed between two of them.
    let has_begun = Event::new();
    let user = {
        let (pool, has_begun) = (pool.clone(), has_begun.clone());
        spawn(
            #[green]
            move || {
                let shop = pool.get().unwrap();
                run(&shop, "START TRANSACTION");
                run(&shop, "INSERT INTO fruit VALUES (2)");
                run(&shop, "SET @name = 'Anna'");
                has_begun.send(());
                sleep(Duration::MAX);
                drop(shop);
            },
        )
    };
    has_begun.wait();
    user.kill();
    let shop = pool.get().unwrap();
    assert_eq!(number(&shop, COUNT), 0);
    assert_eq!(number(&shop, "SELECT @name IS NULL"), 1);
    shop.put();
    assert_eq!((number(&watcher, COUNT), pool.len()), (0, 1));
    drop(watcher);
    pool.clear();
    server.end();
}

#[eventlet::test(real_time)]
fn a_hundred_threads_share_as_many_connections_as_there_may_be() {
    let server = MariaDb::start("mysql-hundred");
    let (pool, watcher) = (server.pool(5), server.watcher());
    run(&watcher, "CREATE TABLE fruit (n INT)");
    let most = Rc::new(Cell::new(0));
    let threads: Vec<_> = (0..100)
        .map(|n| {
            let (pool, most) = (pool.clone(), most.clone());
            spawn(
                #[green]
                move || {
                    let shop = pool.get().unwrap();
                    most.set(most.get().max(pool.len()));
                    shop.call(move |shop| shop.exec_drop("INSERT INTO fruit VALUES (?)", (n,))).unwrap();
                    shop.put();
                },
            )
        })
        .collect();
    for thread in threads {
        thread.wait();
    }
    assert_eq!(number(&watcher, COUNT), 100);
    assert_eq!((most.get(), pool.len()), (5, 5));
    // The watcher's is the sixth.
    let used = "SELECT CAST(VARIABLE_VALUE AS UNSIGNED) FROM information_schema.GLOBAL_STATUS \
                WHERE VARIABLE_NAME = 'MAX_USED_CONNECTIONS'";
    assert_eq!(number(&watcher, used), 6);
    drop(watcher);
    pool.clear();
    server.end();
}

#[eventlet::test(real_time)]
fn the_program_of_the_book_sells_what_there_is() {
    let server = MariaDb::start("mysql-program");
    let output = Command::new(env!("CARGO_BIN_EXE_mysql-shop")).arg(server.url()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3 sold over 4 connections\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.end();
}
