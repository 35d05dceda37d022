//! Requests one after the other, and then all at once: gevent's tutorial.
//!
//! With URLs as arguments it fetches those. Without, it starts a small HTTP server
//! of its own and fetches from there.

use std::io;
use std::time::Instant;

use eventlet::{Green, green, http, spawn, try_scope};
use eventlet_examples::http::serve_pages;

#[green]
fn fetch(url: &str) -> io::Result<()> {
    let answer = http::get(url)?;
    println!("{} {url}", answer.status().as_u16());
    Ok(())
}

#[green]
fn synchronous(urls: &[String]) -> io::Result<()> {
    for url in urls {
        fetch(url)?;
    }
    Ok(())
}

#[green]
fn asynchronous(urls: &[String]) -> io::Result<()> {
    try_scope(
        #[green]
        |s| {
            for url in urls {
                s.try_spawn(move || fetch(url));
            }
            Ok(())
        },
    )
}

/// Makes the call that `f` makes, and prints how long it took.
#[green]
fn cost_time<F, G>(f: F) -> io::Result<()>
where
    F: FnOnce() -> Green<G>,
    G: Future<Output = io::Result<()>>,
{
    let started = Instant::now();
    f()?;
    println!("Cost time: {:.3}", started.elapsed().as_secs_f64());
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let mut urls: Vec<String> = std::env::args().skip(1).collect();
    let server = eventlet::listen("127.0.0.1:0")?;
    if urls.is_empty() {
        let address = server.local_addr()?;
        urls.extend((1..=4).map(|number| format!("http://{address}/{number}")));
    }
    let serving = spawn(move || serve_pages(server));
    println!("Synchronous:");
    cost_time(|| synchronous(&urls))?;
    println!("Asynchronous:");
    cost_time(|| asynchronous(&urls))?;
    serving.kill();
    Ok(())
}
