//! One hub, and two of them on two OS threads, each with its own load inside.

use std::io;
use std::sync::Barrier;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::queue::Queue;
use eventlet::{green, run, sleep, spawn, with_timeout};
use eventlet_bench_measure::{Measured, Stopwatch};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Pairs of each kind that are at work at once in a hub.
const PAIRS: u64 = 50;

/// `hubs` OS threads, each on a processor of its own, each doing `n` round trips over sockets, `n` over queues, and `n` timeouts.
pub(crate) fn measure(hubs: u64, n: u64) -> Measured {
    let start = Barrier::new(hubs as usize);
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for number in 0..hubs as usize {
            let start = &start;
            scope.spawn(move || {
                stay_on(number);
                start.wait();
                run(|| load(n)).expect("the sockets work");
            });
        }
    });
    watch.stop(hubs * n)
}

/// Keeps this OS thread on one processor; with fewer of them than hubs, some share one. A single hub stays on its one as
/// well: what is compared is the hubs, not how the operating system moves OS threads about.
fn stay_on(number: usize) {
    let all = sched_getaffinity(None).expect("an OS thread may ask where it runs");
    let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu)).collect();
    let mut one = CpuSet::new();
    one.set(allowed[number % allowed.len()]);
    sched_setaffinity(None, &one).expect("it may run there already");
}

#[green]
fn load(n: u64) -> io::Result<()> {
    let each = n / PAIRS;
    let mut threads = Vec::new();
    for _ in 0..PAIRS {
        let (near, far) = UnixStream::pair()?;
        let (there, back) = (Queue::unbounded(), Queue::unbounded());
        let (from, to) = (there.clone(), back.clone());
        threads.push(spawn(move || ask(near, each)));
        threads.push(spawn(move || answer(far)));
        threads.push(spawn(move || pass_on(from, to, each)));
        threads.push(spawn(move || play(there, back, each)));
        threads.push(spawn(move || be_in_time(each)));
    }
    for thread in threads {
        thread.wait()?;
    }
    Ok(())
}

#[green]
fn ask(mut stream: UnixStream, n: u64) -> io::Result<()> {
    let mut answer = [0; 64];
    for i in 0..n {
        let question = [i as u8; 64];
        stream.write_all(&question)?;
        stream.read_exact(&mut answer)?;
        assert_eq!(question, answer);
    }
    Ok(())
}

#[green]
fn answer(mut stream: UnixStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count])?;
    }
}

#[green]
fn pass_on(from: Queue<u64>, to: Queue<u64>, n: u64) -> io::Result<()> {
    for _ in 0..n {
        let item = from.get().map_err(io::Error::other)?;
        to.put(item).map_err(io::Error::other)?;
    }
    Ok(())
}

#[green]
fn play(there: Queue<u64>, back: Queue<u64>, n: u64) -> io::Result<()> {
    for i in 0..n {
        there.put(i).map_err(io::Error::other)?;
        assert_eq!(back.get().map_err(io::Error::other)?, i);
    }
    Ok(())
}

#[green]
fn be_in_time(n: u64) -> io::Result<()> {
    for _ in 0..n {
        with_timeout(Duration::from_secs(3600), || sleep(Duration::ZERO)).map_err(io::Error::other)?;
    }
    Ok(())
}
