//! Any number of calls that one thread drives beside each other, each polled only when it was
//! woken.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::thread;

use crate::hub::branch::Own;
use crate::hub::subtask::SubtaskQueue;
use crate::hub::task::Subtask;
use crate::hub::{Hub, current};

/// What a panic brings.
pub(crate) type Payload = Box<dyn Any + Send>;

/// The calls, and the line of those that were woken.
///
/// All functions leave the cell unborrowed while they poll or drop a call.
pub(crate) struct Branches<C: Future> {
    ready: Rc<SubtaskQueue>,
    places: RefCell<Vec<Slot<C>>>,
    free: RefCell<Vec<u32>>,
    live: Cell<usize>,
    made: Cell<u64>,
    is_closed: Cell<bool>,
    /// How many kills stand on each other's stack.
    kills: Cell<u32>,
    /// Those that would stand too deep: the deepest works them off.
    later: RefCell<VecDeque<BranchKey>>,
}

/// Room for so many branches is kept.
const ROOM_KEPT: usize = 1024;

/// How many kills may stand on each other's stack. (For those of whole threads, see `hub/flat.rs`.)
const DEEPEST: u32 = 64;

enum Slot<C: Future> {
    Free,
    Here(Branch<C>),
    /// It is being polled, further up the call stack.
    Away {
        number: u64,
        is_killed: bool,
    },
}

struct Branch<C: Future> {
    /// The first is 1.
    number: u64,
    task: Subtask,
    call: C,
    own: Own,
    is_started: bool,
    /// Its value, if it ended in a trace poll: a future of another executor cannot tell that from a
    /// real one.
    early: Option<thread::Result<C::Output>>,
}

/// Which branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BranchKey {
    index: u32,
    number: u64,
}

impl BranchKey {
    /// Counted from 1, in the order in which the branches were made.
    pub(crate) fn number(self) -> u64 {
        self.number
    }
}

/// A branch that has ended.
pub(crate) struct EndedBranch<T> {
    /// Which place it had; places are used again.
    pub(crate) index: usize,
    pub(crate) result: thread::Result<T>,
}

impl<C: Future + Unpin> Branches<C> {
    pub(crate) fn new() -> Self {
        Branches {
            ready: SubtaskQueue::new(),
            places: RefCell::default(),
            free: RefCell::default(),
            live: Cell::new(0),
            made: Cell::new(0),
            is_closed: Cell::new(false),
            kills: Cell::new(0),
            later: RefCell::default(),
        }
    }

    /// The queue of those that are ready.
    pub(crate) fn ready(&self) -> &Rc<SubtaskQueue> {
        &self.ready
    }

    /// How many have not ended.
    pub(crate) fn len(&self) -> usize {
        self.live.get()
    }

    /// Adds a call, which begins when its turn comes. Gives it back if the branches are
    /// [closed](Self::close).
    pub(crate) fn add(&self, call: C) -> Result<BranchKey, C> {
        if self.is_closed.get() {
            return Err(call);
        }
        let number = self.made.get() + 1;
        self.made.set(number);
        self.live.set(self.live.get() + 1);
        current::with(|hub| {
            let task = new_subtask(hub, &self.ready);
            let own = Own::inherited(hub);
            let branch = Branch { number, task: task.clone(), call, own, is_started: false, early: None };
            let index = self.insert(Slot::Here(branch));
            task.set_place(index);
            task.wake();
            Ok(BranchKey { index, number })
        })
    }

    fn insert(&self, place: Slot<C>) -> u32 {
        let mut places = self.places.borrow_mut();
        if let Some(index) = self.free.borrow_mut().pop() {
            places[index as usize] = place;
            return index;
        }
        places.push(place);
        u32::try_from(places.len() - 1).expect("fewer than 2^32 branches of one thread")
    }

    /// Polls a branch that was taken from the ready queue of its thread, until it suspends or ends.
    pub(crate) fn resume(&self, hub: &Rc<Hub>, task: &Subtask) -> Option<EndedBranch<C::Output>> {
        if task.is_done() {
            return None;
        }
        let index = task.place();
        let mut branch = self.take(index)?;
        branch.is_started = true;
        let polled = match branch.early.take() {
            Some(result) => result.map(Poll::Ready),
            None => task.with_context(|cx| poll_branch(hub, &mut branch, cx)),
        };
        let result = match polled {
            Ok(Poll::Pending) => return self.put_back(index, branch),
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(payload),
        };
        self.vacate(index);
        let dropped = branch.end();
        let result = result.and_then(|value| dropped.map(|()| value));
        Some(EndedBranch { index: index as usize, result })
    }

    fn take(&self, index: u32) -> Option<Branch<C>> {
        let mut places = self.places.borrow_mut();
        let place = places.get_mut(index as usize)?;
        let Slot::Here(branch) = place else { return None };
        let away = Slot::Away { number: branch.number, is_killed: false };
        let Slot::Here(branch) = std::mem::replace(place, away) else { return None };
        Some(branch)
    }

    /// A branch has suspended. It may have been killed while it ran.
    fn put_back(&self, index: u32, branch: Branch<C>) -> Option<EndedBranch<C::Output>> {
        let mut places = self.places.borrow_mut();
        let place = &mut places[index as usize];
        if !matches!(place, Slot::Away { is_killed: true, .. }) {
            *place = Slot::Here(branch);
            return None;
        }
        drop(places);
        self.vacate(index);
        let dropped = branch.end();
        dropped.err().map(|payload| EndedBranch { index: index as usize, result: Err(payload) })
    }

    fn vacate(&self, index: u32) {
        self.places.borrow_mut()[index as usize] = Slot::Free;
        self.free.borrow_mut().push(index);
        self.live.set(self.live.get() - 1);
        if self.live.get() == 0 {
            self.give_back_room();
        }
    }

    /// After a peak, when nobody has a place.
    fn give_back_room(&self) {
        let mut places = self.places.borrow_mut();
        if places.capacity() > ROOM_KEPT {
            *places = Vec::new();
            *self.free.borrow_mut() = Vec::new();
        }
    }

    /// Has the branch begun?
    pub(crate) fn is_started(&self, key: BranchKey) -> bool {
        match self.places.borrow().get(key.index as usize) {
            Some(Slot::Here(branch)) if branch.number == key.number => branch.is_started,
            _ => true,
        }
    }

    /// Ends a branch: at once if it is suspended, at its next suspension if it runs. Kills that
    /// destructors make stand on each other's stack up to a depth; what the deepest sets off is
    /// worked off before it returns.
    ///
    /// # Errors
    ///
    /// The first panic of a destructor.
    pub(crate) fn kill(&self, key: BranchKey) -> thread::Result<()> {
        let depth = self.kills.get();
        if depth == DEEPEST {
            self.later.borrow_mut().push_back(key);
            return Ok(());
        }
        self.kills.set(depth + 1);
        let mut killed = self.kill_now(key);
        while depth + 1 == DEEPEST
            && let Some(key) = self.next_kill()
        {
            let next = self.kill_now(key);
            killed = killed.and(next);
        }
        self.kills.set(depth);
        killed
    }

    fn next_kill(&self) -> Option<BranchKey> {
        self.later.borrow_mut().pop_front()
    }

    fn kill_now(&self, key: BranchKey) -> thread::Result<()> {
        let mut places = self.places.borrow_mut();
        match places.get_mut(key.index as usize) {
            Some(Slot::Away { number, is_killed }) if *number == key.number => {
                *is_killed = true;
                return Ok(());
            }
            Some(Slot::Here(branch)) if branch.number == key.number => {}
            _ => return Ok(()),
        }
        drop(places);
        let Some(branch) = self.take(key.index) else { return Ok(()) };
        self.vacate(key.index);
        let dropped = branch.end();
        // Nobody else may be left to end.
        self.ready.wake_driver();
        dropped
    }

    /// Notes where each branch stands, and disturbs none.
    pub(crate) fn trace(&self, hub: &Rc<Hub>, cx: &mut Context<'_>) {
        for index in self.in_order() {
            if let Some(branch) = self.take(index) {
                self.trace_branch(hub, index, branch, cx);
            }
        }
    }

    fn trace_branch(&self, hub: &Rc<Hub>, index: u32, mut branch: Branch<C>, cx: &mut Context<'_>) {
        let name = branch.number;
        let mut early = branch.early.take();
        let is_settled = hub.note_branch(format_args!("branch {name}"), || {
            if early.is_some() {
                hub.note_wait(format_args!("for its next turn"), false);
            } else if !branch.is_started {
                hub.note_wait(format_args!("for its turn to begin"), true);
            } else if !hub.leaves_alone(branch.task.as_task()) {
                early = match poll_branch(hub, &mut branch, cx) {
                    Ok(Poll::Pending) => None,
                    Ok(Poll::Ready(value)) => Some(Ok(value)),
                    Err(payload) => Some(Err(payload)),
                };
            }
        });
        branch.early = early;
        if !is_settled {
            branch.task.wake();
        }
        // A branch in a trace poll does not run, so that nothing in it can kill it.
        let _ = self.put_back(index, branch);
    }

    /// The places of all branches that wait, the oldest first.
    fn in_order(&self) -> Vec<u32> {
        let places = self.places.borrow();
        let numbers = places.iter().zip(0..).filter_map(|(place, index)| match place {
            Slot::Here(branch) => Some((branch.number, index)),
            _ => None,
        });
        let mut numbers: Vec<(u64, u32)> = numbers.collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|(_, index)| index).collect()
    }

    /// Ends all branches, the oldest first, and takes no more.
    ///
    /// # Errors
    ///
    /// The first panic of a destructor, after all have ended.
    pub(crate) fn close(&self) -> thread::Result<()> {
        self.is_closed.set(true);
        let mut closed = Ok(());
        for index in self.in_order() {
            if let Some(branch) = self.take(index) {
                self.vacate(index);
                let dropped = branch.end();
                closed = closed.and(dropped);
            }
        }
        self.ready.clear();
        closed
    }
}

impl<C: Future> Branch<C> {
    /// Drops the call, destructors included. It may be the end of the hub that ends the branch.
    fn end(self) -> thread::Result<()> {
        self.task.end();
        let (call, mut own) = ((self.call, self.early), self.own);
        // With the hub gone nobody asks whose values there are, and the closure drops the call all
        // the same.
        let drop_all = || {
            current::try_with(|hub| hub.in_branch(&mut own, || drop(call)));
            drop(own);
        };
        catch_unwind(AssertUnwindSafe(drop_all))
    }
}

/// A subtask of the running thread.
pub(crate) fn new_subtask(hub: &Rc<Hub>, queue: &Rc<SubtaskQueue>) -> Subtask {
    let id = hub.current().map_or(0, |thread| thread.id());
    Subtask::new(&hub.remote, id, queue)
}

fn poll_branch<C: Future + Unpin>(
    hub: &Rc<Hub>,
    branch: &mut Branch<C>,
    cx: &mut Context<'_>,
) -> thread::Result<Poll<C::Output>> {
    let Branch { own, call, .. } = branch;
    catch_unwind(AssertUnwindSafe(|| hub.in_branch(own, || Pin::new(call).poll(cx))))
}

/// Raises the panic of a destructor, unless another panic is on its way.
pub(crate) fn raise_unless_panicking(closed: thread::Result<()>) {
    match closed {
        Err(payload) if thread::panicking() => std::mem::forget(payload),
        Err(payload) => resume_unwind(payload),
        Ok(()) => {}
    }
}
