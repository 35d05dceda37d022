//! Requests one after the other, and then all at once: gevent's tutorial.
//!
//! With URLs as arguments it fetches those (`http://` only). Without, it starts a small HTTP server of its own and
//! fetches from there.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use eventlet::greenthread::joinall;
use eventlet::{Exit, Green, green, spawn};
use eventlet_examples::http;

#[green]
fn fetch(url: &str) -> io::Result<()> {
    let page = http::fetch(url)?;
    println!("{} {url}", page.status);
    Ok(())
}

#[green]
fn synchronous(urls: Rc<[String]>) -> io::Result<()> {
    for url in urls.iter() {
        fetch(url)?;
    }
    Ok(())
}

#[green]
fn asynchronous(urls: Rc<[String]>) -> io::Result<()> {
    let threads: Vec<_> = urls
        .iter()
        .cloned()
        .map(|url| {
            spawn(
                #[green]
                move || fetch(&url),
            )
        })
        .collect();
    joinall(threads).into_iter().try_for_each(|result| result.unwrap_or_else(|exit: Exit| exit.raise()))
}

/// Makes the call that `f` makes, and prints how long it took.
#[green]
fn cost_time<F, G>(f: F, urls: Rc<[String]>) -> io::Result<()>
where
    F: FnOnce(Rc<[String]>) -> Green<G>,
    G: Future<Output = io::Result<()>>,
{
    let started = Instant::now();
    f(urls)?;
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
    let serving = spawn(move || http::serve_pages(server));
    let urls: Rc<[String]> = urls.into();
    println!("Synchronous:");
    cost_time(synchronous, urls.clone())?;
    println!("Asynchronous:");
    cost_time(asynchronous, urls)?;
    serving.kill();
    Ok(())
}
