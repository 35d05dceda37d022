//! may: coroutines with stacks of their own, on one worker.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventlet_bench_measure::{Answer, Delays, GREETING, Measured, Stopwatch, port, resident, sum_below};
use may::coroutine::{self, Builder, JoinHandle};
use may::net::{TcpListener, TcpStream};
use may::sync::Semphore;
use may::sync::mpsc::channel;
use may_minihttp::{HttpServer, HttpService, Request, Response};

const HOUR: Duration = Duration::from_secs(3600);
const POOL: usize = 1000;
const PRODUCERS: u64 = 1000;
/// In words: room for a buffer of 4096 bytes and the calls around it.
const STACK: usize = 0x1000;

fn main() -> ExitCode {
    may::config().set_workers(1).set_stack_size(STACK);
    eventlet_bench_measure::main("may", |command, n| {
        let command = command.to_owned();
        spawn(move || run(&command, n)).join().expect("no coroutine panics")
    })
}

fn run(command: &str, n: u64) -> Answer {
    match command {
        "echo" => Answer::Served(echo(n)),
        "http" => Answer::Served(http(n)),
        "spawn_join" => spawn_join(n).into(),
        "yield2" => yields(2, n).into(),
        "yield1000" => yields(1000, n).into(),
        "yieldcheck" => yieldcheck(n).into(),
        "memory" => memory(n).into(),
        "pool" => pool(n).into(),
        "timers" => random_sleeps(n).into(),
        "chan_unbounded" => ping_pong(n).into(),
        "fanin_unbounded" => fan_in(n).into(),
        _ => Answer::Unsupported,
    }
}

fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    // SAFETY: nothing in here keeps a thread-local across a switch or overruns the stack.
    unsafe { Builder::new().spawn(body) }.expect("a coroutine")
}

fn join<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    handles.into_iter().map(|handle| handle.join().expect("no coroutine panics")).collect()
}

fn spawn_join(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let sum: u64 = join((0..n).map(|i| spawn(move || i)).collect()).iter().sum();
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

fn yields(threads: u64, n: u64) -> Measured {
    let watch = Stopwatch::start();
    join((0..threads).map(|_| spawn(move || (0..n).for_each(|_| coroutine::yield_now()))).collect());
    watch.stop(n * threads)
}

fn yieldcheck(n: u64) -> Measured {
    let (last, alternations) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let watch = Stopwatch::start();
    let logger = |me| {
        let (last, alternations) = (last.clone(), alternations.clone());
        spawn(move || {
            for _ in 0..n {
                if last.swap(me, Ordering::Relaxed) != me {
                    alternations.fetch_add(1, Ordering::Relaxed);
                }
                coroutine::yield_now();
            }
        })
    };
    join([1, 2].map(logger).into());
    watch.stop(alternations.load(Ordering::Relaxed))
}

fn memory(n: u64) -> Measured {
    coroutine::yield_now();
    let before = resident();
    let started = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    for _ in 0..n {
        let started = started.clone();
        spawn(move || {
            started.fetch_add(1, Ordering::Relaxed);
            coroutine::sleep(HOUR);
        });
    }
    while started.load(Ordering::Relaxed) < n {
        coroutine::sleep(Duration::from_millis(1));
    }
    let mut measured = watch.stop(n);
    measured.bytes_per_task = Some(resident().saturating_sub(before) as f64 / n as f64);
    measured
}

fn pool(n: u64) -> Measured {
    let done = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let slots = Arc::new(Semphore::new(POOL));
    for _ in 0..n {
        slots.wait();
        let (slots, done) = (slots.clone(), done.clone());
        spawn(move || {
            coroutine::yield_now();
            done.fetch_add(1, Ordering::Relaxed);
            slots.post();
        });
    }
    (0..POOL).for_each(|_| slots.wait());
    let measured = watch.stop(n);
    assert_eq!(done.load(Ordering::Relaxed), n);
    measured
}

fn random_sleeps(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let sleeper = |delay| spawn(move || coroutine::sleep(Duration::from_micros(delay)));
    join(Delays::default().take(n as usize).map(sleeper).collect());
    watch.stop(n)
}

fn ping_pong(n: u64) -> Measured {
    let (there, gone) = channel();
    let (back, returned) = channel();
    let watch = Stopwatch::start();
    let other = spawn(move || {
        for _ in 0..n {
            let item: u64 = gone.recv().expect("the other end is there");
            back.send(item).expect("the other end is there");
        }
    });
    let mut sum = 0;
    for i in 0..n {
        there.send(i).expect("the other end is there");
        sum += returned.recv().expect("the other end is there");
    }
    other.join().expect("no coroutine panics");
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

fn fan_in(n: u64) -> Measured {
    let each = n / PRODUCERS;
    let (sender, receiver) = channel();
    let watch = Stopwatch::start();
    for producer in 0..PRODUCERS {
        let sender = sender.clone();
        spawn(move || {
            (0..each).for_each(|i| sender.send(producer * each + i).expect("the other end is there"))
        });
    }
    let sum: u64 = (0..PRODUCERS * each).map(|_| receiver.recv().expect("the other end is there")).sum();
    let measured = watch.stop(PRODUCERS * each);
    assert_eq!(sum, sum_below(PRODUCERS * each));
    measured
}

fn echo(n: u64) -> io::Result<()> {
    // `may` makes its listener itself; the port is what there is to choose.
    let listener = TcpListener::bind(("127.0.0.1", port(n)?))?;
    loop {
        if let Ok((connection, _)) = listener.accept() {
            spawn(move || handle(connection));
        }
    }
}

fn handle(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        let count = connection.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..count])?;
    }
}

/// `may_minihttp`, which has no limits, and leaves `TCP_NODELAY` as it is.
fn http(n: u64) -> io::Result<()> {
    let server = HttpServer(Greeting).start(("127.0.0.1", port(n)?))?;
    server.join().map_err(|_panic| io::Error::other("the server has panicked"))
}

#[derive(Clone)]
struct Greeting;

impl HttpService for Greeting {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        assert_eq!(request.path(), "/");
        response.header("Content-Type: text/plain; charset=utf-8").body(GREETING);
        Ok(())
    }
}
