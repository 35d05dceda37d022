//! A cache that programs share over TCP: a gevent program, ported. `docs/porting.md` goes through
//! both, step by step.
//!
//! A client says `SET key seconds value`, `GET key`, `WAIT key seconds` or `COUNT`. Here four of
//! them do.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use eventlet::convenience::Server;
use eventlet::event::Flag;
use eventlet::green::io::{BufRead, BufReader, Write};
use eventlet::green::net::TcpStream;
use eventlet::{GreenThread, Queue, connect, green, join, listen, sleep, spawn, spawn_after, with_timeout};

/// How long a client may say nothing.
const IDLE: Duration = Duration::from_secs(1);

/// What a client has asked for makes no sense.
struct BadRequest(String);

/// What the green threads share.
#[derive(Default)]
struct Cache {
    values: RefCell<HashMap<String, Entry>>,
    /// Set and cleared at once whenever a value comes, for those who wait for one.
    changed: Flag,
    hits: Cell<u32>,
    misses: Cell<u32>,
    log: Queue<String>,
}

struct Entry {
    value: String,
    /// Removes the entry when its time is over.
    forgetting: GreenThread<()>,
}

impl Cache {
    fn set(self: &Rc<Self>, key: &str, lifetime: Duration, value: &str) {
        let (cache, forgotten) = (self.clone(), key.to_owned());
        let forgetting = spawn_after(lifetime, move || cache.forget(forgotten));
        let entry = Entry { value: value.to_owned(), forgetting };
        let before = self.values.borrow_mut().insert(key.to_owned(), entry);
        if let Some(before) = before {
            before.forgetting.kill();
        }
        self.changed.set();
        self.changed.clear();
    }

    #[green]
    fn forget(self: Rc<Self>, key: String) {
        self.values.borrow_mut().remove(&key);
        self.note(format!("{key} is forgotten"));
    }

    fn get(&self, key: &str) -> Option<String> {
        let value = self.values.borrow().get(key).map(|entry| entry.value.clone());
        let count = if value.is_some() { &self.hits } else { &self.misses };
        count.set(count.get() + 1);
        value
    }

    #[green]
    fn wait(&self, key: &str, limit: Duration) -> Option<String> {
        let _ = with_timeout(
            limit,
            #[green]
            || {
                while !self.values.borrow().contains_key(key) {
                    self.changed.wait();
                }
            },
        );
        self.get(key)
    }

    #[green]
    fn answer(self: &Rc<Self>, line: &str) -> Result<String, BadRequest> {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let value = match words[..] {
            ["SET", key, lifetime, value] => {
                self.set(key, seconds(lifetime)?, value);
                return Ok("OK".to_owned());
            }
            ["GET", key] => self.get(key),
            ["WAIT", key, limit] => self.wait(key, seconds(limit)?),
            ["COUNT"] => Some(format!("{} hits, {} misses", self.hits.get(), self.misses.get())),
            _ => return Err(BadRequest(format!("what is {line}?"))),
        };
        Ok(value.map_or("NONE".to_owned(), |value| format!("VALUE {value}")))
    }

    #[green]
    fn handle(self: Rc<Self>, client: TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(IDLE))?;
        let mut lines = BufReader::new(&client);
        let mut line = String::new();
        loop {
            line.clear();
            match lines.read_line(&mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    self.note("a client said nothing for too long".to_owned());
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            let answer = match self.answer(line.trim_end()) {
                Ok(answer) => answer,
                Err(BadRequest(why)) => format!("ERROR {why}"),
            };
            (&client).write_all(format!("{answer}\n").as_bytes())?;
        }
    }

    fn note(&self, line: String) {
        // The queue has no limit; only when the log has ended it takes no more.
        let _ = self.log.try_put(line);
    }

    #[green]
    fn write_log(self: Rc<Self>) {
        for line in &self.log {
            println!("log: {line}");
        }
    }
}

fn seconds(word: &str) -> Result<Duration, BadRequest> {
    let seconds = word.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| BadRequest(format!("{word} is no number of seconds")))
}

struct Client(BufReader<TcpStream>);

impl Client {
    #[green]
    fn new(address: SocketAddr) -> io::Result<Client> {
        Ok(Client(BufReader::new(connect(address)?)))
    }

    #[green]
    fn ask(&mut self, line: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes())?;
        self.hear()
    }

    #[green]
    fn hear(&mut self) -> io::Result<String> {
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        Ok(if answer.is_empty() { "(closed)".to_owned() } else { answer.trim_end().to_owned() })
    }
}

#[green]
fn main() -> io::Result<()> {
    let cache = Rc::new(Cache::default());
    let for_log = cache.clone();
    let logging = spawn(move || for_log.write_log());
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let for_server = cache.clone();
    let server = Server::start(listener, move |client, _address| for_server.clone().handle(client), 100);

    let mut quiet = Client::new(address)?;
    let mut first = Client::new(address)?;
    let mut second = Client::new(address)?;
    println!("{}", first.ask("SET colour 10 light green")?);
    println!("{}", second.ask("GET colour")?);

    // One client waits for what another one brings.
    let (waited, set) = join(
        || second.ask("WAIT shape 10"),
        #[green]
        || {
            sleep(Duration::from_millis(50));
            first.ask("SET shape 0.2 round")
        },
    );
    println!("{}", set?);
    println!("{}", waited?);

    // It is not kept for ever, and nothing that never comes is waited for.
    sleep(Duration::from_millis(300));
    for line in ["GET shape", "WAIT size 0.05", "SET size soon 3"] {
        println!("{}", first.ask(line)?);
    }
    println!("{}", second.ask("COUNT")?);
    println!("quiet: {}", quiet.hear()?);

    // The end cuts off who waits for longer than its grace.
    let busy = spawn(
        #[green]
        move || first.ask("WAIT size 60"),
    );
    sleep(Duration::from_millis(50));
    server.stop(Duration::from_millis(100));
    println!("busy: {}", busy.wait()?);
    cache.log.shutdown();
    logging.wait();
    server.wait()
}
