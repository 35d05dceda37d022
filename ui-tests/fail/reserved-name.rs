//! A green method by a name of std's whose calls are never asked.

use eventlet::green;
use eventlet::sleep;
use std::time::Duration;

struct Page;

impl Page {
    #[green]
    fn as_str(&self) -> String { //~ ERROR a green method cannot be called `as_str`
        sleep(Duration::ZERO);
        String::new()
    }

    #[green]
    fn map(&self, each: fn(u32) -> u32) -> u32 { //~ ERROR a green method with one argument cannot be called `map`
        each(1)
    }
}

struct Pages;

impl Pages {
    #[green]
    fn map(&self, each: fn(u32) -> u32, pages: [u32; 2]) -> u32 {
        each(pages[0])
    }
}

#[green]
fn main() {
    Page.as_str();
    Page.map(|n| n);
    Pages.map(|n| n, [1, 2]);
}
