// A destructor cannot suspend; `#[green(in_place)]` waits in it.
use std::cell::Cell;
use std::time::Duration;

use eventlet::{green, sleep};

struct Session;

impl Drop for Session {
    #[green]
    fn drop(&mut self) { //~ ERROR a destructor cannot be green
        sleep(Duration::from_millis(1));
    }
}

struct Right;

impl Drop for Right {
    #[green(in_place)]
    fn drop(&mut self) {
        sleep(Duration::from_millis(1));
    }
}

/// A method that others call.
struct Lease(Cell<u32>);

impl Lease {
    #[green]
    pub fn drop(&mut self) {
        self.0.set(0);
    }
}

#[green]
fn main() {
    let _both = (Session, Right);
    Lease(Cell::new(1)).drop();
}
