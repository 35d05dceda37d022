//! All green threads of a hub at one moment: what each one does, and where it stands.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::Location;
use std::rc::Rc;

use super::counters::{HubCounters, counters};
use super::json::Json;
use crate::hub::observe::backtrace::{Backtrace, as_the_user_sees};
use crate::hub::task::TaskRef;
use crate::hub::{Hub, current};

/// The green threads of a hub at one moment: see [`snapshot`] and [`snapshot_all`].
///
/// As text (`Display`) it has a paragraph for each place at which threads stand, the commonest
/// first, with the first numbers of those that stand there; with `{:#}` all of them. Its form may
/// change. [`to_json`](Self::to_json) is for programs.
#[derive(Clone, Debug)]
pub struct Snapshot {
    hub: HubCounters,
    ready: usize,
    timers: usize,
    descriptors: usize,
    jobs: usize,
    spawned: u64,
    threads: Vec<Entry>,
    stacks: Vec<Stack>,
    origins: Vec<Origin>,
    names: BTreeMap<u64, String>,
}

/// A thread, in little memory: there may be a hundred thousand.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    /// 0 if it is not known.
    spawner: u64,
    origin: u32,
    /// [`NO_STACK`] if it does not wait.
    stack: u32,
    state: ThreadState,
}

const NO_STACK: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    function: String,
    line: Option<&'static Location<'static>>,
}

/// What a green thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadState {
    /// It runs: it has taken the snapshot, or called what did.
    Running,
    /// It was woken, and waits for its turn. Its stack says where it stood.
    Ready,
    /// It has not begun.
    New,
    /// It waits.
    Waiting,
}

/// A green thread in a [`Snapshot`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ThreadFacts<'a> {
    /// Its number: [`Thread::id`](crate::Thread::id).
    pub id: u64,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// What it does.
    pub state: ThreadState,
    /// The green function that it runs, or the one around its green closure.
    pub function: &'a str,
    /// Where it was spawned; known in debug builds.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The number of the thread that spawned it, if threads
    /// [remember that](crate::greenthread::track_spawns).
    pub spawner: Option<u64>,
    /// Where it stands, if it is suspended.
    pub stack: Option<&'a Stack>,
}

/// A place at which green threads stand: what they wait for, and the calls that they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// Ends the sentence "it waits …".
    pub wait: String,
    /// The green calls, the innermost first.
    pub frames: Vec<Frame>,
    /// What it drives beside each other ([`scope`](crate::scope()), [`join`](crate::join), …): the
    /// name of each branch, and where that stands.
    pub branches: Vec<(String, Stack)>,
    /// How many threads stand there. 0 for a branch.
    pub threads: usize,
}

/// A green call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The green function.
    pub function: String,
    /// Where it was called. What a thread was spawned with was called by no line.
    pub called_at: Option<&'static Location<'static>>,
}

/// The green threads of this OS thread's hub, and where each one stands.
///
/// A hundred thousand threads take some tens of milliseconds, during which none of them runs, and 3
/// to 4 MB, since equal stacks are kept once. Nothing is stored beforehand: each suspended thread
/// is asked (see [`Stack`]). One whose waker was cloned is left alone, because a future of another
/// executor takes such a question for a wake: its wait is said to be "for something that holds its
/// waker", which waits of [`sync`](crate::sync) and [`tpool`](crate::tpool) are as well.
/// [`snapshot_all`] asks those, too.
///
/// Can be called in a green function and outside. Does not suspend.
///
/// ```
/// use eventlet::debug::{self, ThreadState};
/// use eventlet::queue::Queue;
/// use eventlet::{green, sleep, spawn};
/// use std::time::Duration;
///
/// #[green]
/// fn worker(jobs: Queue<u32>) {
///     jobs.get();
/// }
///
/// #[green]
/// fn main() {
///     let jobs = Queue::unbounded();
///     for _ in 0..3 {
///         let jobs = jobs.clone();
///         spawn(move || worker(jobs));
///     }
///     sleep(Duration::ZERO);
///     let snapshot = debug::snapshot();
///     assert_eq!(snapshot.threads().filter(|thread| thread.state == ThreadState::Waiting).count(), 3);
///     let stack = &snapshot.stacks()[0];
///     assert_eq!(stack.threads, 3);
///     assert!(stack.frames[0].function.ends_with("worker") || stack.frames[1].function.ends_with("worker"));
///     println!("{snapshot}");
/// }
/// ```
///
/// gevent's `print_run_info`; tokio's task dumps.
pub fn snapshot() -> Snapshot {
    Snapshot::of(&current::get(), true)
}

/// [`snapshot`], but those are asked, too, that may wait for a future of another executor.
///
/// Such a future is polled as if it had been woken for nothing, which every future has to bear and
/// some do not; its thread is resumed once afterwards.
pub fn snapshot_all() -> Snapshot {
    Snapshot::of(&current::get(), false)
}

impl Snapshot {
    fn of(hub: &Rc<Hub>, is_cautious: bool) -> Snapshot {
        let tasks = hub.all_tasks();
        let mut snapshot = Snapshot {
            hub: counters(&hub.pulse),
            ready: hub.ready_count(),
            timers: hub.time.timers.borrow().len(),
            descriptors: hub.reactor.sources.borrow().len(),
            jobs: hub.scheduler.jobs.get(),
            spawned: hub.spawned(),
            threads: Vec::with_capacity(tasks.len()),
            stacks: Vec::new(),
            origins: Vec::new(),
            names: BTreeMap::new(),
        };
        let mut seen = Seen::default();
        for task in tasks {
            if !task.is_done() {
                snapshot.add(hub, &task, is_cautious, &mut seen);
            }
        }
        snapshot
    }

    fn add(&mut self, hub: &Rc<Hub>, task: &TaskRef, is_cautious: bool, seen: &mut Seen) {
        let id = task.id();
        if let Some(name) = task.if_cold(|cold| cold.name.clone()).flatten() {
            self.names.insert(id, name.to_string());
        }
        let state = match () {
            () if task.is_running() => ThreadState::Running,
            () if !task.is_started() => ThreadState::New,
            () if task.is_scheduled() => ThreadState::Ready,
            () => ThreadState::Waiting,
        };
        let stack = match state {
            ThreadState::Running | ThreadState::New => None,
            _ if is_cautious => hub.cautious_backtrace_of(task),
            _ => hub.backtrace_of(task),
        };
        self.threads.push(Entry {
            id,
            spawner: task.if_cold(|cold| cold.spawner).flatten().unwrap_or(0),
            origin: seen.origin(task, &mut self.origins),
            stack: stack.map_or(NO_STACK, |place| {
                let index = seen.stack(&place, &mut self.stacks);
                hub.reuse(place);
                index
            }),
            state,
        });
    }

    /// The hub: what it does, and how much it has done.
    pub fn hub(&self) -> &HubCounters {
        &self.hub
    }

    /// How many threads are ready.
    pub fn ready(&self) -> usize {
        self.ready
    }

    /// How many timers are set: sleeps, timeouts, calls for later.
    pub fn timers(&self) -> usize {
        self.timers
    }

    /// How many descriptors the hub knows.
    pub fn descriptors(&self) -> usize {
        self.descriptors
    }

    /// How many jobs are at work for the hub on other OS threads.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// How many threads were spawned in all; those that are not in [`threads`](Self::threads) have
    /// ended.
    pub fn spawned(&self) -> u64 {
        self.spawned
    }

    /// The threads that have not ended, in the order in which they were spawned.
    pub fn threads(&self) -> impl ExactSizeIterator<Item = ThreadFacts<'_>> {
        self.threads.iter().map(|thread| {
            let origin = &self.origins[thread.origin as usize];
            ThreadFacts {
                id: thread.id,
                name: self.names.get(&thread.id).map(String::as_str),
                state: thread.state,
                function: &origin.function,
                spawned_at: origin.line,
                spawner: Some(thread.spawner).filter(|&spawner| spawner != 0),
                stack: self.stacks.get(thread.stack as usize),
            }
        })
    }

    /// The places at which threads stand, each once, in the order of the first thread at each.
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// The same as a JSON object, whose member `v` is 1.
    ///
    /// It has `hub` (the counters), `ready`, `timers`, `descriptors`, `jobs`, `spawned`; `stacks`,
    /// each with `wait`, `frames`, `branches` and the number of its `threads`; and `threads`, whose
    /// `stack` is an index into those. A number above 2^53 is a string. What is not known is `null`.
    pub fn to_json(&self) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("v").number(1);
            json.key("hub").object(|json| self.hub.write_json(json));
            json.key("ready").number(self.ready as u64);
            json.key("timers").number(self.timers as u64);
            json.key("descriptors").number(self.descriptors as u64);
            json.key("jobs").number(self.jobs as u64);
            json.key("spawned").number(self.spawned);
            json.key("stacks").array(|json| self.stacks.iter().for_each(|stack| stack.write_json(json)));
            json.key("threads").array(|json| {
                for (thread, entry) in self.threads().zip(&self.threads) {
                    json.object(|json| thread.write_json(json, entry.stack));
                }
            });
        });
        json.into_text()
    }
}

/// What was seen so far, by what it is known by.
#[derive(Default)]
struct Seen {
    stacks: HashMap<u64, Vec<u32>>,
    /// By the addresses of the names of a thread's types, and of its line.
    origins: HashMap<(*const u8, *const u8, Option<*const Location<'static>>), u32>,
}

impl Seen {
    /// The index of this place. Two that are told apart by more than their hash are both kept.
    fn stack(&mut self, place: &Backtrace, stacks: &mut Vec<Stack>) -> u32 {
        let mut hasher = DefaultHasher::new();
        hash(place, &mut hasher);
        let alike = self.stacks.entry(hasher.finish()).or_default();
        let found = alike.iter().copied().find(|&index| stacks[index as usize].wait == place.wait());
        let index = found.unwrap_or_else(|| {
            let index = u32::try_from(stacks.len()).expect("fewer stacks than threads");
            stacks.push(Stack::of(place));
            alike.push(index);
            index
        });
        stacks[index as usize].threads += 1;
        index
    }

    fn origin(&mut self, task: &TaskRef, origins: &mut Vec<Origin>) -> u32 {
        let origin = task.origin();
        let (call, closure) = origin.types();
        let key = (call.as_ptr(), closure.as_ptr(), origin.place().map(std::ptr::from_ref));
        *self.origins.entry(key).or_insert_with(|| {
            origins.push(Origin { function: origin.function(), line: origin.place() });
            u32::try_from(origins.len() - 1).expect("fewer origins than threads")
        })
    }
}

/// Hashes what a place is made of. Names and lines of the program lie where they lie.
fn hash(place: &Backtrace, hasher: &mut DefaultHasher) {
    for (function, caller) in place.calls() {
        (function.as_ptr(), std::ptr::from_ref(caller)).hash(hasher);
    }
    place.wait().hash(hasher);
    for (name, branch) in place.branches() {
        name.hash(hasher);
        hash(branch, hasher);
    }
}

impl Stack {
    fn of(place: &Backtrace) -> Stack {
        let frames = place.calls().rev().filter_map(|(function, caller)| {
            let (function, called_at) = as_the_user_sees(function, caller)?;
            Some(Frame { function, called_at })
        });
        let branches = place.branches().iter().map(|(name, branch)| (name.clone(), Stack::of(branch)));
        Stack {
            wait: place.wait().to_owned(),
            frames: frames.collect(),
            branches: branches.collect(),
            threads: 0,
        }
    }

    fn write(&self, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = 4 * depth;
        for frame in &self.frames {
            match frame.called_at {
                Some(line) => writeln!(f, "{:indent$}{} called at {line}", "", frame.function)?,
                None => writeln!(f, "{:indent$}{}", "", frame.function)?,
            }
        }
        self.branches.iter().try_for_each(|(name, branch)| {
            writeln!(f, "{:indent$}{name} waits {}", "", branch.wait)?;
            branch.write(depth + 1, f)
        })
    }

    fn write_json(&self, json: &mut Json) {
        json.object(|json| {
            json.key("wait").string(&self.wait);
            json.key("frames").array(|json| {
                for frame in &self.frames {
                    json.object(|json| {
                        json.key("function").string(&frame.function);
                        json.key("called_at").optional(frame.called_at, write_line);
                    });
                }
            });
            json.key("branches").array(|json| {
                for (name, branch) in &self.branches {
                    json.object(|json| {
                        json.key("name").string(name);
                        branch.write_json(json.key("stack"));
                    });
                }
            });
            json.key("threads").number(self.threads as u64);
        });
    }
}

fn write_line(json: &mut Json, line: &Location<'_>) {
    json.string(&line.to_string());
}

impl ThreadFacts<'_> {
    fn write_json(&self, json: &mut Json, stack: u32) {
        let state = match self.state {
            ThreadState::Running => "running",
            ThreadState::Ready => "ready",
            ThreadState::New => "new",
            ThreadState::Waiting => "waiting",
        };
        json.key("id").number(self.id);
        json.key("name").optional(self.name, Json::string);
        json.key("state").string(state);
        json.key("function").string(self.function);
        json.key("spawned_at").optional(self.spawned_at, write_line);
        json.key("spawner").optional(self.spawner, Json::number);
        json.key("stack").optional(self.stack.map(|_| u64::from(stack)), Json::number);
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.hub)?;
        let Snapshot { ready, timers, descriptors, jobs, spawned, .. } = self;
        let alive = self.threads.len();
        writeln!(
            f,
            "{alive} green threads of {spawned} spawned, {ready} ready, {timers} timers, {descriptors} descriptors, \
             {jobs} jobs on other OS threads"
        )?;
        for (state, does) in [(ThreadState::Running, "runs"), (ThreadState::New, "has not begun")] {
            let of_it = |thread: &ThreadFacts<'_>| thread.state == state;
            self.threads().filter(of_it).try_for_each(|thread| {
                writeln!(f, "green thread {} {does}: {}", Named(thread), thread.function)
            })?;
        }
        let mut by_stack: Vec<Vec<ThreadFacts<'_>>> = vec![Vec::new(); self.stacks.len()];
        for (thread, entry) in self.threads().zip(&self.threads) {
            if let Some(there) = by_stack.get_mut(entry.stack as usize) {
                there.push(thread);
            }
        }
        let mut order: Vec<usize> = (0..self.stacks.len()).collect();
        // Stable: equal ones stay in the order of their first threads.
        order.sort_by_key(|&index| std::cmp::Reverse(self.stacks[index].threads));
        order.into_iter().try_for_each(|index| {
            write_group(&self.stacks[index], &by_stack[index], f)?;
            self.stacks[index].write(1, f)
        })
    }
}

/// "3 green threads wait for …: 2, 3 (worker), 4".
fn write_group(stack: &Stack, there: &[ThreadFacts<'_>], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    /// So many are named where not all are asked for.
    const NAMED: usize = 10;
    if let [thread] = there {
        return writeln!(f, "green thread {} waits {}", Named(*thread), stack.wait);
    }
    write!(f, "{} green threads wait {}: ", there.len(), stack.wait)?;
    let named = if f.alternate() { there.len() } else { NAMED };
    for (at, thread) in there.iter().take(named).enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(f, "{comma}{}", Named(*thread))?;
    }
    match there.len().saturating_sub(named) {
        0 => writeln!(f),
        more => writeln!(f, ", and {more} more"),
    }
}

/// "7 (worker)".
struct Named<'a>(ThreadFacts<'a>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name {
            Some(name) => write!(f, "{} ({name})", self.0.id),
            None => write!(f, "{}", self.0.id),
        }
    }
}
