// A call that borrows from what a plain closure owns cannot leave it: a green closure takes what it owns along.
use std::cell::Cell;
use std::rc::Rc;

use eventlet::{GreenPool, green, spawn};

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

// Nor can it where the closure is called again, whose calls cannot each take what it owns.
#[green]
fn start_many(account: Rc<Account>) {
    GreenPool::new(2).map(move |n| account.deposit(n), 1..4); //~ ERROR lifetime may not live long enough
}

#[green]
fn start_others(account: Rc<Account>) {
    GreenPool::new(2).map(#[green] move |n| account.deposit(n), 1..4); //~ ERROR a captured variable in an `Fn` closure
}

fn main() {}
