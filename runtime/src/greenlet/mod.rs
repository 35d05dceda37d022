//! Raw coroutines, which pass control to each other by name: Python's `greenlet`.
//!
//! A [`Greenlet`] runs when somebody [switches](Greenlet::switch) to it, until it switches to
//! somebody else; the hub has no part in it. Green threads are better at nearly everything. A raw
//! coroutine is for generators, parsers and simulations, in which one side must run until just the
//! point where the other has to.
//!
//! ```
//! use eventlet::green;
//! use eventlet::greenlet::{Greenlet, Thrown, getcurrent};
//!
//! #[green]
//! fn count(limit: u32) -> Result<&'static str, Thrown> {
//!     let parent = getcurrent().parent().expect("a greenlet has a parent");
//!     for n in 0..limit {
//!         let answer = parent.switch(n)?;
//!         assert_eq!(answer.take::<&str>(), "go on");
//!     }
//!     Ok("done")
//! }
//!
//! // Ordinary code:
//! let counter = Greenlet::new(count);
//! assert_eq!(counter.switch_in_place(2_u32).unwrap().take::<u32>(), 0);
//! assert_eq!(counter.switch_in_place("go on").unwrap().take::<u32>(), 1);
//! assert_eq!(counter.switch_in_place("go on").unwrap().take::<&str>(), "done");
//! assert!(counter.is_dead());
//! ```
//!
//! # What is different without stacks
//!
//! * A greenlet is made of green code. It can pass control on only where a green function can
//!   suspend: not from inside an ordinary closure, a destructor or an iterator.
//! * Values are checked when they are [taken](Value::take), since both sides of a switch choose
//!   their types.
//! * An exception is a [`Thrown`], the error of the switch at which the greenlet stands; a panic
//!   ends the greenlet and goes on in its parent.
//! * A greenlet that waits for the hub (sleeps, reads) makes whoever switched to it wait as well.
//!   In ordinary code there is no hub to wait for: [`switch_in_place`](Greenlet::switch_in_place)
//!   panics.
//! * Dropping the last handle on a suspended greenlet drops its state, destructors included; they
//!   cannot suspend, and no [`GreenletExit`](struct@GreenletExit) is thrown.
//!
//! ```text
//!  mod.rs     Greenlet: made, asked, switched to      value.rs   what is switched
//!  driver.rs  the trampoline: who goes on next         trace.rs   seeing every switch
//! ```

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use crate::call::{Green, GreenCall};

mod driver;
mod trace;
mod value;

pub use crate::greenthread::GreenletExit;
pub use trace::{Trace, Transfer};
pub use value::{CyclicParent, InvalidSwitch, Thrown, Value};

use crate::green;
use driver::{Passed, Switch, state};

/// A raw coroutine. Clones are handles on one; it stays on its OS thread.
///
/// Its *parent*, to which control goes when it ends, is the greenlet that made it. Code outside of
/// any greenlet counts as one as well, the *main* greenlet, which is whoever switches into the
/// others at that time.
///
/// A greenlet lives as long as a handle that [`new`](Self::new) gave, or a clone of it. The handles
/// that [`getcurrent`] and [`parent`](Self::parent) give do not keep it, so that one may hold its
/// own; with the last other handle gone it is dead.
#[derive(Clone)]
pub struct Greenlet {
    inner: Rc<Inner>,
    /// Ends the greenlet with the last handle that has it.
    _owner: Option<Rc<Owner>>,
}

struct Inner {
    state: Cell<State>,
    /// No handle keeps it any more.
    is_orphan: Cell<bool>,
    start: Cell<Option<Start>>,
    /// `None` before it starts, while it runs, and when it is dead.
    body: Cell<Option<Body>>,
    /// What was switched to it and has not been taken yet.
    inbox: Rc<Cell<Option<Passed>>>,
    parent: RefCell<Weak<Inner>>,
}

struct Owner(Rc<Inner>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.is_orphan.set(true);
        // One that is at work ends when it next passes control on.
        if self.0.state.get() != State::Active {
            driver::end(&self.0);
        }
    }
}

type Start = Box<dyn FnOnce(Value) -> Body>;
type Body = Pin<Box<dyn Future<Output = Result<Value, Thrown>>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The code outside of all greenlets.
    Main,
    Unstarted,
    /// It has switched to somebody else.
    Suspended,
    /// It runs, or waits for the hub, or has called ordinary code that drives another greenlet.
    Active,
    Dead,
}

impl Greenlet {
    /// A greenlet that begins when it is first switched to: with `f`, which gets the value of that
    /// switch.
    ///
    /// The call that `f` makes gives the value that goes to the parent at the end, or the error
    /// that is thrown into it. A body that takes nothing is given `|()| body()`, and `switch(())`.
    pub fn new<A, F, G, T>(f: F) -> Self
    where
        A: Any,
        F: FnOnce(A) -> G + 'static,
        G: GreenCall<Value = Result<T, Thrown>> + 'static,
        T: Any,
    {
        let start = move |first: Value| -> Body {
            let call = f(first.take());
            Box::pin(async move { call.await.map(Value::new) })
        };
        let inner = Inner::in_state(State::Unstarted);
        inner.start.set(Some(Box::new(start)));
        *inner.parent.borrow_mut() = Rc::downgrade(&getcurrent().inner);
        let owner = Rc::new(Owner(inner.clone()));
        Greenlet { inner, _owner: Some(owner) }
    }

    /// Passes control to this greenlet, with a value. Suspends the running one, until somebody
    /// switches to it.
    ///
    /// Gives the value of that switch. Which greenlet it comes from does not matter: of two that
    /// were switched to in turn either may be the one that switches back. From the main greenlet
    /// this waits for the hub whenever the greenlet that runs does, so other green threads go on.
    ///
    /// A switch to a dead greenlet passes control to its nearest ancestor that lives. A switch to
    /// the running one gives the value back.
    ///
    /// # Cancel safety
    ///
    /// A kill or a timeout that reaches the main greenlet here ends the greenlet that waits for the
    /// hub at that time, destructors included.
    ///
    /// # Errors
    ///
    /// What was [thrown](Self::throw) into the running greenlet, or came out of one whose parent it
    /// is; [`InvalidSwitch`].
    ///
    /// # Panics
    ///
    /// Raises the panic of a greenlet whose parent the running one is.
    #[green(by_hand = "it captures no more than it says")]
    pub fn switch<V: Any>(&self, value: V) -> Green<impl Future<Output = Result<Value, Thrown>> + use<V>> {
        Green::new(Switch::new(self.clone(), Passed::Value(Value::new(value))))
    }

    /// Passes control to this greenlet, with an error: the switch at which it stands gives `Err`.
    /// Suspends the running one, until somebody switches to it.
    ///
    /// The greenlet may go on, clean up, switch, or end with the error, which is thrown into its
    /// parent then. One that has not begun never begins, and one that is dead stays so: the error
    /// goes to the parent at once. A [`GreenletExit`](struct@GreenletExit) that ends a greenlet is
    /// the value of the parent's switch, not an error.
    ///
    /// Errors and panics are those of [`switch`](Self::switch).
    ///
    /// # Cancel safety
    ///
    /// As in [`switch`](Self::switch).
    #[green(by_hand = "it captures no more than it says")]
    pub fn throw<E: Into<Thrown>>(
        &self,
        error: E,
    ) -> Green<impl Future<Output = Result<Value, Thrown>> + use<E>> {
        Green::new(Switch::new(self.clone(), Passed::Thrown(error.into())))
    }

    /// [`switch`](Self::switch) for ordinary code: returns when control comes back. Does not
    /// suspend, and needs no hub.
    ///
    /// In ordinary code that a greenlet has called, that greenlet is the one to which control comes
    /// back; also when one ends whose parent is further up the stack.
    ///
    /// # Errors
    ///
    /// As [`switch`](Self::switch).
    ///
    /// # Panics
    ///
    /// As [`switch`](Self::switch); and if a greenlet waits for the hub, since nobody takes turns
    /// here: `eventlet::run(|| greenlet.switch(value))` does.
    #[track_caller]
    pub fn switch_in_place<V: Any>(&self, value: V) -> Result<Value, Thrown> {
        driver::in_place(self, Passed::Value(Value::new(value)))
    }

    /// [`throw`](Self::throw) for ordinary code, as [`switch_in_place`](Self::switch_in_place).
    ///
    /// # Errors
    ///
    /// As [`switch_in_place`](Self::switch_in_place).
    ///
    /// # Panics
    ///
    /// As [`switch_in_place`](Self::switch_in_place).
    #[track_caller]
    pub fn throw_in_place(&self, error: impl Into<Thrown>) -> Result<Value, Thrown> {
        driver::in_place(self, Passed::Thrown(error.into()))
    }

    /// The greenlet to which control goes when this one ends; the main one has none.
    ///
    /// If the parent is gone, the main one takes its place.
    pub fn parent(&self) -> Option<Greenlet> {
        if self.is_main() {
            return None;
        }
        let parent = self.inner.parent.borrow().upgrade();
        Some(parent.map_or_else(|| state().main.clone(), |inner| Greenlet { inner, _owner: None }))
    }

    /// Chooses the greenlet to which control goes when this one ends.
    ///
    /// # Errors
    ///
    /// [`CyclicParent`] if `parent` is this greenlet or one of its descendants, and for the main
    /// greenlet.
    pub fn set_parent(&self, parent: &Greenlet) -> Result<(), CyclicParent> {
        let mut ancestor = Some(parent.clone());
        while let Some(greenlet) = ancestor {
            if greenlet == *self {
                return Err(CyclicParent);
            }
            ancestor = greenlet.parent();
        }
        *self.inner.parent.borrow_mut() = Rc::downgrade(&parent.inner);
        Ok(())
    }

    /// Has it ended, or will it never begin?
    pub fn is_dead(&self) -> bool {
        self.inner.state.get() == State::Dead
    }

    /// Has it begun, and not ended? Python's `bool(greenlet)`.
    pub fn is_active(&self) -> bool {
        !matches!(self.inner.state.get(), State::Unstarted | State::Dead)
    }

    fn is_main(&self) -> bool {
        self.inner.state.get() == State::Main
    }
}

/// The greenlet that runs: the main one outside of all others.
///
/// greenlet's `getcurrent`. The running green thread is
/// [`greenthread::current`](crate::greenthread::current).
pub fn getcurrent() -> Greenlet {
    state().current()
}

impl Inner {
    fn in_state(state: State) -> Rc<Self> {
        Rc::new(Inner {
            state: Cell::new(state),
            is_orphan: Cell::new(false),
            start: Cell::new(None),
            body: Cell::new(None),
            inbox: Rc::default(),
            parent: RefCell::default(),
        })
    }
}

impl PartialEq for Greenlet {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Greenlet {}

impl fmt::Debug for Greenlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Greenlet").field(&self.inner.state.get()).finish()
    }
}

/// Calls `trace` at every switch between greenlets of this OS thread, just before the target goes
/// on; `None` ends that. Gives the one before. Does not suspend.
///
/// A `trace` that panics is not called again; what it panics with is printed and goes no further. A
/// greenlet that ends passes control to its parent, which is a switch as well.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use eventlet::greenlet::{Greenlet, Thrown, Transfer, settrace};
///
/// async fn body() -> Result<(), Thrown> {
///     Ok(())
/// }
///
/// let seen = Rc::new(RefCell::new(vec![]));
/// let log = seen.clone();
/// settrace(Some(Rc::new(move |transfer, _origin, _target| log.borrow_mut().push(transfer))));
/// Greenlet::new(|()| body()).switch_in_place(()).unwrap();
/// settrace(None);
/// assert_eq!(*seen.borrow(), [Transfer::Switch, Transfer::Switch]);
/// ```
///
/// greenlet's `settrace`.
pub fn settrace(trace: Option<Trace>) -> Option<Trace> {
    state().trace.replace(trace)
}

/// The function that is called now.
///
/// greenlet's `gettrace`.
pub fn gettrace() -> Option<Trace> {
    state().trace.borrow().clone()
}
