//! What is run, and how much of it.

/// A row of the table.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The number on the command line; for a server, messages.
    pub(crate) n: u64,
    /// Scaled down no further than this.
    pub(crate) least: u64,
    pub(crate) unit: Unit,
    /// Peers have no such program.
    pub(crate) is_ours_alone: bool,
    /// Every thread is a stack of its own in some peers: no more than so many at once.
    pub(crate) spawns: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A workload by the program's contract.
    Program,
    /// A server of the contract, under this load.
    Server(Load),
}

/// What a server is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) command: &'static str,
    pub(crate) connections: usize,
    pub(crate) what: What,
    /// Server and load share a processor; a server that never waits for another repeats better.
    pub(crate) one_cpu: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Cpu,
    SystemCalls,
    IdleMemory,
    /// CPU for a connection that is accepted, used once and closed.
    Churn,
}

/// In what a row is measured; less is better in all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    Calls,
}

const fn program(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { name, kind: Kind::Program, n, least: 1000, unit, is_ours_alone: false, spawns: false }
}

const fn spawning(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { spawns: true, ..program(name, n, unit) }
}

const fn ours(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { is_ours_alone: true, ..program(name, n, unit) }
}

const fn served(
    name: &'static str,
    command: &'static str,
    connections: usize,
    n: u64,
    what: What,
    one_cpu: bool,
) -> Workload {
    let unit = match what {
        What::Cpu | What::Churn => Unit::Nanoseconds,
        What::SystemCalls => Unit::Calls,
        What::IdleMemory => Unit::Bytes,
    };
    let kind = Kind::Server(Load { command, connections, what, one_cpu });
    Workload { name, kind, n, least: 1000, unit, is_ours_alone: false, spawns: false }
}

pub(crate) const ALL: &[Workload] = &[
    spawning("spawn_join", 500_000, Unit::Nanoseconds),
    program("yield2", 2_000_000, Unit::Nanoseconds),
    program("yield1000", 5_000, Unit::Nanoseconds),
    spawning("memory", 200_000, Unit::Bytes),
    spawning("timers", 500_000, Unit::Nanoseconds),
    program("timers_cancel", 1_000_000, Unit::Nanoseconds),
    program("timers_bulk", 500_000, Unit::Nanoseconds),
    program("chan_unbounded", 500_000, Unit::Nanoseconds),
    program("chan_bounded1", 500_000, Unit::Nanoseconds),
    program("fanin_bounded", 2_000_000, Unit::Nanoseconds),
    program("fanin_unbounded", 2_000_000, Unit::Nanoseconds),
    program("pool", 500_000, Unit::Nanoseconds),
    served("echo_1", "echo", 1, 60_000, What::Cpu, false),
    served("echo_1_one_cpu", "echo", 1, 60_000, What::Cpu, true),
    served("echo_100", "echo", 100, 150_000, What::Cpu, false),
    served("echo_1000", "echo", 1_000, 150_000, What::Cpu, false),
    served("echo_10000", "echo", 10_000, 150_000, What::Cpu, false),
    served("echo_timeout_100", "echo_timeout", 100, 150_000, What::Cpu, false),
    served("echo_syscalls_1", "echo", 1, 20_000, What::SystemCalls, false),
    served("echo_syscalls_100", "echo", 100, 100_000, What::SystemCalls, false),
    served("echo_accept", "echo", 16, 10_000, What::Churn, false),
    served("echo_idle_memory", "echo", 10_000, 0, What::IdleMemory, false),
    Workload { least: 1_000_000, ..ours("million", 1_000_000, Unit::Bytes) },
    ours("hubs1", 100_000, Unit::Nanoseconds),
    ours("hubs2", 100_000, Unit::Nanoseconds),
];

/// How cost grows: each step at these numbers of live threads.
pub(crate) const STEPS: [&str; 5] =
    ["scale_spawn", "scale_switch", "scale_timer", "scale_wake", "scale_queue"];
pub(crate) const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
