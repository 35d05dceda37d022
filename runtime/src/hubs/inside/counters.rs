//! The hubs of a process, as any OS thread sees them.

use std::fmt;

use super::json::Json;
use crate::hub::pulse::{self, Phase, Pulse};

/// What a hub of this process does, and how much it has done: see [`hubs`].
///
/// The numbers are those of one moment, but not of the same: the hub works on while they are read.
/// Each count only grows, and begins anew after 2^64.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubCounters {
    /// The hub's number: the first one of a process is 1, and none is used twice.
    pub number: u64,
    /// The name of its OS thread, if that had one when the hub was made.
    pub os_thread: Option<String>,
    /// What it does.
    pub state: HubState,
    /// The green thread that runs now, by its [`id`](crate::Thread::id). Between two threads it is
    /// the one before.
    pub running: Option<u64>,
    /// How often it let all that were ready take a turn, or 1,024 of them, and looked outside then.
    pub turns: u64,
    /// How often a green thread was resumed.
    pub resumptions: u64,
    /// How often it waited for the operating system because nobody was ready.
    pub sleeps: u64,
    /// How many descriptors it was told are ready.
    pub events: u64,
    /// How many timers went off.
    pub timers: u64,
    /// How much other OS threads have sent: wakes, calls, stops.
    pub messages: u64,
}

/// What a hub does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubState {
    /// Nobody runs it: its OS thread does something else, and no green thread goes on.
    Idle,
    /// It resumes green threads, or looks outside for what has happened.
    Running,
    /// It waits for the operating system: nobody is ready.
    Sleeping,
}

/// The hubs of this process, in the order in which they were made.
///
/// Any OS thread may ask, with a hub of its own or without one, and is answered while a hub is
/// blocked: nothing is asked of the hubs themselves. [`turns`](HubCounters::turns) is a heartbeat:
/// where it stands still while the state is [`Running`](HubState::Running), a green thread, which
/// [`running`](HubCounters::running) names, keeps the hub. Each hub pays for it with two stores and
/// an addition a resumption, always.
///
/// A hub is listed from when its OS thread first uses green threads until that ends. A forked
/// process lists those that it has made itself. Does not suspend.
///
/// ```
/// use eventlet::debug::{self, HubState};
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn greet() {
///     println!("hello");
/// }
///
/// #[green]
/// fn main() {
///     spawn(|| greet()).join().unwrap();
///     let seen = debug::hubs();
///     assert_eq!(seen.len(), 1);
///     assert_eq!(seen[0].state, HubState::Running);
///     assert_eq!(seen[0].resumptions, 3); // this one twice, and the other
///     println!("{}", seen[0]);
/// }
/// ```
///
/// The counters of tokio's `RuntimeMetrics`, by hub.
pub fn hubs() -> Vec<HubCounters> {
    let hubs = pulse::all();
    hubs.iter().map(|pulse| counters(pulse)).collect()
}

/// What a hub shows of itself just now.
pub(super) fn counters(pulse: &Pulse) -> HubCounters {
    HubCounters {
        number: pulse.number,
        os_thread: pulse.os_thread.as_deref().map(str::to_owned),
        state: match pulse.phase() {
            Phase::Outside | Phase::Ended => HubState::Idle,
            Phase::Runs => HubState::Running,
            Phase::Sleeps => HubState::Sleeping,
        },
        running: Some(pulse.running.get()).filter(|&thread| thread != 0),
        turns: pulse.turns.get(),
        resumptions: pulse.resumptions.get(),
        sleeps: pulse.sleeps.get(),
        events: pulse.events.get(),
        timers: pulse.timers.get(),
        messages: pulse.mail.get(),
    }
}

impl HubCounters {
    pub(super) fn write_json(&self, json: &mut Json) {
        let state = match self.state {
            HubState::Idle => "idle",
            HubState::Running => "running",
            HubState::Sleeping => "sleeping",
        };
        json.key("number").number(self.number);
        json.key("os_thread").optional(self.os_thread.as_deref(), Json::string);
        json.key("state").string(state);
        json.key("running").optional(self.running, Json::number);
        json.key("turns").number(self.turns);
        json.key("resumptions").number(self.resumptions);
        json.key("sleeps").number(self.sleeps);
        json.key("events").number(self.events);
        json.key("timers").number(self.timers);
        json.key("messages").number(self.messages);
    }
}

/// A line for people; its form may change.
impl fmt::Display for HubCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hub {}", self.number)?;
        if let Some(name) = &self.os_thread {
            write!(f, " of `{name}`")?;
        }
        match (self.state, self.running) {
            (HubState::Idle, _) => write!(f, " is run by nobody")?,
            (HubState::Sleeping, _) => write!(f, " sleeps")?,
            (HubState::Running, Some(thread)) => write!(f, " runs green thread {thread}")?,
            (HubState::Running, None) => write!(f, " runs")?,
        }
        let HubCounters { turns, resumptions, sleeps, events, timers, messages, .. } = self;
        write!(f, ": {turns} turns, {resumptions} resumptions, {sleeps} sleeps, ")?;
        write!(f, "{events} events, {timers} timers, {messages} messages")
    }
}
