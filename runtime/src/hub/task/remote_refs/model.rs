//! A task's memory in miniature: a header that every reference reads, a body that belongs to the
//! home thread.

use std::rc::Rc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::*;
use crate::loom::model::explore;

struct Memory {
    refs: RemoteRefs,
    is_freed: UnsafeCell<bool>,
    is_cleared: UnsafeCell<bool>,
}

impl Memory {
    fn new() -> Rc<Self> {
        Rc::new(Memory {
            refs: RemoteRefs::new(),
            is_freed: UnsafeCell::new(false),
            is_cleared: UnsafeCell::new(false),
        })
    }

    fn read(&self) {
        // SAFETY: the model checker sees to it that nobody writes at the same time.
        self.is_freed.with(|is_freed| assert!(!unsafe { *is_freed }, "used after it was freed"));
    }

    fn clone_waker(&self) {
        self.read();
        self.refs.add();
    }

    fn drop_waker(&self) {
        self.read();
        if self.refs.remove() {
            self.free();
        }
    }

    fn drop_local(&self) {
        self.read();
        // SAFETY: as above.
        self.is_cleared.with_mut(|is_cleared| unsafe { *is_cleared = true });
        if self.refs.remove_local() {
            self.free();
        }
    }

    fn free(&self) {
        // SAFETY: as above.
        self.is_cleared.with(|is_cleared| assert!(unsafe { *is_cleared }, "freed before it was cleared"));
        self.is_freed.with_mut(|is_freed| {
            // SAFETY: as above.
            assert!(!unsafe { *is_freed }, "freed twice");
            // SAFETY: as above.
            unsafe { *is_freed = true };
        });
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: as above.
            self.is_freed.with(|is_freed| assert!(unsafe { *is_freed }, "never freed"));
        }
    }
}

#[test]
fn whoever_lets_go_last_frees_the_memory_after_it_was_cleared() {
    explore(4, || {
        let memory = Memory::new();
        memory.clone_waker();
        let elsewhere = memory.clone();
        thread::spawn(move || elsewhere.drop_waker());
        memory.drop_local();
    });
}

#[test]
fn a_waker_that_is_cloned_elsewhere_keeps_the_memory() {
    explore(4, || {
        let memory = Memory::new();
        for _ in 0..2 {
            memory.clone_waker();
            let elsewhere = memory.clone();
            thread::spawn(move || {
                elsewhere.clone_waker();
                elsewhere.drop_waker();
                elsewhere.drop_waker();
            });
        }
        memory.drop_local();
    });
}
