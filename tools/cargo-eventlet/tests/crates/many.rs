//! Many calls at once, on one OS thread.

use std::fs;
use std::future::Future;
use std::time::Instant;

use eventlet::{green, spawn};

/// Makes so many calls at once, each with its number and the server's address, and prints how long
/// all of them took, and on how many OS threads.
#[green]
pub fn at_once<F, G>(calls: u32, call: F)
where
    F: Fn(u32, String) -> G + Copy + 'static,
    G: Future<Output = ()> + 'static,
{
    let address = std::env::args().nth(1).expect("the server's address is given");
    let begin = Instant::now();
    let threads = (0..calls).map(|number| {
        let address = address.clone();
        spawn(move || call(number, address))
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.wait();
    }
    let milliseconds = begin.elapsed().as_millis();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap().trim().to_owned();
    println!("calls {calls} milliseconds {milliseconds} threads {threads}");
}
