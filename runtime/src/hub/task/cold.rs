//! What few tasks have: a name, links, values of their own, threads that wait for the end. Allocated when the first of
//! them is needed.

use std::any::Any;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::hub::exit::Exit;
use crate::hub::wait_queue::WaitList;

/// The rarely used part of a task.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) name: Option<Rc<str>>,
    /// Which task spawned it, if that is tracked.
    pub(crate) spawner: Option<u64>,
    pub(crate) joiners: WaitList,
    pub(crate) links: VecDeque<(u64, Link)>,
    pub(crate) links_made: u64,
    /// How it ended, for those who ask without a right to its result.
    pub(crate) exit: Option<Exit>,
    /// Values of its own, by the addresses of their keys.
    pub(crate) locals: Vec<(usize, Rc<dyn Any>)>,
    /// Whether it may go on at once where it parks next.
    pub(crate) parking: Option<Box<Parking>>,
    /// Values that it hands on to the tasks that it spawns.
    pub(crate) context: Option<Context>,
}

/// What parks a task, and lets it go on.
#[derive(Default)]
pub(crate) struct Parking {
    pub(crate) has_token: bool,
    /// The task itself, or branches of it.
    pub(crate) line: WaitList,
}

/// Values by the addresses of their keys, shared until one of the sharers sets one.
pub(crate) type Context = Rc<[(usize, Rc<dyn Any>)]>;

/// What runs when a task ends.
pub(crate) type Link = Box<dyn FnOnce()>;
