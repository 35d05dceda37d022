//! Idle items, and places for those that are out.
//!
//! Whoever holds an item, or makes one, has a place; there are as many places as there may be
//! items. A pool that shrinks while too many are out owes places: those that come back are not
//! given out again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::call::GreenFn;
use crate::semaphore::permits::Permits;

pub(super) struct Stock<T, E> {
    create: Box<dyn Fn() -> Making<T, E>>,
    pub(super) places: Permits,
    pub(super) idle: RefCell<VecDeque<T>>,
    newest_first: bool,
    max_size: Cell<usize>,
    /// Places that are taken.
    out: Cell<usize>,
    /// Of these, places whose items were kept.
    kept: Cell<usize>,
}

type Making<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

impl<T, E> Stock<T, E> {
    pub(super) fn new<F>(max_size: usize, newest_first: bool, create: F) -> Self
    where
        F: GreenFn<Result<T, E>> + 'static,
    {
        let create = Rc::new(create);
        Stock {
            create: Box::new(move || {
                let create = create.clone();
                Box::pin(async move { create().await })
            }),
            places: Permits::new(max_size),
            idle: RefCell::default(),
            newest_first,
            max_size: Cell::new(max_size),
            out: Cell::new(0),
            kept: Cell::new(0),
        }
    }

    pub(super) fn max_size(&self) -> usize {
        self.max_size.get()
    }

    pub(super) fn out(&self) -> usize {
        self.out.get()
    }

    pub(super) fn idle_item(&self) -> Option<T> {
        let mut idle = self.idle.borrow_mut();
        if self.newest_first { idle.pop_back() } else { idle.pop_front() }
    }

    pub(super) fn make(&self) -> Making<T, E> {
        (self.create)()
    }

    pub(super) fn resize(&self, max_size: usize) {
        self.max_size.set(max_size);
        let room = max_size.saturating_sub(self.out());
        self.places.set_free(room);
        let mut idle = self.idle.borrow_mut();
        let surplus = idle.len().saturating_sub(room);
        let dropped: Vec<T> = idle.drain(..surplus).collect();
        drop(idle);
        // Their destructors run when nothing is borrowed.
        drop(dropped);
    }
}

/// A place that is taken. Dropping it gives it back.
pub(super) struct Slot<T, E> {
    /// `None` once it is kept without an owner.
    stock: Option<Rc<Stock<T, E>>>,
}

impl<T, E> Slot<T, E> {
    /// For whoever has acquired one.
    pub(super) fn taken(stock: &Rc<Stock<T, E>>) -> Self {
        stock.out.set(stock.out() + 1);
        Slot { stock: Some(stock.clone()) }
    }

    pub(super) fn try_take(stock: &Rc<Stock<T, E>>) -> Option<Self> {
        stock.places.try_take().then(|| Self::taken(stock))
    }

    /// A place that was [kept](Self::keep), if there is one.
    pub(super) fn kept(stock: &Rc<Stock<T, E>>) -> Option<Self> {
        stock.kept.set(stock.kept.get().checked_sub(1)?);
        Some(Slot { stock: Some(stock.clone()) })
    }

    /// Keeps the place taken, without an owner.
    pub(super) fn keep(mut self) {
        if let Some(stock) = self.stock.take() {
            stock.kept.set(stock.kept.get() + 1);
        }
    }

    /// Gives the place back with the item in it, unless that is one too many.
    pub(super) fn bring_back(self, item: T) {
        if let Some(stock) = &self.stock
            && stock.out() <= stock.max_size()
        {
            stock.idle.borrow_mut().push_back(item);
        }
    }
}

impl<T, E> Drop for Slot<T, E> {
    fn drop(&mut self) {
        let Some(stock) = &self.stock else { return };
        stock.out.set(stock.out() - 1);
        if stock.out() < stock.max_size() {
            stock.places.give_back();
        }
    }
}
