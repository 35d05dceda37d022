//! Three pages fetched at the same time, with the results in the order of the requests. From
//! eventlet's examples.

use std::io;

use eventlet::{GreenPile, green};
use eventlet_examples::site;

#[green]
fn fetch(url: &str) -> io::Result<usize> {
    println!("fetching");
    Ok(site::links(url)?.len())
}

#[green]
fn main() -> io::Result<()> {
    let (address, serving) = site::start()?;
    let pile = GreenPile::default();
    for page in ["/news", "/about", "/"] {
        let url = format!("http://{address}{page}");
        // A green closure owns the URL that its call borrows.
        pile.spawn(
            #[green]
            move || fetch(&url),
        );
    }
    // The first one is the slowest.
    for links in pile {
        println!("a page with {} links", links?);
    }
    serving.kill();
    Ok(())
}
