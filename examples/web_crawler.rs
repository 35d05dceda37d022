//! The crawler of eventlet's basic usage: fetch a list of URLs at the same time, take the bodies in
//! order.
//!
//! With URLs as arguments it fetches those. Without, it starts a small HTTP server
//! of its own, whose first page is its slowest, and fetches from there.

use std::io;

use eventlet::http::{self, Bytes};
use eventlet::{GreenPool, green, spawn};
use eventlet_examples::http::serve_pages;

#[green]
fn fetch(url: String) -> io::Result<Bytes> {
    Ok(http::get(url)?.error_for_status()?.bytes()?)
}

#[green]
fn crawl(urls: Vec<String>) -> io::Result<()> {
    let pool = GreenPool::default();
    for body in pool.imap(fetch, urls) {
        println!("got body {}", body?.len());
    }
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        return crawl(urls);
    }
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    let serving = spawn(move || serve_pages(server));
    crawl([1, 4, 2, 8, 5, 7].map(|number| format!("http://{address}/{number}")).into())?;
    serving.kill();
    Ok(())
}
