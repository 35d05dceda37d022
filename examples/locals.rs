//! Values that each green thread has for itself. From gevent's tutorial.

use std::cell::Cell;

use eventlet::greenthread::joinall;
use eventlet::{green, green_local, spawn};

green_local! {
    static X: Cell<Option<u32>> = Cell::new(None);
    static Y: Cell<Option<u32>> = Cell::new(None);
}

#[green]
fn f1() {
    X.set(Some(1));
    if let Some(x) = X.get() {
        println!("{x}");
    }
}

#[green]
fn f2() {
    Y.set(Some(2));
    if let Some(y) = Y.get() {
        println!("{y}");
    }
    if X.get().is_none() {
        println!("x is not local to f2");
    }
}

#[green]
fn main() {
    joinall([spawn(f1), spawn(f2)]);
}
