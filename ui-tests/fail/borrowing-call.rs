// A call that borrows from what a plain closure owns cannot leave it: a green closure takes what it owns along.
use std::cell::Cell;
use std::rc::Rc;

use eventlet::{green, spawn};

struct Account {
    sum: Cell<u32>,
}

impl Account {
    #[green]
    fn deposit(&self, n: u32) {
        self.sum.set(self.sum.get() + n);
    }
}

#[green]
fn start(account: Rc<Account>) {
    spawn(move || account.deposit(1)); //~ ERROR cannot return value referencing
}

fn main() {}
