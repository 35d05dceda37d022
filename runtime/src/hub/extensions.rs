//! What the libraries on top of a hub keep with it: one value of each type, made on first use.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The values.
#[derive(Default)]
pub(crate) struct Extensions(RefCell<HashMap<TypeId, Rc<dyn Any>>>);

impl Extensions {
    /// The value of this type.
    pub(crate) fn get<T: Default + 'static>(&self) -> Rc<T> {
        let present = self.0.borrow().get(&TypeId::of::<T>()).cloned();
        // Made while nothing is borrowed: making one may ask for another.
        let value = present.unwrap_or_else(|| {
            let value: Rc<dyn Any> = Rc::new(T::default());
            self.0.borrow_mut().entry(TypeId::of::<T>()).or_insert(value).clone()
        });
        value.downcast().expect("a value stands under its own type")
    }

    /// Drops them all.
    pub(crate) fn clear(&self) {
        let values = self.0.take();
        drop(values);
    }
}
