//! A thousand green threads that count visits in Redis, over five connections.
//!
//! With a URL (`-- redis://127.0.0.1/`) they ask that server. Without, this program is the server as
//! well: a small one, which knows two commands.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use eventlet::db_pool::Builder;
use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::{GreenPool, green, listen, serve, spawn};
use eventlet_redis::{Client, Cmd, Pool, PoolError, pipe};

const PAGES: [&str; 4] = ["home", "news", "shop", "help"];

/// Counts a visit. While this thread waits for the reply, others use the other connections.
#[green]
fn visit(pool: Pool, page: &'static str) -> Result<u64, PoolError> {
    let mut redis = pool.get()?;
    redis.query(&Cmd::incr(format!("visits:{page}"), 1)).map_err(PoolError::Failed)
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    let url = match std::env::args().nth(1) {
        Some(url) => url,
        None => {
            let listener = listen("127.0.0.1:0")?;
            let url = format!("redis://{}", listener.local_addr()?);
            let counts = Counts::default();
            spawn(move || serve(listener, move |client, _: SocketAddr| answer(client, counts.clone()), 100));
            url
        }
    };
    let pool = Client::open(&url)?.pool(Builder::new().max_size(5));
    // Several commands in one go.
    let mut reset = pipe();
    for page in PAGES {
        reset.del(format!("visits:{page}")).ignore();
    }
    pool.get()?.pipeline::<()>(&reset)?;

    let visitors = GreenPool::new(1000);
    for n in 0..1000 {
        let pool = pool.clone();
        visitors.spawn(move || visit(pool, PAGES[n % PAGES.len()]));
    }
    visitors.waitall();
    for page in PAGES {
        let count = visit(pool.clone(), page)?;
        println!("{page}: {} visits before this one", count - 1);
    }
    println!("{} connections", pool.len());
    Ok(())
}

type Counts = Rc<RefCell<BTreeMap<String, u64>>>;

/// A server of `INCRBY` and `DEL`: a command is a row of words, each with its length before it.
#[green]
fn answer(client: TcpStream, counts: Counts) -> io::Result<()> {
    let mut input = BufReader::new(client.try_clone()?);
    let mut output = client;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = Vec::new();
        for _ in 0..number_in(&line) {
            line.clear();
            input.read_line(&mut line)?;
            let mut word = vec![0; number_in(&line) + 2];
            input.read_exact(&mut word)?;
            words.push(String::from_utf8_lossy(word.trim_ascii_end()).into_owned());
        }
        let reply = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["INCRBY", key, by] => {
                let mut counts = counts.borrow_mut();
                let count = counts.entry(key.to_owned()).or_default();
                *count += by.parse().unwrap_or(0);
                format!(":{count}\r\n")
            }
            ["DEL", key] => format!(":{}\r\n", u64::from(counts.borrow_mut().remove(key).is_some())),
            _ => "-ERR unknown command\r\n".to_owned(),
        };
        output.write_all(reply.as_bytes())?;
    }
}

/// The number in a line as `*3` or `$6`.
fn number_in(line: &str) -> usize {
    line.trim_end().get(1..).and_then(|number| number.parse().ok()).unwrap_or(0)
}
