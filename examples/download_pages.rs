//! Pages that are downloaded at the same time, in a pool that is waited for. It speaks Persian:
//! شروع دانلود is "begin of download", پایان یافت "has ended", and طول محتوا "length of the
//! content".
//!
//! With URLs as arguments it fetches those. Without, it starts a small HTTP server
//! of its own, whose first page is its slowest, and fetches from there.

use std::io;

use eventlet::http::{self, Bytes};
use eventlet::{GreenPool, green, spawn};
use eventlet_examples::http::serve_pages;

#[green]
fn page(url: &str) -> io::Result<Bytes> {
    Ok(http::get(url)?.bytes()?)
}

#[green]
fn fetch(url: &str) {
    println!("شروع دانلود {url}");
    match page(url) {
        Ok(page) => println!("{url} پایان یافت، طول محتوا: {}", page.len()),
        Err(error) => eprintln!("{url}: {error}"),
    }
}

#[green]
fn download(urls: Vec<String>) {
    let pool = GreenPool::default();
    for url in urls {
        // A green closure owns the URL that its call borrows.
        pool.spawn(
            #[green]
            move || fetch(&url),
        );
    }
    pool.waitall();
}

#[green]
fn main() -> io::Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        download(urls);
        return Ok(());
    }
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    let serving = spawn(move || serve_pages(server));
    download([1, 5, 9].map(|number| format!("http://{address}/{number}")).into());
    serving.kill();
    Ok(())
}
