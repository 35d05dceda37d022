//! A crawler whose workers start the next workers, in their own pool. From eventlet's examples; it
//! crawls a small site of its own, and a page has half a second at most.
//!
//! The pool has room for two. A worker that finds it full does the work itself, so that it cannot
//! wait for itself.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenPool, green, with_timeout_value};
use eventlet_examples::site;

struct Crawl {
    site: String,
    pool: GreenPool,
    seen: RefCell<BTreeSet<String>>,
}

impl Crawl {
    /// Starts a worker for a page of the site, unless there was one.
    #[green]
    fn visit(self: &Rc<Self>, url: String) {
        if url.starts_with(&self.site) && self.seen.borrow_mut().insert(url.clone()) {
            let crawl = self.clone();
            self.pool.spawn_n(move || crawl.fetch(url));
        }
    }

    /// Fetches a page, and visits each page that is found in it.
    #[green(boxed)]
    fn fetch(self: Rc<Self>, url: String) -> io::Result<()> {
        let links = with_timeout_value(Duration::from_millis(500), || site::links(&url), Ok(vec![]))?;
        for link in links {
            self.visit(link);
        }
        Ok(())
    }
}

#[green]
fn main() -> io::Result<()> {
    let (address, serving) = site::start()?;
    let site = format!("http://{address}");
    let start = format!("{site}/");
    let crawl = Rc::new(Crawl { site, pool: GreenPool::new(2), seen: RefCell::default() });
    crawl.visit(start);
    crawl.pool.waitall();

    println!("I saw these pages:");
    crawl.seen.borrow().iter().for_each(|url| println!("{}", &url[crawl.site.len()..]));
    serving.kill();
    Ok(())
}
