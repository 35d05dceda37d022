//! What is switched: a value of any type, or an error.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;

use crate::greenthread::GreenletExit;

/// A value on its way from one greenlet to another. Whoever gets it says which type it is.
pub struct Value {
    value: Box<dyn Any>,
    type_name: &'static str,
}

impl Value {
    /// Wraps a value. A [`Value`] stays what it is, so one that came in can be handed on.
    pub fn new<T: Any>(value: T) -> Self {
        let value: Box<dyn Any> = Box::new(value);
        match value.downcast::<Value>() {
            Ok(value) => *value,
            Err(value) => Value { value, type_name: type_name::<T>() },
        }
    }

    /// Is it a `T`?
    pub fn is<T: Any>(&self) -> bool {
        self.value.is::<T>()
    }

    /// Takes it out.
    ///
    /// # Panics
    ///
    /// If it is no `T`, with the type that it is.
    #[track_caller]
    pub fn take<T: Any>(self) -> T {
        match self.downcast() {
            Ok(value) => value,
            Err(value) => {
                panic!(
                    "a greenlet was switched a `{}` where it takes a `{}`",
                    value.type_name,
                    type_name::<T>()
                )
            }
        }
    }

    /// Takes it out if it is a `T`.
    ///
    /// # Errors
    ///
    /// The value comes back if it is something else.
    pub fn downcast<T: Any>(self) -> Result<T, Value> {
        let Value { value, type_name } = self;
        match value.downcast::<T>() {
            Ok(value) => Ok(*value),
            Err(value) => Err(Value { value, type_name }),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.type_name)
    }
}

/// An error that was thrown into a greenlet, or came out of one that it ended.
///
/// Any error becomes one by `?`.
pub struct Thrown(Box<dyn Error>);

impl Thrown {
    /// Wraps an error.
    pub fn new(error: impl Into<Box<dyn Error>>) -> Self {
        Thrown(error.into())
    }

    /// The error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// The error.
    pub fn into_inner(self) -> Box<dyn Error> {
        self.0
    }

    /// Is it the order to end, [`GreenletExit`](struct@GreenletExit)?
    pub fn is_exit(&self) -> bool {
        self.0.is::<GreenletExit>()
    }
}

// `Thrown` is no `Error` itself, so that this does not collide with the conversion of a type into
// itself.
impl<E: Error + 'static> From<E> for Thrown {
    fn from(error: E) -> Self {
        Thrown(Box::new(error))
    }
}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The error of a switch to a greenlet that cannot be switched to: it runs, or waits for the hub,
/// further up the stack or in another green thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSwitch;

impl fmt::Display for InvalidSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the greenlet is at work elsewhere: it runs further up the stack, or waits for the hub in another green thread",
        )
    }
}

impl Error for InvalidSwitch {}

/// The error of [`set_parent`](super::Greenlet::set_parent): the parent would be a descendant, or
/// the greenlet itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CyclicParent;

impl fmt::Display for CyclicParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a greenlet cannot be its own ancestor")
    }
}

impl Error for CyclicParent {}
