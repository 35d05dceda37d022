//! A crawler whose workers put the URLs that they find into a queue, and whose main loop starts the
//! workers. From eventlet's examples; it crawls a small site of its own, and a page has half a
//! second at most.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use eventlet::{GreenPool, Queue, green, with_timeout_value};
use eventlet_examples::site;

/// Fetches a page and puts the URLs that are found in it into the queue.
#[green]
fn fetch(url: &str, found: &Queue<String>) -> io::Result<()> {
    println!("fetching {}", path(url));
    let links = with_timeout_value(Duration::from_millis(500), || site::links(url), Ok(vec![]))?;
    for link in links {
        found.put(link).expect("nobody shuts the queue down");
    }
    Ok(())
}

/// Crawls all pages that can be reached from the first.
#[green]
fn produce(site: &str) -> BTreeSet<String> {
    let pool = GreenPool::default();
    let mut seen = BTreeSet::new();
    let queue = Queue::unbounded();
    queue.put(format!("{site}/")).expect("nobody shuts the queue down");
    // Go on while there are URLs, or workers that may find some.
    loop {
        while let Ok(url) = queue.try_get() {
            if url.starts_with(site) && seen.insert(url.clone()) {
                let found = queue.clone();
                pool.spawn_n(
                    #[green]
                    move || fetch(&url, &found),
                );
            }
        }
        pool.waitall();
        if queue.is_empty() {
            return seen;
        }
    }
}

fn path(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map_or("/", |path| &url[url.len() - path.len() - 1..])
}

#[green]
fn main() -> io::Result<()> {
    let (address, serving) = site::start()?;
    let seen = produce(&format!("http://{address}"));
    println!("I saw these pages:");
    seen.iter().for_each(|url| println!("{}", path(url)));
    serving.kill();
    Ok(())
}
