//! A real Redis at the other end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use eventlet::db_pool::Builder;
use eventlet::tls::TlsConnector;
use eventlet::{green, sleep, spawn, with_timeout};
use eventlet_peer_tests::databases::start_redis;
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use eventlet_redis::{Cause, Client, Cmd, Connection, Value, cmd, pipe};
use eventlet_web_tests::authority::AUTHORITY;

const SIGTERM: i32 = 15;
const MS: Duration = Duration::from_millis(1);

struct Redis {
    program: Program,
    port: u16,
    files: Files,
}

impl Redis {
    #[green]
    fn start(name: &str) -> Redis {
        let files = Files::new(name).unwrap();
        Redis::on(free_port(), files, &[])
    }

    #[green]
    fn on(port: u16, files: Files, more: &[&str]) -> Redis {
        let program = start_redis(&files, port, more);
        Redis { program, port, files }
    }

    fn client(&self, query: &str) -> Client {
        Client::open(&format!("redis://127.0.0.1:{}{query}", self.port)).unwrap()
    }
}

#[eventlet::test(real_time)]
fn both_protocols_give_what_was_put_in() {
    let server = Redis::start("redis-protocols");
    for query in ["/", "/3?protocol=resp3"] {
        let mut redis = server.client(query).connect().unwrap();
        let octets: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        redis.query::<()>(&Cmd::set("octets", &octets[..])).unwrap();
        assert_eq!(redis.query::<Vec<u8>>(&Cmd::get("octets")).unwrap(), octets);
        assert_eq!(redis.query::<Option<u32>>(&Cmd::get("nothing")).unwrap(), None);
        redis.query::<()>(&Cmd::hset_multiple("hash", &[("a", 1), ("b", 2)])).unwrap();
        let hash: BTreeMap<String, u32> = redis.query(&Cmd::hgetall("hash")).unwrap();
        assert_eq!(hash, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
        redis.query::<()>(&Cmd::zadd("set", "x", 1.5)).unwrap();
        assert_eq!(redis.query::<f64>(&Cmd::zscore("set", "x")).unwrap(), 1.5);
        // Only the newer protocol has a type for them.
        let is_map = matches!(redis.query::<Value>(&Cmd::hgetall("hash")).unwrap(), Value::Map(_));
        assert_eq!(is_map, query.contains("resp3"));
        let error = redis.query::<()>(&Cmd::incr("hash", 1)).unwrap_err();
        let start = format!("INCRBY at 127.0.0.1:{}: ", server.port);
        assert!(error.to_string().starts_with(&start) && error.to_string().contains("WRONGTYPE"), "{error}");
        assert!(redis.is_usable());
    }
    // The second one was in a database of its own.
    let mut redis = server.client("/3").connect().unwrap();
    assert_eq!(redis.query::<u32>(&cmd("DBSIZE")).unwrap(), 3);
    server.program.end(SIGTERM);
}

#[eventlet::test(real_time)]
fn pipelines_of_many_commands_and_transactions_are_whole() {
    let server = Redis::start("redis-pipelines");
    let mut redis = server.client("/").connect().unwrap();
    let mut many = pipe();
    for n in 0..10_000 {
        many.incr("count", n);
    }
    let counts: Vec<u64> = redis.pipeline(&many).unwrap();
    assert_eq!((counts.len(), counts.last()), (10_000, Some(&(9_999 * 10_000 / 2))));

    let mut other = server.client("/").connect().unwrap();
    redis.query::<()>(cmd("WATCH").arg("count")).unwrap();
    let mut change = pipe();
    change.atomic().set("count", 1).ignore().incr("count", 1);
    other.query::<()>(&Cmd::set("count", 5)).unwrap();
    assert_eq!(redis.pipeline::<Option<(u64,)>>(&change).unwrap(), None);
    assert_eq!(redis.pipeline::<Option<(u64,)>>(&change).unwrap(), Some((2,)));
    let error = redis.pipeline::<(u64,)>(pipe().atomic().cmd("NOSUCH")).unwrap_err();
    assert!(error.to_string().to_lowercase().contains("unknown command"), "{error}");
    assert!(redis.is_usable());
    server.program.end(SIGTERM);
}

#[eventlet::test(real_time)]
fn a_thousand_threads_share_twenty_connections() {
    let server = Redis::start("redis-thousand");
    let pool = server.client("/").pool(Builder::new().max_size(20));
    let threads: Vec<_> = (0..1000)
        .map(|n| {
            let pool = pool.clone();
            spawn(
                #[green]
                move || {
                    let mut redis = pool.get().unwrap();
                    let count: u64 = redis.query(&Cmd::incr("count", 1)).unwrap();
                    redis.query::<()>(&Cmd::set(n, count)).unwrap();
                    assert_eq!(redis.query::<u64>(&Cmd::get(n)).unwrap(), count);
                    count
                },
            )
        })
        .collect();
    let mut counts: Vec<u64> = Vec::new();
    for thread in threads {
        counts.push(thread.wait());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=1000).collect::<Vec<u64>>());
    let clients: String = pool.get().unwrap().query(cmd("CLIENT").arg("LIST")).unwrap();
    assert_eq!(clients.lines().count(), 20);
    pool.clear();
    server.program.end(SIGTERM);
}

#[green]
fn take(redis: &mut Connection) -> Option<(String, String)> {
    redis.query(cmd("BLPOP").arg("jobs").arg(0)).unwrap()
}

#[eventlet::test(real_time)]
fn a_thread_that_is_killed_in_a_query_gives_its_connection_to_nobody() {
    let server = Redis::start("redis-kill");
    let pool = server.client("/").pool(Builder::new().max_size(1));
    let worker = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || take(&mut pool.get().unwrap()),
        )
    };
    let mut other = server.client("/").connect().unwrap();
    while !other.query::<String>(cmd("CLIENT").arg("LIST")).unwrap().contains("cmd=blpop") {
        sleep(MS);
    }
    worker.kill();
    assert_eq!(pool.len(), 0);
    // The reply to the one that was killed would have come here.
    other.query::<()>(&Cmd::rpush("jobs", "paint")).unwrap();
    let mut redis = pool.get().unwrap();
    redis.query::<()>(&Cmd::set("key", "value")).unwrap();
    assert_eq!(redis.query::<String>(&Cmd::get("key")).unwrap(), "value");

    redis.query::<Value>(&Cmd::del("jobs")).unwrap();
    assert!(with_timeout(20 * MS, || take(&mut redis)).is_err());
    assert!(matches!(redis.query::<()>(&Cmd::get("key")).unwrap_err().cause(), Cause::Broken));
    drop(redis);
    assert_eq!(pool.len(), 0);
    server.program.end(SIGTERM);
}

#[eventlet::test(real_time)]
fn a_pool_goes_on_when_the_server_was_started_anew() {
    let server = Redis::start("redis-restart");
    let pool = server.client("/").pool(Builder::new().max_size(3));
    let lent = [pool.get().unwrap(), pool.get().unwrap(), pool.get().unwrap()];
    drop(lent);
    assert_eq!(pool.idle(), 3);
    let Redis { program, port, files } = server;
    program.end(SIGTERM);
    let error = pool.get().unwrap_err();
    assert!(error.to_string().contains("cannot connect"), "{error}");
    let server = Redis::on(port, files, &[]);
    for n in 0..3 {
        assert_eq!(pool.get().unwrap().query::<u32>(&Cmd::incr("n", 1)).unwrap(), n + 1);
    }
    assert_eq!(pool.len(), 1);
    // And one that is out while it happens has an error, and is not lent again.
    let mut redis = pool.get().unwrap();
    let Redis { program, port, files } = server;
    program.end(SIGTERM);
    assert!(matches!(redis.query::<u32>(&Cmd::incr("n", 1)).unwrap_err().cause(), Cause::Io(_)));
    drop(redis);
    let server = Redis::on(port, files, &[]);
    assert_eq!(pool.get().unwrap().query::<u32>(&Cmd::incr("n", 1)).unwrap(), 1);
    pool.clear();
    server.program.end(SIGTERM);
}

#[eventlet::test(real_time)]
fn messages_come_to_whoever_waits_while_another_one_subscribes() {
    let server = Redis::start("redis-messages");
    for query in ["/", "/?protocol=resp3"] {
        let news = server.client(query).pubsub().unwrap();
        let mut redis = server.client(query).connect().unwrap();
        news.subscribe(&["a", "b"]).unwrap();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let reader = {
            let (news, seen) = (news.clone(), seen.clone());
            spawn(
                #[green]
                move || {
                    for message in news.messages() {
                        let message = message.unwrap();
                        let text: String = message.get_payload().unwrap();
                        seen.borrow_mut().push(format!("{} {text}", message.get_channel_name()));
                    }
                },
            )
        };
        assert_eq!(redis.query::<u32>(&Cmd::publish("a", 1)).unwrap(), 1);
        news.psubscribe("c.*").unwrap();
        assert_eq!(redis.query::<u32>(&Cmd::publish("c.d", 2)).unwrap(), 1);
        news.unsubscribe("b").unwrap();
        assert_eq!(redis.query::<u32>(&Cmd::publish("b", 3)).unwrap(), 0);
        assert_eq!(redis.query::<u32>(&Cmd::publish("a", 4)).unwrap(), 1);
        with_timeout(
            LIMIT,
            #[green]
            || {
                while seen.borrow().len() < 3 {
                    sleep(MS);
                }
            },
        )
        .unwrap();
        assert_eq!(seen.take(), ["a 1", "c.d 2", "a 4"]);
        news.close();
        reader.wait();
    }
    server.program.end(SIGTERM);
}

/// One that speaks TLS at the port that comes with it.
#[green]
fn encrypted(name: &str, more: &[&str]) -> (Redis, u16) {
    let files = Files::new(name).unwrap();
    files.add("server", &AUTHORITY.identity(&["127.0.0.1"])).unwrap();
    let port = free_port();
    let (number, certificate) = (port.to_string(), files.path("server.pem"));
    let (key, authority) = (files.path("server.key"), files.path("authority.pem"));
    let tls = [
        ["--tls-port", &number],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &authority],
    ];
    (Redis::on(free_port(), files, &[tls.as_flattened(), more].concat()), port)
}

#[eventlet::test(real_time)]
fn a_server_with_a_password_speaks_tls_and_lets_in_who_knows_it() {
    let (server, port) = encrypted("redis-tls", &["--tls-auth-clients", "no", "--requirepass", "secret"]);
    let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
    let url = |password: &str| format!("rediss://:{password}@127.0.0.1:{port}/1?protocol=resp3");
    let client = Client::open(&url("secret")).unwrap().tls(connector.clone());
    let pool = client.pool(Builder::new());
    pool.get().unwrap().query::<()>(&Cmd::set("key", "x".repeat(100_000))).unwrap();
    // It is the same one, which is still good.
    assert_eq!(pool.idle(), 1);
    assert_eq!(pool.get().unwrap().query::<String>(&Cmd::get("key")).unwrap().len(), 100_000);
    assert_eq!(pool.len(), 1);
    pool.clear();
    let wrong = Client::open(&url("wrong")).unwrap().tls(connector);
    let error = wrong.connect().unwrap_err();
    assert!(matches!(error.cause(), Cause::Redis(_)) && error.command() == "HELLO", "{error}");
    server.program.end(SIGTERM);
}

#[eventlet::test(real_time)]
fn connecting_over_tls_says_whether_a_certificate_is_taken_and_leaves_nothing_unread() {
    let (server, port) = encrypted("redis-tls-client", &["--tls-auth-clients", "yes"]);
    let client = Client::open(&format!("rediss://127.0.0.1:{port}")).unwrap();
    let ours = TlsConnector::builder().roots(AUTHORITY.pem.clone());
    let anonymous = client.clone().tls(ours.clone().build().unwrap());
    let error = anonymous.connect().unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");

    let anna = AUTHORITY.identity(&["anna"]);
    let known = client.tls(ours.identity(anna.certificate, anna.key).build().unwrap());
    let pool = known.pool(Builder::new().min_size(2));
    pool.fill().unwrap();
    // They were not used, and are as good as new.
    drop((pool.get().unwrap(), pool.get().unwrap()));
    assert_eq!((pool.idle(), pool.len()), (2, 2));
    pool.clear();
    server.program.end(SIGTERM);
}
