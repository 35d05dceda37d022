//! Values that are errors and that nobody can ask for any more.
//!
//! A green function that ends with an `Err` notes, by the type of its value, how such a value is
//! told of. The end of a thread knows the type of its value too, but not whether it is an error, or
//! how one is shown: it looks here. So a thread carries nothing for this, and one that does not
//! fail does nothing for it.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;

/// What is said of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub(crate) error: String,
    pub(crate) sources: Vec<String>,
}

/// How values of type `R` are told of.
pub trait Tells<R> {
    /// Is this value an error?
    fn is_error(value: &R) -> bool;
    /// What is said of it; `None` if it is no error.
    fn tell(value: &R) -> Option<Told>;
}

/// Tells of a value of the type under whose number it stands.
type Teller = unsafe fn(NonNull<()>) -> Option<Told>;

/// The types that are known.
#[derive(Default)]
pub(crate) struct Tellers {
    of_types: RefCell<HashMap<TypeId, Teller>>,
    /// The one that was noted last: an error that goes up through several functions comes by
    /// several times.
    last: Cell<Option<TypeId>>,
}

impl Tellers {
    /// Notes how values of type `R` are told of.
    pub(crate) fn note<R, K: Tells<R>>(&self) {
        let id = type_id::<R>();
        if self.last.replace(Some(id)) != Some(id) {
            self.of_types.borrow_mut().insert(id, tell::<R, K>);
        }
    }

    /// What is to be said of `value`, if it is known to be an error.
    pub(crate) fn tell<R: 'static>(&self, value: &R) -> Option<Told> {
        // Copied out, because telling is the user's code, which may note another.
        let teller = self.of_types.borrow().get(&TypeId::of::<R>()).copied()?;
        // SAFETY: what stands under this number was made by `note` for a type that differs from `R`
        // in its lifetimes at most, which `tell` allows; `value` is a valid reference.
        unsafe { teller(NonNull::from(value).cast()) }
    }
}

/// # Safety
///
/// `value` is a valid reference to an `R` whose lifetimes are replaced by `'static` (or to just an
/// `R`).
///
/// That is enough: what code there is for a type does not depend on its lifetimes, and an
/// implementation that holds for some lifetimes holds for `'static` too, since no bound can ask
/// that a lifetime be short.
unsafe fn tell<R, K: Tells<R>>(value: NonNull<()>) -> Option<Told> {
    // SAFETY: the caller's precondition.
    K::tell(unsafe { value.cast::<R>().as_ref() })
}

/// The number of a type, of which its lifetimes are no part: that of the same type with `'static`
/// in their place.
fn type_id<R>() -> TypeId {
    trait HasId {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }

    impl<R> HasId for PhantomData<R> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<R>()
        }
    }

    let of: &dyn HasId = &PhantomData::<R>;
    // SAFETY: both are references to a trait object of one trait, alike in layout and vtable. The
    // value behind is a `PhantomData`, which holds no borrow that could have ended, and the
    // reference is used in this expression alone. All that is called with it gives a number, which
    // the compiler makes of the type without its lifetimes.
    unsafe { mem::transmute::<&dyn HasId, &(dyn HasId + 'static)>(of) }.id()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::any::TypeId;

    use super::{Tellers, Tells, Told, type_id};

    struct Word;

    impl Tells<Result<(), &str>> for Word {
        fn is_error(value: &Result<(), &str>) -> bool {
            value.is_err()
        }

        fn tell(value: &Result<(), &str>) -> Option<Told> {
            let error = value.err()?;
            Some(Told { error: error.to_owned(), sources: Vec::new() })
        }
    }

    fn note_from_within<'a>(tellers: &Tellers, _lifetime: &'a str) {
        tellers.note::<Result<(), &'a str>, Word>();
    }

    #[test]
    fn the_number_of_a_type_does_not_depend_on_lifetimes() {
        fn of_a_borrow<'a>(_: &'a str) -> TypeId {
            type_id::<&'a str>()
        }
        assert_eq!(of_a_borrow(&String::from("short")), TypeId::of::<&'static str>());
        assert_ne!(type_id::<Result<(), String>>(), type_id::<Result<(), &str>>());
    }

    #[test]
    fn what_a_borrowing_function_noted_tells_of_a_value_that_borrows_nothing() {
        let tellers = Tellers::default();
        assert_eq!(tellers.tell(&Err::<(), &'static str>("lost")), None);
        note_from_within(&tellers, &String::from("short"));
        let told = tellers.tell(&Err::<(), &'static str>("lost"));
        assert_eq!(told.map(|told| told.error).as_deref(), Some("lost"));
        assert_eq!(tellers.tell(&Ok::<(), &'static str>(())), None);
    }
}
