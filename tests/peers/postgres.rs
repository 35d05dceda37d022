//! A real PostgreSQL at the other end.

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use eventlet::db_pool::Builder;
use eventlet::green::process::Command;
use eventlet::tls::TlsConnector;
use eventlet::{Event, GreenIterator, green, sleep, spawn, with_timeout};
use eventlet_peer_tests::databases::{init_postgres, start_postgres};
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use eventlet_postgres::tokio_postgres::error::SqlState;
use eventlet_postgres::{Cause, Client, Connection, Error};
use eventlet_web_tests::authority::{AUTHORITY, Authority, Identity};

/// "Fast" shutdown: what is connected is cut off.
const SIGINT: i32 = 2;
const MS: Duration = Duration::from_millis(1);

static SERVER: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.identity(&["127.0.0.1"]));

struct Postgres {
    program: Program,
    port: u16,
    files: Files,
}

impl Postgres {
    #[green]
    fn start(name: &str) -> Postgres {
        let files = Files::new(name).unwrap();
        init_postgres(&files);
        Postgres::on(free_port(), files)
    }

    #[green]
    fn on(port: u16, files: Files) -> Postgres {
        let program = start_postgres(&files, port);
        Postgres { program, port, files }
    }

    /// One that lets Anna in if she speaks TLS and knows the password, and Otto as he comes.
    #[green]
    fn encrypted(name: &str) -> Postgres {
        let Postgres { program, port, files } = {
            let server = Postgres::start(name);
            let mut owner = server.client().connect().unwrap();
            owner.batch_execute("ALTER ROLE anna PASSWORD 'secret'; CREATE ROLE otto LOGIN").unwrap();
            owner.batch_execute("ALTER SYSTEM SET ssl = on").unwrap();
            server
        };
        program.end(SIGINT);
        let of_data = |name: &str| files.path(&format!("data/{name}"));
        fs::write(of_data("server.crt"), &SERVER.certificate).unwrap();
        fs::write(of_data("server.key"), &SERVER.key).unwrap();
        fs::set_permissions(of_data("server.key"), Permissions::from_mode(0o600)).unwrap();
        let _ = Command::new("chown").args(["nobody:nogroup", &of_data("server.key")]).status();
        let rules = "hostssl all anna 127.0.0.1/32 scram-sha-256\nhost all otto 127.0.0.1/32 trust\n";
        fs::write(of_data("pg_hba.conf"), rules).unwrap();
        Postgres::on(port, files)
    }

    fn client(&self) -> Client {
        self.client_with("user=anna")
    }

    fn client_with(&self, more: &str) -> Client {
        let config = format!("host=127.0.0.1 port={} dbname=postgres {more}", self.port);
        Client::open(&config).unwrap()
    }
}

/// How many queries of this kind the server works on.
#[green]
fn running(watcher: &mut Connection, pattern: &str) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()";
    watcher.query_one(text, &[&pattern]).unwrap().get(0)
}

#[green]
fn until_running(watcher: &mut Connection, pattern: &str, count: i64) {
    let waiting = with_timeout(
        LIMIT,
        #[green]
        || {
            while running(watcher, pattern) != count {
                sleep(MS);
            }
        },
    );
    waiting.unwrap_or_else(|_| panic!("{pattern} does not run {count} times"));
}

#[green]
fn count(shop: &mut Connection) -> i64 {
    shop.query_one("SELECT count(*) FROM fruit", &[]).unwrap().get(0)
}

#[eventlet::test(real_time)]
fn queries_give_rows_and_errors_name_the_call_and_the_server() {
    let server = Postgres::start("pg-queries");
    let mut shop = server.client().connect().unwrap();
    shop.execute("CREATE TABLE fruit (name text PRIMARY KEY, price int)", &[]).unwrap();
    let insert = shop.prepare("INSERT INTO fruit VALUES ($1, $2)").unwrap();
    for (name, price) in [("apple", 3), ("pear", 5), ("fig", 20)] {
        assert_eq!(shop.execute(&insert, &[&name, &price]).unwrap(), 1);
    }
    let rows = shop.query("SELECT name FROM fruit WHERE price < $1 ORDER BY name", &[&10]).unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["apple", "pear"]);
    assert!(shop.query_opt("SELECT 1 FROM fruit WHERE name = $1", &[&"kiwi"]).unwrap().is_none());
    assert!(shop.query_one("SELECT 1 FROM fruit", &[]).is_err());
    assert!(shop.is_usable());

    let error = shop.execute(&insert, &[&"apple", &1]).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
    let start = format!("execute at 127.0.0.1:{}: ERROR: duplicate key", server.port);
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(!error.to_string().contains("INSERT"));
    assert_eq!(count(&mut shop), 3);

    let unknown =
        Client::open(&format!("host=127.0.0.1 port={} user=anna dbname=none", server.port)).unwrap();
    assert_eq!(unknown.connect().unwrap_err().code(), Some(&SqlState::UNDEFINED_DATABASE));
    let encrypted =
        Client::open(&format!("host=127.0.0.1 port={} user=anna sslmode=require", server.port)).unwrap();
    assert!(matches!(encrypted.connect().unwrap_err().cause(), Cause::Postgres(_)));
    drop(shop);
    server.program.end(SIGINT);
}

#[green]
fn sell(shop: &mut Connection, is_kept: bool) -> Result<(), Error> {
    let mut order = shop.transaction()?;
    order.execute("DELETE FROM fruit WHERE n = 1", &[])?;
    let mut part = order.transaction()?;
    part.execute("DELETE FROM fruit", &[])?;
    drop(part);
    if is_kept { order.commit() } else { Ok(()) }
}

#[eventlet::test(real_time)]
fn a_transaction_that_is_not_committed_is_rolled_back() {
    let server = Postgres::start("pg-transactions");
    let mut shop = server.client().connect().unwrap();
    shop.batch_execute("CREATE TABLE fruit (n int); INSERT INTO fruit VALUES (1), (2), (3)").unwrap();
    sell(&mut shop, false).unwrap();
    assert_eq!(count(&mut shop), 3);
    // Another thread is killed between two queries.
    let pool = server.client().pool(Builder::new().max_size(1));
    let has_sold = Event::new();
    let seller = {
        let (pool, has_sold) = (pool.clone(), has_sold.clone());
        spawn(
            #[green]
            move || {
                let mut shop = pool.get().unwrap();
                let mut order = shop.transaction().unwrap();
                order.execute("DELETE FROM fruit", &[]).unwrap();
                has_sold.send(());
                sleep(LIMIT);
            },
        )
    };
    has_sold.wait();
    seller.kill();
    // The connection is as good as before, and what it says next comes after the rollback.
    assert_eq!(pool.idle(), 1);
    assert_eq!(count(&mut pool.get().unwrap()), 3);
    assert_eq!(pool.len(), 1);
    sell(&mut shop, true).unwrap();
    assert_eq!(count(&mut shop), 2);
    // After a refusal nothing is kept, and a savepoint before it helps.
    let mut order = shop.transaction().unwrap();
    order.execute("DELETE FROM fruit WHERE n = 2", &[]).unwrap();
    assert!(order.execute("DELETE FROM vegetables", &[]).is_err());
    assert!(matches!(order.commit().unwrap_err().cause(), Cause::RolledBack));
    assert_eq!(count(&mut shop), 2);
    let mut order = shop.transaction().unwrap();
    order.execute("DELETE FROM fruit WHERE n = 2", &[]).unwrap();
    let mut part = order.transaction().unwrap();
    assert!(part.execute("DELETE FROM vegetables", &[]).is_err());
    part.rollback().unwrap();
    order.commit().unwrap();
    assert_eq!(count(&mut shop), 1);
    assert!(shop.is_usable());
    pool.clear();
    drop(shop);
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn a_thousand_threads_share_twenty_connections() {
    let server = Postgres::start("pg-thousand");
    let pool = server.client().pool(Builder::new().max_size(20));
    pool.get().unwrap().execute("CREATE TABLE fruit (n int)", &[]).unwrap();
    let threads: Vec<_> = (0..1000)
        .map(|n| {
            let pool = pool.clone();
            spawn(
                #[green]
                move || {
                    let mut shop = pool.get().unwrap();
                    shop.execute("INSERT INTO fruit VALUES ($1)", &[&n]).unwrap();
                    let row = shop.query_one("SELECT $1::int + 1 FROM pg_sleep(0.002)", &[&n]).unwrap();
                    row.get::<_, i32>(0)
                },
            )
        })
        .collect();
    for (n, thread) in (0..).zip(threads) {
        assert_eq!(thread.wait(), n + 1);
    }
    let mut shop = pool.get().unwrap();
    assert_eq!(count(&mut shop), 1000);
    let clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    assert_eq!(shop.query_one(clients, &[]).unwrap().get::<_, i64>(0), 20);
    drop(shop);
    pool.clear();
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn a_query_that_is_cut_off_is_cancelled_and_its_connection_given_to_nobody() {
    let server = Postgres::start("pg-kill");
    let pool = server.client().pool(Builder::new().max_size(1));
    let mut watcher = server.client().connect().unwrap();
    let sleeper = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || drop(pool.get().unwrap().query("SELECT pg_sleep(600)", &[])),
        )
    };
    until_running(&mut watcher, "%pg_sleep(600)%", 1);
    sleeper.kill();
    assert_eq!(pool.len(), 0);
    assert_eq!(pool.get().unwrap().query_one("SELECT 7", &[]).unwrap().get::<_, i32>(0), 7);
    until_running(&mut watcher, "%pg_sleep(600)%", 0);

    // By a limit around it.
    let mut shop = pool.get().unwrap();
    assert!(
        with_timeout(
            50 * MS,
            #[green]
            || shop.query("SELECT pg_sleep(601)", &[])
        )
        .is_err()
    );
    assert!(matches!(shop.query("SELECT 1", &[]).unwrap_err().cause(), Cause::Broken));
    drop(shop);
    until_running(&mut watcher, "%pg_sleep(601)%", 0);
    assert_eq!(pool.len(), 0);

    // By its own.
    let mut shop = server.client().timeout(Some(50 * MS)).connect().unwrap();
    let error = shop.query("SELECT pg_sleep(602)", &[]).unwrap_err();
    assert!(error.is_timeout() && error.call() == "query", "{error}");
    drop(shop);
    until_running(&mut watcher, "%pg_sleep(602)%", 0);
    drop(watcher);
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn what_leaves_something_in_a_session_is_not_lent_again() {
    let server = Postgres::start("pg-session");
    let pool = server.client().pool(Builder::new().max_size(1));
    let temporary = "SELECT 1 AS n INTO TEMP fruit";
    for text in ["SET search_path TO nowhere", "LISTEN news", "BEGIN", temporary] {
        pool.get().unwrap().batch_execute(text).unwrap();
        assert_eq!(pool.len(), 0, "{text}");
    }
    let path = pool.get().unwrap().query_one("SHOW search_path", &[]).unwrap();
    assert_eq!((path.get::<_, &str>(0), pool.idle()), ("\"$user\", public", 1));
    pool.clear();
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn a_pool_goes_on_when_the_server_was_started_anew() {
    let server = Postgres::start("pg-restart");
    let pool = server.client().pool(Builder::new().max_size(3));
    let lent = [pool.get().unwrap(), pool.get().unwrap(), pool.get().unwrap()];
    drop(lent);
    assert_eq!(pool.idle(), 3);
    let mut out = pool.get().unwrap();
    let Postgres { program, port, files } = server;
    program.end(SIGINT);
    assert!(pool.get().unwrap_err().to_string().contains("cannot connect"));
    assert_eq!(pool.idle(), 0);
    let error = out.query("SELECT 1", &[]).unwrap_err();
    assert!(error.code() == Some(&SqlState::ADMIN_SHUTDOWN) || error.is_closed(), "{error}");
    drop(out);
    let server = Postgres::on(port, files);
    for n in 0..3 {
        assert_eq!(pool.get().unwrap().query_one("SELECT $1::int", &[&n]).unwrap().get::<_, i32>(0), n);
    }
    assert_eq!(pool.len(), 1);
    pool.clear();
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn notifications_notices_and_copies_come_through() {
    let server = Postgres::start("pg-more");
    let notices = Rc::new(RefCell::new(Vec::new()));
    let noted = notices.clone();
    let client =
        server.client().on_notice(move |notice| noted.borrow_mut().push(notice.message().to_owned()));
    let mut shop = client.connect().unwrap();
    shop.execute("DROP TABLE IF EXISTS fruit", &[]).unwrap();
    assert_eq!(notices.take(), ["table \"fruit\" does not exist, skipping"]);

    shop.execute("CREATE TABLE fruit (n int, name text)", &[]).unwrap();
    let lines = (0..10_000).map(|n| format!("{n}\tfruit {n}\n"));
    assert_eq!(shop.copy_in("COPY fruit FROM STDIN", lines).unwrap(), 10_000);
    let mut copied = Vec::new();
    shop.copy_out("COPY fruit TO STDOUT", |piece| copied.extend(piece)).unwrap();
    assert!(copied.ends_with(b"9999\tfruit 9999\n"));
    assert_eq!(copied.iter().filter(|byte| **byte == b'\n').count(), 10_000);
    let error = shop.copy_in("COPY fruit FROM STDIN", ["no number\n"]).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INVALID_TEXT_REPRESENTATION));
    assert_eq!(count(&mut shop), 10_000);

    let mut other = server.client().connect().unwrap();
    let channel = "a \"strange\" name";
    shop.listen(channel).unwrap();
    let mut notifications = shop.notifications();
    let reader = spawn(
        #[green]
        move || {
            let mut seen = Vec::new();
            while seen.len() < 3 {
                let notification = notifications.next().unwrap().unwrap();
                seen.push(format!("{}: {}", notification.channel(), notification.payload()));
            }
            seen
        },
    );
    for n in 0..3 {
        other.notify(channel, &format!("number {n}")).unwrap();
        // The listener queries meanwhile.
        assert_eq!(count(&mut shop), 10_000);
    }
    assert_eq!(reader.wait(), (0..3).map(|n| format!("{channel}: number {n}")).collect::<Vec<_>>());
    shop.unlisten(channel).unwrap();
    other.notify(channel, "unheard").unwrap();
    let mut rest = shop.notifications();
    drop((shop, other));
    // The connection's end is theirs.
    assert!(rest.next().is_none());
    server.program.end(SIGINT);
}

/// What the server knows of its connection to us.
#[green]
fn is_encrypted(shop: &mut Connection) -> bool {
    let text = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let is_said = shop.query_one(text, &[]).unwrap().get(0);
    assert_eq!(shop.is_encrypted(), is_said);
    is_said
}

#[green]
fn trusting(authority: &Authority) -> TlsConnector {
    TlsConnector::builder().roots(authority.pem.clone()).build().unwrap()
}

#[eventlet::test(real_time)]
fn what_is_said_is_encrypted_as_sslmode_says_and_passwords_are_bound_to_the_connection() {
    let server = Postgres::encrypted("pg-tls");
    let (ours, others) = (trusting(&AUTHORITY), trusting(&Authority::new("another one")));

    let bound = server.client_with("user=anna password=secret sslmode=require channel_binding=require");
    let mut shop = bound.clone().tls(ours.clone()).connect().unwrap();
    assert!(is_encrypted(&mut shop) && shop.is_usable());
    // More than a record each way.
    let long = "x".repeat(100_000);
    assert_eq!(shop.query_one("SELECT $1 || $1", &[&long]).unwrap().get::<_, &str>(0).len(), 200_000);
    drop(shop);
    let wrong = server.client_with("user=anna password=wrong sslmode=require").tls(ours.clone());
    assert_eq!(wrong.connect().unwrap_err().code(), Some(&SqlState::INVALID_PASSWORD));

    // Nobody whom we do not trust, in either mode.
    for mode in ["require", "prefer"] {
        let client = server.client_with(&format!("user=anna password=secret sslmode={mode}"));
        let error = client.tls(others.clone()).connect().unwrap_err().to_string();
        assert!(error.contains("UnknownIssuer"), "{error}");
    }
    let error = bound.connect().unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");

    // `prefer` is what is meant if nothing is said.
    let otto = server.client_with("user=otto");
    assert!(is_encrypted(&mut otto.clone().tls(ours.clone()).connect().unwrap()));
    assert!(!is_encrypted(&mut otto.connect().unwrap()));
    let disabled = server.client_with("user=otto sslmode=disable").tls(ours);
    assert!(!is_encrypted(&mut disabled.connect().unwrap()));
    let anna = server.client_with("user=anna password=secret").connect().unwrap_err();
    assert_eq!(anna.code(), Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION));
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn a_server_without_tls_is_spoken_to_without_it_unless_it_is_required() {
    let server = Postgres::start("pg-no-tls");
    let ours = trusting(&AUTHORITY);
    assert!(!is_encrypted(&mut server.client().tls(ours.clone()).connect().unwrap()));
    let required = server.client_with("user=anna sslmode=require").tls(ours);
    let error = required.connect().unwrap_err().to_string();
    assert!(error.contains("server does not support TLS"), "{error}");
    server.program.end(SIGINT);
}

#[eventlet::test(real_time)]
fn queries_over_tls_are_cancelled_and_a_pool_goes_on_when_the_server_was_started_anew() {
    let server = Postgres::encrypted("pg-tls-pool");
    let client = server.client_with("user=anna password=secret sslmode=require").tls(trusting(&AUTHORITY));
    let pool = client.pool(Builder::new().max_size(2));
    let mut watcher = client.connect().unwrap();
    let sleeper = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || drop(pool.get().unwrap().query("SELECT pg_sleep(600)", &[])),
        )
    };
    until_running(&mut watcher, "%pg_sleep(600)%", 1);
    sleeper.kill();
    assert_eq!(pool.len(), 0);
    until_running(&mut watcher, "%pg_sleep(600)%", 0);

    // The answer to a rollback that nobody has waited for is no end.
    let mut shop = pool.get().unwrap();
    shop.execute("CREATE TABLE fruit (n int)", &[]).unwrap();
    let mut order = shop.transaction().unwrap();
    order.execute("INSERT INTO fruit VALUES (1)", &[]).unwrap();
    drop(order);
    sleep(20 * MS);
    drop(shop);
    assert_eq!(pool.idle(), 1);
    assert_eq!(count(&mut pool.get().unwrap()), 0);

    drop(watcher);
    let Postgres { program, port, files } = server;
    program.end(SIGINT);
    let server = Postgres::on(port, files);
    assert!(is_encrypted(&mut pool.get().unwrap()));
    assert_eq!(pool.len(), 1);
    pool.clear();
    server.program.end(SIGINT);
}
