//! A crawler whose workers start the next workers, in their own pool. From eventlet's examples; it crawls a small site
//! of its own, and a page has half a second at most.
//!
//! The pool has room for two. A worker that finds it full does the work itself, so that it cannot wait for itself.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenPool, green, with_timeout_value};
use eventlet_examples::site;

#[derive(Clone)]
struct Crawl {
    site: String,
    pool: GreenPool,
    seen: Rc<RefCell<BTreeSet<String>>>,
}

impl Crawl {
    /// Fetches a page, and starts a worker for each page that is found in it.
    #[green(boxed)]
    fn fetch(self, url: String) -> io::Result<()> {
        let links = with_timeout_value(Duration::from_millis(500), || site::links(&url), Ok(vec![]))?;
        for link in links {
            if link.starts_with(&self.site) && self.seen.borrow_mut().insert(link.clone()) {
                let crawl = self.clone();
                self.pool.spawn_n(move || crawl.fetch(link));
            }
        }
        Ok(())
    }
}

#[green]
fn main() -> io::Result<()> {
    let (address, serving) = site::start()?;
    let site = format!("http://{address}");
    let crawl = Crawl { site: site.clone(), pool: GreenPool::new(2), seen: Rc::default() };
    let (first, start) = (crawl.clone(), format!("{site}/"));
    crawl.seen.borrow_mut().insert(start.clone());
    crawl.pool.spawn_n(move || first.fetch(start));
    crawl.pool.waitall();

    println!("I saw these pages:");
    crawl.seen.borrow().iter().for_each(|url| println!("{}", &url[site.len()..]));
    serving.kill();
    Ok(())
}
