//! What belongs to a branch alone, while its thread drives others beside it: the values that it
//! sets, and whether a kill asks it.

use std::any::Any;
use std::rc::Rc;

use super::Hub;
use super::exit_scope::ExitScope;
use super::task::TaskRef;
use super::task::cold::Context;

/// The values of a branch, while another one runs. Mostly there are none.
#[derive(Default)]
pub(crate) struct Own(Option<Box<Values>>);

#[derive(Default)]
struct Values {
    context: Option<Context>,
    locals: Vec<(usize, Rc<dyn Any>)>,
}

impl Own {
    /// What a branch begins with: the context of whoever makes it.
    pub(crate) fn inherited(hub: &Hub) -> Self {
        if !hub.has_contexts.get() {
            return Own(None);
        }
        let context = hub.current().and_then(|task| task.if_cold(|cold| cold.context.clone()).flatten());
        Own(Some(Box::new(Values { context, locals: Vec::new() })))
    }
}

impl Hub {
    /// Calls `f` as a branch of the running thread, which has `own`. A panic goes through.
    pub(crate) fn in_branch<R>(self: &Rc<Self>, own: &mut Own, f: impl FnOnce() -> R) -> R {
        let outer_scope = self.scheduler.exit_scope.take();
        let was_shielded =
            self.scheduler.shielded.replace(self.scheduler.shielded.get() || outer_scope.is_some());
        let layer = self.has_values().then(|| Layer::begin(self, own)).flatten();
        let _left = LeavesBranch { hub: self, own, layer, outer_scope, was_shielded };
        f()
    }

    /// Would a kill end the running branch without asking it? So it is where a `catch_exit` stands
    /// around the branches.
    pub(crate) fn is_shielded(&self) -> bool {
        self.scheduler.shielded.get()
    }

    fn has_values(&self) -> bool {
        self.has_contexts.get() || self.has_locals.get()
    }
}

/// What the thread has beside the branch's.
struct Layer {
    task: TaskRef,
    context: Option<Context>,
    /// How many values of its own.
    locals: usize,
}

impl Layer {
    /// Puts what the branch has upon what its thread has.
    #[cold]
    fn begin(hub: &Hub, own: &mut Own) -> Option<Layer> {
        let task = hub.current()?;
        let outer = task.if_cold(|cold| (cold.context.clone(), cold.locals.len()));
        let (context, locals) = outer.unwrap_or_default();
        if let Some(values) = &mut own.0 {
            task.with_cold(|cold| {
                cold.context = values.context.take();
                cold.locals.append(&mut values.locals);
            });
        }
        Some(Layer { task, context, locals })
    }

    /// Takes what the branch has now.
    #[cold]
    fn end(self, own: &mut Own) {
        let Layer { task, context, locals } = self;
        let outer = context.as_ref().map(Rc::as_ptr);
        let left = task.if_cold(|cold| {
            let context = std::mem::replace(&mut cold.context, context);
            (context, cold.locals.split_off(locals.min(cold.locals.len())))
        });
        let (context, locals) = left.unwrap_or_default();
        if own.0.is_some() || !locals.is_empty() || context.as_ref().map(Rc::as_ptr) != outer {
            let values = own.0.get_or_insert_default();
            values.context = context;
            values.locals = locals;
        }
    }
}

/// Puts back what was before, panic or not.
struct LeavesBranch<'a> {
    hub: &'a Rc<Hub>,
    own: &'a mut Own,
    layer: Option<Layer>,
    outer_scope: Option<Rc<ExitScope>>,
    was_shielded: bool,
}

impl Drop for LeavesBranch<'_> {
    fn drop(&mut self) {
        self.hub.scheduler.shielded.set(self.was_shielded);
        self.hub.scheduler.exit_scope.set(self.outer_scope.take());
        if let Some(layer) = self.layer.take() {
            layer.end(self.own);
        } else if self.hub.has_values()
            && let Some(task) = self.hub.current()
        {
            // The first value of all was set in here: the thread had none.
            Layer { task, context: None, locals: 0 }.end(self.own);
        }
    }
}
