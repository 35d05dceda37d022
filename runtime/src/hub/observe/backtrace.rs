//! Where every suspended thread stands: which green functions it is in, called from where, waiting
//! for what.
//!
//! Nothing is stored for this. A thread is polled with a waker that says "trace only": each green
//! call notes its place on the way in, and whatever waits says what for and stays as it is.
//! (tokio's task dumps go the same way.) A future of another executor that is reached like this is
//! really polled, so a thread that stands in one is resumed once afterwards, as if it had been
//! woken for nothing.

use std::fmt::{self, Write};
use std::panic::Location;
use std::rc::Rc;

use crate::hub::Hub;
use crate::hub::current;
use crate::hub::task::{TaskRef, Waiter};

/// What something waits for that is left alone.
const HELD: &str = "for something that holds its waker: another OS thread, or another executor";

/// One green call of a suspended thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The name of the state machine's type.
    function: &'static str,
    /// Where it was called.
    caller: &'static Location<'static>,
}

/// What the present trace poll has found so far, and who wants to know.
#[derive(Default)]
pub(crate) struct Collector {
    found: Backtrace,
    /// Threads that wait to be told their own place.
    asked: Vec<(u64, Option<String>)>,
    /// What may wait for something of another executor is not polled.
    is_cautious: bool,
    /// Of places that have been read, for their memory.
    spare: Vec<Frame>,
}

/// Where a suspended thread stands, or a branch of one.
#[derive(Default)]
pub(crate) struct Backtrace {
    frames: Vec<Frame>,
    wait: Option<String>,
    is_settled: bool,
    /// What it drives beside each other, each with its name.
    branches: Vec<(String, Backtrace)>,
}

/// A green call is passed on the way in.
#[cold]
pub(crate) fn note_call(function: &'static str, caller: &'static Location<'static>) {
    current::try_with(|hub| hub.observe.collector.borrow_mut().found.frames.push(Frame { function, caller }));
}

impl Hub {
    /// A wait is reached. `is_settled` says that it is registered with whoever will wake it.
    pub(crate) fn note_wait(&self, wait: fmt::Arguments<'_>, is_settled: bool) {
        let wait = wait.to_string();
        let found = &mut self.observe.collector.borrow_mut().found;
        // Of several waits in one thread, each must have been asked.
        found.is_settled = is_settled && (found.is_settled || found.wait.is_none());
        // Of several (a timeout around a read), the first is what the thread really waits for.
        found.wait.get_or_insert(wait);
    }

    /// The call that was passed last is known to the user by another name than by its type's.
    pub(crate) fn name_call(&self, type_name: &str, name: &'static str) {
        let found = &mut self.observe.collector.borrow_mut().found;
        if let Some(frame) = found.frames.last_mut()
            && frame.function == type_name
        {
            frame.function = name;
        }
    }

    /// Is what `waits` stands for left alone, since somebody has a waker of it whom a poll could
    /// mislead? Then it is noted as that.
    pub(crate) fn leaves_alone(&self, waits: &TaskRef) -> bool {
        let is_left = self.observe.collector.borrow().is_cautious && waits.has_cloned_wakers();
        if is_left {
            self.note_wait(format_args!("{HELD}"), true);
        }
        is_left
    }

    /// A branch is reached, which is polled by `poll`: what that finds is noted apart. Gives
    /// whether the branch is registered with all that will wake it.
    pub(crate) fn note_branch(&self, name: fmt::Arguments<'_>, poll: impl FnOnce()) -> bool {
        let place = self.find(poll);
        let is_settled = place.is_settled;
        self.observe.collector.borrow_mut().found.branches.push((name.to_string(), place));
        is_settled
    }

    /// The branches of a thread were reached; this is what the thread waits for as a whole.
    pub(crate) fn note_branches(&self, wait: fmt::Arguments<'_>) {
        let is_settled =
            self.observe.collector.borrow().found.branches.iter().all(|(_, place)| place.is_settled);
        self.note_wait(wait, is_settled);
    }

    /// What is found while `poll` looks.
    pub(in crate::hub) fn find(&self, poll: impl FnOnce()) -> Backtrace {
        let mut collector = self.observe.collector.borrow_mut();
        let frames = std::mem::take(&mut collector.spare);
        let outer = std::mem::replace(&mut collector.found, Backtrace { frames, ..Backtrace::default() });
        drop(collector);
        poll();
        std::mem::replace(&mut self.observe.collector.borrow_mut().found, outer)
    }

    /// Where a suspended thread stands, without resuming what waits for another executor.
    pub(crate) fn cautious_backtrace_of(self: &Rc<Self>, task: &TaskRef) -> Option<Backtrace> {
        if task.has_cloned_wakers() {
            let place = Backtrace { wait: Some(HELD.to_owned()), is_settled: true, ..Backtrace::default() };
            return task.is_suspended().then_some(place);
        }
        let outer = std::mem::replace(&mut self.observe.collector.borrow_mut().is_cautious, true);
        let place = self.backtrace_of(task);
        self.observe.collector.borrow_mut().is_cautious = outer;
        place
    }

    /// Takes back what a place has been read from, for its memory.
    pub(crate) fn reuse(&self, place: Backtrace) {
        let mut frames = place.frames;
        frames.clear();
        self.observe.collector.borrow_mut().spare = frames;
    }

    /// Where a suspended thread stands.
    pub(crate) fn backtrace_of(self: &Rc<Self>, task: &TaskRef) -> Option<Backtrace> {
        let mut is_traced = false;
        let found = self.find(|| is_traced = self.trace(task));
        if !found.is_settled && is_traced {
            self.schedule(task);
        }
        is_traced.then_some(found)
    }

    /// "in green thread 3 at src/main.rs:7:9", for messages.
    pub(crate) fn place_of(self: &Rc<Self>, task: &TaskRef) -> String {
        let name = name_of(task);
        match self.backtrace_of(task).and_then(|place| place.users_line()) {
            Some(line) => format!("in {name} at {line}"),
            None => format!("in {name}"),
        }
    }

    /// Asks for the place at which `waiter` is about to suspend;
    /// [`take_own_place`](Self::take_own_place) has the answer when it is resumed, which this sees
    /// to.
    pub(crate) fn ask_own_place(&self, waiter: &Waiter) {
        if waiter.id() != 0 {
            self.observe.collector.borrow_mut().asked.push((waiter.id(), None));
            self.observe.is_watched.set(true);
        }
        self.wake_by_ref(waiter);
    }

    /// A task has suspended: if it asked for its place, here it is.
    #[cold]
    pub(in crate::hub) fn answer(self: &Rc<Self>, task: &TaskRef) {
        let is_open = |(id, answer): &(u64, Option<String>)| *id == task.id() && answer.is_none();
        let index = self.observe.collector.borrow().asked.iter().position(is_open);
        if let Some(index) = index {
            let place = self.place_of(task);
            self.observe.collector.borrow_mut().asked[index].1 = Some(place);
        }
        if self.observe.watch.is_on() {
            self.tell_suspended(task);
        }
    }

    /// Keeps the one flag true that a suspension asks.
    pub(in crate::hub) fn update_watched(&self) {
        self.observe
            .is_watched
            .set(self.observe.watch.is_on() || !self.observe.collector.borrow().asked.is_empty());
    }

    pub(crate) fn take_own_place(&self) -> Option<String> {
        let id = self.current()?.id();
        let mut collector = self.observe.collector.borrow_mut();
        let index = collector.asked.iter().position(|(asked, _)| *asked == id)?;
        let place = collector.asked.swap_remove(index).1;
        drop(collector);
        self.update_watched();
        place
    }

    /// Every thread that has not ended, and where it stands, as text.
    pub(crate) fn describe_threads(self: &Rc<Self>) -> String {
        let tasks = self.scheduler.tasks.borrow().all();
        let mut text = String::new();
        for task in tasks {
            // Writing to a string does not fail.
            let _ = self.describe_thread(&task, &mut text);
        }
        text
    }

    fn describe_thread(self: &Rc<Self>, task: &TaskRef, text: &mut String) -> fmt::Result {
        let name = name_of(task);
        if task.is_running() {
            return writeln!(text, "  {name} runs");
        }
        if !task.is_started() {
            let since = if task.is_scheduled() { "is ready to begin" } else { "waits for its time to begin" };
            return writeln!(text, "  {name} {since}");
        }
        match self.backtrace_of(task) {
            Some(place) => place.write(&name, 1, text),
            None => Ok(()),
        }
    }
}

/// A call as its user knows it: its function, and the line that calls it, unless that is one of
/// ours. `None` if both are.
pub(crate) fn as_the_user_sees(
    function: &str,
    caller: &'static Location<'static>,
) -> Option<(String, Option<&'static Location<'static>>)> {
    let function = readable(function);
    if !is_in_this_crate(caller) {
        Some((function, Some(caller)))
    } else {
        // No line of the user's calls it: it is what the thread was spawned with, or a callback.
        (!function.starts_with("eventlet::")).then_some((function, None))
    }
}

impl Frame {
    fn describe(&self, indent: usize, text: &mut String) -> fmt::Result {
        match as_the_user_sees(self.function, self.caller) {
            Some((function, Some(line))) => writeln!(text, "{:indent$}{function} called at {line}", ""),
            Some((function, None)) => writeln!(text, "{:indent$}{function}", ""),
            None => Ok(()),
        }
    }
}

impl Backtrace {
    /// The innermost line of the user's own code.
    pub(crate) fn users_line(&self) -> Option<&'static Location<'static>> {
        self.frames.iter().rev().map(|frame| frame.caller).find(|line| !is_in_this_crate(line))
    }

    /// The green function that the thread waits in, and the line, if it waits at a green call. An
    /// `.await` of something outside eventlet leaves no line.
    pub(in crate::hub) fn users_place(&self) -> (String, Option<&'static Location<'static>>) {
        let innermost = self.frames.iter().rposition(|frame| !is_in_this_crate(frame.caller));
        let (around, line) = match innermost {
            Some(at) if self.wait.is_some() => (at.checked_sub(1), Some(self.frames[at].caller)),
            _ => (self.frames.len().checked_sub(1), None),
        };
        let function = around.map(|at| readable(self.frames[at].function));
        (function.unwrap_or_default(), line)
    }

    /// The calls, the outermost first: the name of each one's type, and where it was called.
    pub(crate) fn calls(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&'static str, &'static Location<'static>)> {
        self.frames.iter().map(|frame| (frame.function, frame.caller))
    }

    /// What it drives beside each other, by name.
    pub(crate) fn branches(&self) -> &[(String, Backtrace)] {
        &self.branches
    }

    /// Ends the sentence "this thread waits …".
    pub(crate) fn wait(&self) -> &str {
        self.wait.as_deref().unwrap_or("for something outside eventlet")
    }

    /// Is the wait registered with whoever will wake it? If not, the trace poll has resumed the
    /// thread.
    pub(in crate::hub) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Where it is, as text with a line for each call.
    pub(in crate::hub) fn describe(&self, name: &str) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(name, 1, &mut text);
        text
    }

    fn write(&self, name: &str, depth: usize, text: &mut String) -> fmt::Result {
        let indent = 2 * depth;
        writeln!(text, "{:indent$}{name} waits {}", "", self.wait())?;
        for frame in self.frames.iter().rev() {
            frame.describe(indent + 4, text)?;
        }
        self.branches.iter().try_for_each(|(name, place)| place.write(name, depth + 1, text))
    }
}

/// Is this a line of ours, and so of no interest to the user?
fn is_in_this_crate(line: &Location<'_>) -> bool {
    let this_file = file!();
    let sources = &this_file[..this_file.len() - "hub/observe/backtrace.rs".len()];
    line.file().starts_with(sources)
}

/// `app::serve<u32>::{{closure}}` is what the compiler calls the body of `app::serve`.
pub(in crate::hub) fn readable(function: &str) -> String {
    let function =
        function.strip_prefix("eventlet::greenthread::lost::Noting<").unwrap_or(function).replace("->", "");
    let mut name = String::new();
    let mut depth = 0;
    for letter in operation_of(&function).chars() {
        match letter {
            // `<impl Server>::serve` has brackets that are no one's argument list.
            '<' if depth > 0 || name.ends_with(|last: char| last.is_alphanumeric() || last == '_') => {
                depth += 1
            }
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => name.push(letter),
            _ => {}
        }
    }
    let end = name.find("::{{closure}}").unwrap_or(name.len());
    name.truncate(end);
    without_impl(&name).unwrap_or(name)
}

/// `app::<impl model::Server>::serve`, which stands elsewhere than its type, is
/// `app::Server::serve` to whoever wrote it.
fn without_impl(name: &str) -> Option<String> {
    let (before, rest) = name.split_once("<impl ")?;
    let (implemented, after) = rest.split_once('>')?;
    let path = implemented.rsplit(" for ").next()?;
    let type_name = path.rsplit("::").next()?;
    Some(format!("{before}{type_name}{after}"))
}

/// A call that is nothing but a wait has the wait's name,
/// `Until<Io<Reads, TcpStream, Socket<TcpStream>::read::{{closure}}>>`: the operation in it, which
/// comes last, says more. Anything else stays as it is.
fn operation_of(function: &str) -> &str {
    let wait =
        function.strip_prefix("eventlet::hub::suspend::Until<").and_then(|name| name.strip_suffix('>'));
    let Some(wait) = wait else { return function };
    let Some(arguments) = wait.strip_suffix('>') else { return wait };
    let mut depth = 0;
    // Backwards to the comma, or the bracket, before the last argument.
    let before = arguments.rfind(|letter| {
        match letter {
            '>' => depth += 1,
            '<' => depth -= 1,
            _ => {}
        }
        depth < 0 || depth == 0 && letter == ','
    });
    match before {
        Some(before) => arguments[before + 1..].trim_start(),
        None => wait,
    }
}

/// "green thread 3 (worker)", for messages.
pub(crate) fn name_of(task: &TaskRef) -> String {
    match task.if_cold(|cold| cold.name.clone()).flatten() {
        Some(name) => format!("green thread {} ({name})", task.id()),
        None => format!("green thread {}", task.id()),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn names_are_those_of_the_source() {
        for (compiler, source) in [
            ("app::serve<u32>::{{closure}}", "app::serve"),
            ("<app::Server as app::Serve>::serve::{{closure}}", "<app::Server as app::Serve>::serve"),
            (
                "eventlet::hub::suspend::Until<eventlet::hub::sources::io_wait::Io<eventlet::Reads, \
                 std::net::TcpStream, eventlet::Socket<std::net::TcpStream>::read::{{closure}}>>",
                "eventlet::Socket::read",
            ),
        ] {
            assert_eq!(readable(compiler), source);
        }
    }
}
