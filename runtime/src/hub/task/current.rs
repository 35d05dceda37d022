//! Which task is being resumed.

use std::cell::Cell;
use std::ptr::NonNull;

use super::super::replaced::Replaced;
use super::TaskRef;
use super::cell::Header;

/// The task at work on an OS thread, if one is. It is not counted here: whoever resumes it holds
/// it.
#[derive(Default)]
pub(crate) struct CurrentTask {
    /// # Invariant
    ///
    /// Points to the header of the task that an enclosing [`during`](Self::during) has borrowed.
    header: Cell<Option<NonNull<Header>>>,
}

impl CurrentTask {
    /// Calls `f` while `task` is the current one. The one before is it again afterwards, panic or
    /// not.
    #[inline]
    pub(crate) fn during<R>(&self, task: &TaskRef, f: impl FnOnce() -> R) -> R {
        let _restored = Replaced::new(&self.header, Some(task.0));
        f()
    }

    pub(crate) fn get(&self) -> Option<TaskRef> {
        // SAFETY: by the invariant a caller further up the stack holds a counted reference to it.
        self.header.get().map(|header| unsafe { TaskRef::count(header) })
    }
}
