//! What few tasks have: a name, links, values of their own, threads that wait for the end.
//! Allocated when the first of them is needed.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::hub::exit::{Exit, Reason};
use crate::hub::exit_scope::ExitScope;
use crate::hub::wait_queue::WaitList;

/// The rarely used part of a task.
#[derive(Default)]
pub(crate) struct Cold {
    pub(crate) name: Option<Rc<str>>,
    /// Which task spawned it, if that is tracked.
    pub(crate) spawner: Option<u64>,
    pub(crate) joiners: WaitList,
    pub(crate) links: VecDeque<(u64, Link)>,
    pub(crate) links_made: u64,
    /// How it ended, for those who ask without a right to its result.
    pub(crate) exit: Option<Exit>,
    /// Who hears of kills, and why they were made.
    pub(crate) exits: Option<Box<Exits>>,
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

/// What has to do with kills, in a thread that catches one or was killed with a reason.
#[derive(Default)]
pub(crate) struct Exits {
    /// Why it was killed, until that is known inside.
    pub(crate) reason: Option<Reason>,
    /// The `catch_exit`s that it stands in, in the order in which they were entered.
    pub(crate) scopes: BTreeMap<u64, Rc<ExitScope>>,
    pub(crate) scopes_made: u64,
}

impl Cold {
    pub(crate) fn exits(&mut self) -> &mut Exits {
        self.exits.get_or_insert_default()
    }

    /// Does it have values of its own, or anything else that ends with the thread?
    pub(in crate::hub) fn has_own(&self) -> bool {
        !self.locals.is_empty() || self.context.is_some() || self.exits.is_some()
    }
}

/// Values by the addresses of their keys, shared until one of the sharers sets one.
pub(crate) type Context = Rc<[(usize, Rc<dyn Any>)]>;

/// What runs when a task ends.
pub(crate) type Link = Box<dyn FnOnce()>;
