//! Borrows and locks that are over before a green call waits: nothing is said about them.
#![deny(warnings)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Mutex;

use eventlet::lock;
use eventlet::{green, sleep, spawn};
use std::time::Duration;

#[green]
fn fetch(n: u32) -> u32 {
    sleep(Duration::ZERO);
    n
}

#[green]
fn assigned(total: &RefCell<u32>) {
    *total.borrow_mut() = fetch(1);
    let n = fetch(2);
    *total.borrow_mut() += n;
    *total.borrow_mut() += fetch(3);
}

#[green]
fn copied_out(map: &RefCell<HashMap<u32, u32>>) -> u32 {
    let known = map.borrow().get(&1).copied();
    if let Some(n) = known {
        return fetch(n);
    }
    let first = fetch(5) + map.borrow().len() as u32;
    if map.borrow().is_empty() {
        let n = fetch(first);
        map.borrow_mut().insert(1, n);
    }
    while map.borrow().len() < 3 {
        let n = fetch(7);
        let next = map.borrow().len() as u32 + 1;
        map.borrow_mut().insert(next, n);
    }
    match map.borrow().len() {
        3 if !map.borrow().contains_key(&9) => {}
        _ => unreachable!(),
    }
    if map.borrow().len() == 3 && fetch(1) == 1 {
        fetch(2);
    }
    first
}

#[green]
fn ended(total: &RefCell<u32>, locked: &Mutex<u32>) -> u32 {
    let sum = total.borrow();
    let value = *sum;
    drop(sum);
    let more = fetch(value);
    {
        let mut locked = locked.lock().unwrap();
        *locked += more;
    }
    let taken = *locked.lock().unwrap();
    fetch(taken)
}

/// The crate's own locks are for holding over a wait.
#[green]
fn own_locks(shared: &lock::Mutex<u32>) -> u32 {
    let mut guard = shared.lock();
    *guard += fetch(1);
    *guard
}

/// A closure that is driven later holds nothing now.
#[green]
fn closures(total: Rc<RefCell<u32>>) -> u32 {
    let count = total.clone();
    let thread = spawn(#[green] move || {
        let n = *count.borrow() + 1;
        fetch(n)
    });
    let sum = *total.borrow();
    thread.wait() + sum
}

/// What has these names and is no guard.
struct Other;

impl Other {
    fn borrow(&self) -> u32 {
        1
    }
    fn lock<T: Default>(&self) -> T {
        T::default()
    }
}

#[green]
fn others(other: &Other) -> u32 {
    let one = other.borrow();
    let none: u32 = other.lock();
    fetch(one + none + other.borrow())
}

/// What is configured away makes no guard, and nothing tells its type.
static SEEN: std::sync::RwLock<Vec<u32>> = std::sync::RwLock::new(Vec::new());

#[green]
fn configured(n: u32) -> usize {
    #[cfg(any())]
    SEEN.write().unwrap().push(n);
    #[cfg(any())]
    let _seen = SEEN.read().unwrap();
    #[cfg(not(any()))]
    SEEN.write().unwrap().push(n + 1);
    match n {
        #[cfg(any())]
        0 => SEEN.read().unwrap().len(),
        _ => SEEN.read().unwrap().len() + 1,
    }
}

#[green]
fn main() {
    let total = RefCell::new(0);
    assigned(&total);
    assert_eq!(*total.borrow(), 6);
    assert_eq!(copied_out(&RefCell::default()), 5);
    assert_eq!(ended(&total, &Mutex::new(1)), 7);
    assert_eq!(own_locks(&lock::Mutex::new(1)), 2);
    assert_eq!(closures(Rc::new(total)), 13);
    assert_eq!(others(&Other), 1 + 1);
    assert_eq!(configured(3), 2);
}
