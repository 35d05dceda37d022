//! Guards over green calls and over plain ones.

use eventlet::green;
use std::cell::RefCell;
use std::sync::Mutex;

#[green]
pub fn pause() {}

pub fn plain() {}

#[green]
pub fn lock_over_green_call(lock: &Mutex<u32>) -> u32 {
    let guard = lock.lock().unwrap(); // reported
    pause();
    *guard
}

#[green]
pub fn lock_over_plain_call(lock: &Mutex<u32>) -> u32 {
    let guard = lock.lock().unwrap();
    plain();
    *guard + guard.count_ones()
}

#[green]
pub fn borrow_over_green_call(cell: &RefCell<Vec<u32>>) -> usize {
    let mut list = cell.borrow_mut(); // reported
    pause();
    list.push(1);
    list.len()
}

#[green]
pub fn borrow_over_plain_call(cell: &RefCell<Vec<u32>>) -> usize {
    let mut list = cell.borrow_mut();
    plain();
    list.push(1);
    list.len()
}

#[green]
pub fn borrow_that_ends_before(cell: &RefCell<Vec<u32>>) -> usize {
    let len = {
        let list = cell.borrow();
        list.len()
    };
    pause();
    len
}
