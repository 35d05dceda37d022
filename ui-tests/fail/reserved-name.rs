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
}

#[green]
fn main() {
    Page.as_str();
}
