//! A server on loopback that says what it is told to say, at every place where its bytes can be cut.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use eventlet::db_pool::Builder;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenIterator, GreenThread, green, listen, sleep, spawn, with_timeout};
use eventlet_redis::{Cause, Client, Cmd, Connection, Value, cmd, pipe};

const MS: Duration = Duration::from_millis(1);

/// A step of a server's.
#[derive(Clone)]
enum Step {
    /// Reads just these bytes.
    Hear(Vec<u8>),
    /// Writes these.
    Say(Vec<u8>),
    /// Lets the client run before it goes on.
    Yield,
    /// Waits until the client has gone away.
    Wait,
}

use Step::{Hear, Say, Wait, Yield};

fn hear(words: &[&str]) -> Step {
    let mut packed = format!("*{}\r\n", words.len());
    for word in words {
        packed += &format!("${}\r\n{word}\r\n", word.len());
    }
    Hear(packed.into_bytes())
}

fn say(bytes: &str) -> Step {
    Say(bytes.as_bytes().to_vec())
}

/// A server whose connections each go through a script.
struct Server {
    client: Client,
    serving: GreenThread<()>,
}

#[green]
fn follow(mut stream: TcpStream, script: Vec<Step>) {
    for step in script {
        match step {
            Hear(expected) => {
                let mut heard = vec![0; expected.len()];
                stream.read_exact(&mut heard).unwrap();
                assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&expected));
            }
            // A client may have had enough of it.
            Say(bytes) => drop(stream.write_all(&bytes)),
            Yield => sleep(MS),
            Wait => {
                let _ = stream.read(&mut [0; 1]);
            }
        }
    }
}

#[green]
fn serve(listener: TcpListener, scripts: Vec<Vec<Step>>) {
    for script in scripts {
        let (stream, _) = listener.accept().unwrap();
        follow(stream, script);
    }
}

impl Server {
    #[green]
    fn new(query: &str, scripts: Vec<Vec<Step>>) -> Server {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = Client::open(&format!("redis://{address}{query}")).unwrap();
        Server { client, serving: spawn(move || serve(listener, scripts)) }
    }

    /// The connection of a server that goes through one script.
    #[green]
    fn connection(script: Vec<Step>) -> (Connection, GreenThread<()>) {
        let server = Server::new("", vec![script]);
        (server.client.connect().unwrap(), server.serving)
    }
}

/// Both protocols, in one stream of bytes: what is asked, and what is said to it.
const REPLIES: [(&str, &str); 12] = [
    ("SIMPLE", "+fine\r\n"),
    ("NUMBER", ":-42\r\n"),
    ("BULK", "$5\r\na\r\nb!\r\n"),
    ("NONE", "$-1\r\n"),
    ("NESTED", "*2\r\n*1\r\n:1\r\n$0\r\n\r\n"),
    ("NULL", "_\r\n"),
    ("TRUE", "#t\r\n"),
    ("DOUBLE", ",1.5\r\n"),
    ("MAP", "%1\r\n$1\r\nk\r\n:7\r\n"),
    ("SET", "~2\r\n:1\r\n:2\r\n"),
    ("PUSHED", ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n+after\r\n"),
    ("OK", "+OK\r\n"),
];

fn values() -> Vec<Value> {
    let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
    vec![
        Value::SimpleString("fine".to_owned()),
        Value::Int(-42),
        bulk("a\r\nb!"),
        Value::Nil,
        Value::Array(vec![Value::Array(vec![Value::Int(1)]), bulk("")]),
        Value::Nil,
        Value::Boolean(true),
        Value::Double(1.5),
        Value::Map(vec![(bulk("k"), Value::Int(7))]),
        Value::Set(vec![Value::Int(1), Value::Int(2)]),
        Value::SimpleString("after".to_owned()),
        Value::Okay,
    ]
}

#[eventlet::test]
fn every_kind_of_reply_is_understood_wherever_its_bytes_are_cut() {
    let said: String = REPLIES.map(|(_, reply)| reply).concat();
    let mut commands = pipe();
    let mut heard = Vec::new();
    for (name, _) in REPLIES {
        commands.cmd(name);
        let Hear(bytes) = hear(&[name]) else { unreachable!() };
        heard.extend(bytes);
    }
    for cut in 0..=said.len() {
        let script = vec![Hear(heard.clone()), say(&said[..cut]), Yield, say(&said[cut..]), Wait];
        let (mut redis, serving) = Server::connection(script);
        assert_eq!(redis.pipeline::<Vec<Value>>(&commands).unwrap(), values(), "cut at {cut}");
        assert!(redis.is_usable());
        drop(redis);
        serving.wait();
    }
}

#[eventlet::test]
fn one_reply_of_the_size_of_many_reads_is_whole() {
    let large = "x".repeat(300_000);
    let reply = format!("${}\r\n{large}\r\n:1\r\n", large.len());
    let (mut redis, serving) = Server::connection(vec![
        hear(&["GET", "large"]),
        say(&reply[..200_000]),
        Yield,
        say(&reply[200_000..]),
        hear(&["INCR", "n"]),
        Wait,
    ]);
    assert_eq!(redis.query::<String>(&Cmd::get("large")).unwrap(), large);
    // What was read ahead belongs to the next one.
    assert_eq!(redis.query::<u32>(&Cmd::incr("n", 1)).map_err(|_| ()), Ok(1));
    drop(redis);
    serving.kill();
}

#[eventlet::test]
fn a_connection_begins_with_its_protocol_its_user_and_its_database() {
    let resp3 = vec![
        hear(&["HELLO", "3", "AUTH", "default", "secret"]),
        say("%1\r\n$5\r\nproto\r\n:3\r\n"),
        hear(&["SELECT", "2"]),
        say("+OK\r\n"),
        Wait,
    ];
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let resp2 = vec![hear(&["AUTH", "anna", "secret"]), say("+OK\r\n"), Wait];
    let serving = spawn(move || serve(listener, vec![resp3, resp2]));
    let client = Client::open(&format!("redis://:secret@{address}/2?protocol=resp3")).unwrap();
    assert!(!format!("{client:?}").contains("secret"));
    let redis = client.connect().unwrap();
    assert!(redis.is_usable());
    drop(redis);
    let client = Client::open(&format!("redis://anna:secret@{address}")).unwrap();
    drop(client.connect().unwrap());
    serving.wait();
}

#[eventlet::test]
fn an_error_names_the_command_and_the_server_and_no_argument() {
    let (mut redis, serving) = Server::connection(vec![
        hear(&["SET", "key", "secret"]),
        say("-OOM command not allowed when used memory > 'maxmemory'\r\n"),
        hear(&["GET", "key"]),
        say("$3\r\nabc\r\n"),
        Wait,
    ]);
    let server = redis.server().to_owned();
    let error = redis.query::<()>(&Cmd::set("key", "secret")).unwrap_err();
    assert_eq!((error.command(), error.server()), ("SET", &*server));
    assert!(matches!(error.cause(), Cause::Redis(_)));
    let text = error.to_string();
    assert!(text.starts_with(&format!("SET at {server}: ")) && text.contains("maxmemory"), "{text}");
    assert!(!text.contains("secret") && !format!("{error:?}").contains("secret"));
    // It is as it was; and what is no number is an error of the same kind.
    let error = redis.query::<u32>(&Cmd::get("key")).unwrap_err();
    assert!(matches!(error.cause(), Cause::Redis(_)), "{error}");
    assert!(redis.is_usable());
    drop(redis);
    serving.wait();
}

#[eventlet::test]
fn a_server_that_refuses_the_password_or_says_nothing_gives_no_connection() {
    let refused = vec![hear(&["AUTH", "wrong"]), say("-WRONGPASS invalid\r\n")];
    let silent = vec![hear(&["AUTH", "wrong"]), Wait];
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(move || serve(listener, vec![refused, silent]));
    let client = Client::open(&format!("redis://:wrong@{address}")).unwrap();
    let error = client.connect().unwrap_err();
    assert_eq!(error.command(), "AUTH");
    assert!(error.to_string().contains("WRONGPASS"), "{error}");
    let error = client.connect_timeout(Some(50 * MS)).connect().unwrap_err();
    assert!(error.is_timeout() && error.command() == "connect", "{error}");
    serving.wait();
}

#[eventlet::test]
fn a_query_that_was_cut_off_breaks_its_connection() {
    for limit_is_its_own in [true, false] {
        let (mut redis, serving) =
            Server::connection(vec![hear(&["GET", "a"]), Yield, Yield, Yield, say("$1\r\n1\r\n"), Wait]);
        if limit_is_its_own {
            redis.set_timeout(Some(MS));
            let error = redis.query::<u32>(&Cmd::get("a")).unwrap_err();
            assert!(error.is_timeout(), "{error}");
        } else {
            assert!(
                with_timeout(
                    MS,
                    #[green]
                    || redis.query::<u32>(&Cmd::get("a"))
                )
                .is_err()
            );
        }
        sleep(10 * MS);
        assert!(redis.is_broken() && !redis.is_usable());
        // It must not be given the reply to another question.
        let error = redis.query::<u32>(&Cmd::get("b")).unwrap_err();
        assert!(matches!(error.cause(), Cause::Broken), "{error}");
        assert_eq!(error.command(), "GET");
        drop(redis);
        serving.wait();
    }
}

#[eventlet::test]
fn a_pool_never_hands_on_what_a_kill_or_a_server_has_ended() {
    let killed = vec![hear(&["GET", "a"]), Wait];
    // This one goes away while nobody uses it.
    let ended = vec![hear(&["GET", "b"]), say("$1\r\n1\r\n"), Yield];
    let changed = vec![hear(&["SELECT", "5"]), say("+OK\r\n"), Wait];
    let watching = vec![hear(&["WATCH", "key"]), say("+OK\r\n"), Wait];
    let last = vec![hear(&["GET", "c"]), say("$1\r\n2\r\n"), hear(&["GET", "d"]), say("$1\r\n3\r\n"), Wait];
    // And this one while somebody has it, who does not notice.
    let left = vec![hear(&["GET", "e"]), say("$1\r\n4\r\n"), Yield];
    let server = Server::new("", vec![killed, ended, left, changed, watching, last]);
    let pool = server.client.pool(Builder::new().max_size(1));

    let user = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || pool.get().unwrap().query::<u32>(&Cmd::get("a")).map_err(drop),
        )
    };
    sleep(5 * MS);
    user.kill();
    assert_eq!((pool.len(), pool.idle()), (0, 0));

    assert_eq!(pool.get().unwrap().query::<u32>(&Cmd::get("b")).unwrap(), 1);
    assert_eq!(pool.idle(), 1);
    sleep(5 * MS);
    let mut lent = pool.get().unwrap();
    assert_eq!(lent.query::<u32>(&Cmd::get("e")).unwrap(), 4);
    sleep(5 * MS);
    assert!(!lent.is_usable());
    drop(lent);
    pool.get().unwrap().query::<()>(cmd("SELECT").arg(5)).unwrap();
    assert_eq!(pool.idle(), 0);
    pool.get().unwrap().query::<()>(cmd("WATCH").arg("key")).unwrap();
    assert_eq!(pool.idle(), 0);
    assert_eq!(pool.get().unwrap().query::<u32>(&Cmd::get("c")).unwrap(), 2);
    assert_eq!(pool.idle(), 1);
    assert_eq!(pool.get().unwrap().query::<u32>(&Cmd::get("d")).unwrap(), 3);
    pool.clear();
    server.serving.wait();
}

#[eventlet::test]
fn a_transaction_gives_what_its_commands_gave() {
    let all = [vec!["MULTI"], vec!["SET", "a", "1"], vec!["INCRBY", "a", "2"], vec!["EXEC"]];
    let mut heard = Vec::new();
    for words in &all {
        let Hear(bytes) = hear(words) else { unreachable!() };
        heard.extend(bytes);
    }
    let (mut redis, serving) = Server::connection(vec![
        Hear(heard.clone()),
        say("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:3\r\n"),
        // A key that is watched was changed.
        hear(&["WATCH", "a"]),
        say("+OK\r\n"),
        Hear(heard.clone()),
        say("+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n"),
        // The server refuses a command.
        Hear(heard),
        say("+OK\r\n-OOM no room\r\n+QUEUED\r\n-EXECABORT discarded\r\n"),
        Wait,
    ]);
    let mut commands = pipe();
    commands.atomic().set("a", 1).ignore().incr("a", 2);
    assert_eq!(redis.pipeline::<(u32,)>(&commands).unwrap(), (3,));
    redis.query::<()>(cmd("WATCH").arg("a")).unwrap();
    assert!(!redis.is_usable());
    assert_eq!(redis.pipeline::<Option<(u32,)>>(&commands).unwrap(), None);
    assert!(redis.is_usable());
    let error = redis.pipeline::<(u32,)>(&commands).unwrap_err();
    assert!(error.to_string().contains("no room"), "{error}");
    assert!(redis.is_usable());
    drop(redis);
    serving.wait();
}

#[eventlet::test]
fn some_commands_of_a_pipeline_may_fail_and_the_rest_has_run() {
    let mut heard = Vec::new();
    for words in [["GET", "a"], ["GET", "b"]] {
        let Hear(bytes) = hear(&words) else { unreachable!() };
        heard.extend(bytes);
    }
    let (mut redis, serving) = Server::connection(vec![
        Hear(heard.clone()),
        say("-WRONGTYPE of a\r\n$1\r\n2\r\n"),
        Hear(heard),
        say("$1\r\n1\r\n$1\r\n2\r\n"),
        Wait,
    ]);
    let mut commands = pipe();
    commands.get("a").get("b");
    let error = redis.pipeline::<Vec<u32>>(&commands).unwrap_err();
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    assert_eq!(redis.pipeline::<Vec<u32>>(&commands).unwrap(), [1, 2]);
    assert_eq!(redis.pipeline::<Vec<u32>>(&pipe()).unwrap(), [0; 0]);
    drop(redis);
    serving.wait();
}

#[eventlet::test]
fn commands_without_a_reply_of_their_own_are_refused_before_they_are_sent() {
    let (mut redis, serving) = Server::connection(vec![Wait]);
    for command in [cmd("subscribe").arg("a"), &mut cmd("MONITOR"), cmd("CLIENT").arg("reply").arg("OFF")] {
        let error = redis.query::<()>(command).unwrap_err();
        assert!(matches!(error.cause(), Cause::Refused(_)), "{error}");
    }
    let error = redis.query::<()>(&Cmd::new()).unwrap_err();
    assert!(matches!(error.cause(), Cause::Refused("there is no command")), "{error}");
    let error = redis.pipeline::<()>(pipe().get("a").cmd("MONITOR")).unwrap_err();
    assert_eq!(error.command(), "MONITOR");
    assert!(redis.is_usable());
    drop(redis);
    serving.wait();
}

#[eventlet::test]
fn replies_that_are_too_large_or_no_replies_end_the_connection() {
    for (said, is_too_large) in [
        ("$1000000000000\r\n".to_owned() + &"x".repeat(40_000), true),
        ("*2000000000\r\n".to_owned() + &":1\r\n".repeat(10_000), true),
        ("!what is this\r\n".to_owned(), false),
        ("*1\r\n".repeat(1000), false),
    ] {
        let server = Server::new("", vec![vec![hear(&["GET", "a"]), say(&said), Wait]]);
        let mut redis = server.client.max_reply(20_000).connect().unwrap();
        let error = redis.query::<Value>(&Cmd::get("a")).unwrap_err();
        let cause = error.cause();
        let is_expected = match cause {
            Cause::TooLarge(limit) => is_too_large && *limit == 20_000,
            Cause::Redis(_) => !is_too_large,
            _ => false,
        };
        assert!(is_expected, "{}: {error}", &said[..10]);
        assert!(redis.is_broken());
        drop(redis);
        server.serving.wait();
    }
}

#[eventlet::test]
fn an_end_in_the_middle_of_a_reply_is_an_error() {
    let reply = "$5\r\nhello\r\n";
    for cut in 0..reply.len() {
        let (mut redis, serving) = Server::connection(vec![hear(&["GET", "a"]), say(&reply[..cut])]);
        let error = redis.query::<String>(&Cmd::get("a")).unwrap_err();
        let Cause::Io(cause) = error.cause() else { panic!("{error}") };
        assert_eq!(cause.kind(), std::io::ErrorKind::UnexpectedEof, "cut at {cut}");
        serving.wait();
    }
}

#[test]
fn urls_that_are_none_are_refused() {
    assert!(Client::open("http://127.0.0.1/").is_err());
    assert!(Client::open("rediss://127.0.0.1/#insecure").is_err());
    assert_eq!(Client::open("rediss://127.0.0.1/").is_ok(), cfg!(feature = "tls"));
    let unix = Client::open("redis+unix:///run/redis.sock?db=1").unwrap();
    assert_eq!(unix.server(), "/run/redis.sock");
}

// ---- messages

const SUBSCRIBED: &str = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
const MESSAGE: &str = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n";
const OTHERS: &str = "*3\r\n$10\r\npsubscribe\r\n$3\r\nb.*\r\n:2\r\n";
const MATCHED: &str = "*4\r\n$8\r\npmessage\r\n$3\r\nb.*\r\n$3\r\nb.c\r\n$2\r\nhi\r\n";

#[green]
fn next_text(news: &eventlet_redis::PubSub) -> String {
    let message = news.next().unwrap();
    format!("{}: {}", message.get_channel_name(), message.get_payload::<String>().unwrap())
}

#[eventlet::test]
fn messages_come_wherever_their_bytes_are_cut_in_both_protocols() {
    for is_push in [false, true] {
        let said = [SUBSCRIBED, MESSAGE, MESSAGE].concat();
        let said = if is_push { said.replace('*', ">") } else { said };
        for cut in 0..=said.len() {
            let (redis, serving) = Server::connection(vec![
                hear(&["SUBSCRIBE", "a"]),
                say(&said[..cut]),
                Yield,
                say(&said[cut..]),
                Wait,
            ]);
            let news = redis.into_pubsub();
            news.subscribe("a").unwrap();
            assert_eq!(next_text(&news), "a: hello");
            assert_eq!(next_text(&news), "a: hello");
            drop(news);
            serving.wait();
        }
    }
}

#[eventlet::test]
fn one_thread_waits_for_messages_while_another_subscribes() {
    let (redis, serving) = Server::connection(vec![
        hear(&["SUBSCRIBE", "a"]),
        say(SUBSCRIBED),
        hear(&["PSUBSCRIBE", "b.*"]),
        say(MESSAGE),
        Yield,
        say(OTHERS),
        say(MATCHED),
        hear(&["UNSUBSCRIBE", "a"]),
        say("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n"),
        say(MATCHED),
    ]);
    let news = redis.into_pubsub();
    news.subscribe("a").unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let reader = {
        let (news, seen) = (news.clone(), seen.clone());
        spawn(
            #[green]
            move || {
                for message in news.messages() {
                    let text = match message {
                        Ok(message) => message.get_channel_name().to_owned(),
                        Err(error) => format!("{error:?}"),
                    };
                    seen.borrow_mut().push(text);
                }
            },
        )
    };
    sleep(MS);
    news.psubscribe("b.*").unwrap();
    assert_eq!(seen.borrow()[0], "a");
    news.unsubscribe("a").unwrap();
    reader.wait();
    let seen = seen.take();
    assert_eq!(seen[..3], ["a", "b.c", "b.c"]);
    assert!(seen[3].contains("UnexpectedEof") && seen.len() == 4, "{seen:?}");
    assert!(news.is_broken());
    serving.wait();
}

#[eventlet::test]
fn a_wait_for_messages_that_is_ended_loses_none_and_another_goes_on_with_it() {
    let (redis, serving) = Server::connection(vec![
        hear(&["SUBSCRIBE", "a"]),
        say(SUBSCRIBED),
        say(&MESSAGE[..20]),
        Yield,
        Yield,
        Yield,
        say(&MESSAGE[20..]),
        Wait,
    ]);
    let news = redis.into_pubsub();
    news.subscribe("a").unwrap();
    let first = {
        let news = news.clone();
        spawn(
            #[green]
            move || next_text(&news),
        )
    };
    let second = {
        let news = news.clone();
        spawn(
            #[green]
            move || next_text(&news),
        )
    };
    sleep(MS);
    // It has read the beginning of the message.
    first.kill();
    assert_eq!(second.wait(), "a: hello");
    news.close();
    let mut messages = news.messages();
    assert!(messages.next().is_none());
    assert!(matches!(news.next().unwrap_err().cause(), Cause::Broken));
    serving.wait();
}

#[eventlet::test]
fn a_subscription_that_the_server_refuses_is_the_error_of_whoever_wanted_it() {
    let (redis, serving) = Server::connection(vec![
        hear(&["SUBSCRIBE", "a", "b"]),
        say("-NOPERM no\r\n"),
        hear(&["SUBSCRIBE", "a"]),
        say(SUBSCRIBED),
        Wait,
    ]);
    let news = redis.into_pubsub();
    let error = news.subscribe(&["a", "b"]).unwrap_err();
    assert_eq!(error.command(), "SUBSCRIBE");
    assert!(error.to_string().contains("NoPerm"), "{error}");
    let none: [&str; 0] = [];
    assert!(matches!(news.subscribe(&none[..]).unwrap_err().cause(), Cause::Refused(_)));
    news.subscribe("a").unwrap();
    assert!(!news.is_broken());
    drop(news);
    serving.wait();
}

#[eventlet::test]
fn messages_that_nobody_asks_for_are_kept_up_to_a_number() {
    let flood = MESSAGE.repeat(4097);
    let (redis, serving) = Server::connection(vec![hear(&["SUBSCRIBE", "a"]), say(&flood), Wait]);
    let news = redis.into_pubsub();
    let error = news.subscribe("a").unwrap_err();
    assert!(matches!(error.cause(), Cause::TooManyMessages(4096)), "{error}");
    drop(news);
    serving.wait();
}

/// A small Redis, for what an outcome depends on many at once.
#[green]
fn small_redis(mut stream: TcpStream, counts: Rc<RefCell<HashMap<Vec<u8>, u64>>>) {
    let mut heard = Vec::new();
    let mut buf = [0; 512];
    loop {
        let count = stream.read(&mut buf).unwrap_or(0);
        if count == 0 {
            return;
        }
        heard.extend(&buf[..count]);
        while heard.iter().filter(|byte| **byte == b'\n').count() >= 7 {
            let lines: Vec<&[u8]> = heard.split_inclusive(|byte| *byte == b'\n').take(7).collect();
            let key = lines[4].to_vec();
            let used: usize = lines.iter().map(|line| line.len()).sum();
            heard.drain(..used);
            let reply = {
                let mut counts = counts.borrow_mut();
                let value = counts.entry(key).or_default();
                *value += 1;
                format!(":{value}\r\n")
            };
            stream.write_all(reply.as_bytes()).unwrap();
        }
    }
}

#[eventlet::test]
fn a_thousand_threads_share_twenty_connections_and_each_has_its_own_reply() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let counts = Rc::new(RefCell::new(HashMap::new()));
    let serving = spawn(
        #[green]
        move || {
            let mut served = Vec::new();
            for _ in 0..20 {
                let (stream, _) = listener.accept().unwrap();
                let counts = counts.clone();
                served.push(spawn(move || small_redis(stream, counts)));
            }
            for connection in served {
                connection.wait();
            }
        },
    );
    let client = Client::open(&format!("redis://{address}")).unwrap();
    let pool = client.pool(Builder::new().max_size(20));
    let threads: Vec<_> = (0..1000)
        .map(|n| {
            let pool = pool.clone();
            spawn(
                #[green]
                move || {
                    let mut redis = pool.get().unwrap();
                    let key = format!("key:{}", n % 10);
                    redis.query::<u64>(&Cmd::incr(key, 1)).unwrap()
                },
            )
        })
        .collect();
    let mut sum = 0;
    for thread in threads {
        sum += thread.wait();
    }
    // Each of ten keys has counted to a hundred.
    assert_eq!(sum, 10 * (1..=100).sum::<u64>());
    assert_eq!((pool.len(), pool.idle()), (20, 20));
    pool.clear();
    serving.wait();
}
