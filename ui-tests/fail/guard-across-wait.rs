// A borrow or a lock of std's that is held while a green call waits is reported where it is made, without clippy.
#![deny(deprecated)]
use eventlet::green;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, RwLock};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn same_statement(cache: &RefCell<HashMap<u32, u32>>) -> u32 {
    *cache.borrow_mut().entry(1).or_insert(fetch(1)) //~ ERROR it is borrowed while a green call waits
}

#[green]
fn argument(names: &RefCell<Vec<u32>>) -> u32 {
    fetch(names.borrow()[0]) //~ ERROR it is borrowed while a green call waits
}

#[green]
fn scrutinee(map: &RefCell<HashMap<u32, u32>>) -> u32 {
    if let Some(n) = map.borrow().get(&1) { //~ ERROR it is borrowed while a green call waits
        return fetch(*n);
    }
    match map.borrow().get(&2) { //~ ERROR it is borrowed while a green call waits
        Some(n) => fetch(*n),
        None => 0,
    }
}

#[green]
fn head(watchers: &RefCell<Vec<u32>>) {
    for watcher in watchers.borrow().iter() { //~ ERROR it is borrowed while a green call waits
        fetch(*watcher);
    }
}

#[green]
fn living_on(total: &RefCell<u32>, lock: &Mutex<u32>, shared: &RwLock<u32>) {
    let mut sum = total.borrow_mut(); //~ ERROR it is borrowed while a green call waits
    *sum += fetch(1);
    drop(sum);
    let count = lock.lock().unwrap(); //~ ERROR it is locked while a green call waits
    let reader = shared.read().unwrap(); //~ ERROR it is locked while a green call waits
    fetch(*count + *reader);
}

fn main() {}
