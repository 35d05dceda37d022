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
    /// Servers of the contract that take turns in slices of `n` messages.
    Rounds(Course),
    /// System calls of a server for a message.
    SystemCalls { serve: &'static str, load: Load },
    /// Memory of a server for each of so many idle connections.
    IdleMemory { serve: &'static str, connections: usize },
    /// One hub and two of them in turn, for what two do in the time of one.
    Hubs,
    /// One worker of the web server and two of them in turn, likewise.
    Workers,
}

/// What goes round.
#[derive(Clone, Copy)]
pub(crate) struct Course {
    pub(crate) serve: &'static str,
    /// If there is one, the value is what `serve` costs as a multiple of this.
    pub(crate) beside: Option<&'static str>,
    pub(crate) load: Load,
    /// Server and load share a processor; a server that never waits for another repeats better.
    pub(crate) one_cpu: bool,
}

/// What a server is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// A message under way on each of so many open connections.
    Messages { connections: usize },
    /// Connections that are accepted, used once and closed.
    Churn,
    /// Requests of HTTP/1.1, so many together on each of so many open connections.
    Requests { connections: usize, together: usize },
    /// So many streams of HTTP/2 at once on one connection.
    Streams(usize),
}

impl Load {
    /// With fewer messages some connections would have none.
    pub(crate) fn least(self) -> u64 {
        match self {
            Load::Messages { connections } => connections as u64,
            Load::Churn => 1,
            Load::Requests { connections, together } => (connections * together) as u64,
            Load::Streams(streams) => streams as u64,
        }
    }
}

/// In what a row is measured; of all but the last two, less is better and peers can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    Calls,
    /// A multiple of something that the same peer did.
    Times,
    /// Of the whole.
    Share,
}

impl Unit {
    /// Does it say something to set two peers beside each other in it?
    pub(crate) fn compares(self) -> bool {
        matches!(self, Unit::Nanoseconds | Unit::Bytes | Unit::Calls)
    }
}

/// How often servers are started in a run: one that had luck with its addresses keeps it until it ends.
pub(crate) const STARTS: usize = 2;
/// How often those take their turns; `--scale` scales this, for a slice must be long enough to be a server's steady
/// work.
pub(crate) const ROUNDS: usize = 10;
pub(crate) const FEWEST_ROUNDS: usize = 3;

const fn program(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { name, kind: Kind::Program, n, least: 1000, unit, is_ours_alone: false, spawns: false }
}

const fn spawning(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { spawns: true, ..program(name, n, unit) }
}

const fn ours(name: &'static str, n: u64, unit: Unit) -> Workload {
    Workload { is_ours_alone: true, ..program(name, n, unit) }
}

/// Slices of `n` messages; each is to take about a tenth of a second.
const fn echo(name: &'static str, connections: usize, n: u64, one_cpu: bool) -> Workload {
    let load = Load::Messages { connections };
    let course = Course { serve: "echo", beside: None, load, one_cpu };
    Workload { kind: Kind::Rounds(course), ..program(name, n, Unit::Nanoseconds) }
}

/// The same two at once: what a read timeout adds.
const fn timeout(name: &'static str, connections: usize, n: u64, one_cpu: bool) -> Workload {
    let load = Load::Messages { connections };
    let course = Course { serve: "echo_timeout", beside: Some("echo"), load, one_cpu };
    Workload { kind: Kind::Rounds(course), ..program(name, n, Unit::Times) }
}

/// Slices of `n` requests to the web servers.
const fn http(name: &'static str, serve: &'static str, load: Load, n: u64) -> Workload {
    let course = Course { serve, beside: None, load, one_cpu: false };
    Workload { kind: Kind::Rounds(course), ..program(name, n, Unit::Nanoseconds) }
}

const fn system_calls(name: &'static str, serve: &'static str, load: Load, n: u64) -> Workload {
    Workload { kind: Kind::SystemCalls { serve, load }, ..program(name, n, Unit::Calls) }
}

const fn idle_memory(name: &'static str, serve: &'static str) -> Workload {
    let connections = 10_000;
    Workload { kind: Kind::IdleMemory { serve, connections }, ..program(name, 10_000, Unit::Bytes) }
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
    program("tls_handshake", 2_000, Unit::Nanoseconds),
    Workload { least: 100, ..program("tls_mib", 2_000, Unit::Nanoseconds) },
    program("hyper_request", 100_000, Unit::Nanoseconds),
    program("redis_one", 20_000, Unit::Nanoseconds),
    program("redis_pool", 50_000, Unit::Nanoseconds),
    program("redis_pipeline", 500_000, Unit::Nanoseconds),
    program("postgres_one", 10_000, Unit::Nanoseconds),
    program("postgres_pool", 20_000, Unit::Nanoseconds),
    echo("echo_1", 1, 3_000, false),
    echo("echo_1_one_cpu", 1, 6_000, true),
    echo("echo_100", 100, 15_000, false),
    echo("echo_100_one_cpu", 100, 10_000, true),
    echo("echo_1000", 1_000, 15_000, false),
    echo("echo_1000_one_cpu", 1_000, 10_000, true),
    echo("echo_10000", 10_000, 20_000, false),
    echo("echo_10000_one_cpu", 10_000, 20_000, true),
    timeout("echo_timeout_100", 100, 15_000, false),
    timeout("echo_timeout_100_one_cpu", 100, 10_000, true),
    Workload {
        kind: Kind::Rounds(Course { serve: "echo", beside: None, load: Load::Churn, one_cpu: false }),
        ..program("echo_accept", 1_000, Unit::Nanoseconds)
    },
    system_calls("echo_syscalls_1", "echo", Load::Messages { connections: 1 }, 20_000),
    system_calls("echo_syscalls_100", "echo", Load::Messages { connections: 100 }, 100_000),
    idle_memory("echo_idle_memory", "echo"),
    ours("echo_locals", 1, Unit::Bytes),
    Workload { least: 1_000_000, ..ours("million", 1_000_000, Unit::Bytes) },
    Workload { kind: Kind::Hubs, least: 50_000, ..ours("hubs", 100_000, Unit::Nanoseconds) },
    ours("reuse_port", 4_000, Unit::Share),
    http("http_1", "http", Load::Requests { connections: 1, together: 1 }, 3_000),
    http("http_100", "http", Load::Requests { connections: 100, together: 1 }, 10_000),
    http("http_pipelined", "http", Load::Requests { connections: 100, together: 16 }, 80_000),
    http("http2_100", "http2", Load::Streams(100), 30_000),
    system_calls("http_syscalls_100", "http", Load::Requests { connections: 100, together: 1 }, 100_000),
    idle_memory("http_idle_memory", "http"),
    Workload { kind: Kind::Workers, least: 5_000, ..ours("http_workers", 30_000, Unit::Nanoseconds) },
];

/// How cost grows: each step at these numbers of live threads.
pub(crate) const STEPS: [&str; 5] =
    ["scale_spawn", "scale_switch", "scale_timer", "scale_wake", "scale_queue"];
pub(crate) const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
