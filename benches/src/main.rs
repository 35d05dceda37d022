//! One measurement of this crate, as one line of JSON. See `benches/README.md` for the contract and the workloads.

mod workloads;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use eventlet::run;
use eventlet_bench_measure::Answer;
use workloads::{growth, hubs, queues, servers, sharing, threads, timers, tls};

fn main() -> ExitCode {
    eventlet_bench_measure::main("eventlet-rs", |command, n| match command {
        "echo" => Answer::Served(servers::echo(n, None)),
        "echo_timeout" => Answer::Served(servers::echo(n, Some(Duration::from_secs(60)))),
        "echo_locals" => servers::locals().into(),
        "spawn_join" => run(move || threads::spawn_join(n)).into(),
        "yield2" => run(move || threads::yields(2, n)).into(),
        "yield1000" => run(move || threads::yields(1000, n)).into(),
        "yieldcheck" => run(move || threads::yieldcheck(n)).into(),
        "memory" => run(move || threads::memory(n)).into(),
        "pool" => run(move || threads::pool(n)).into(),
        "timers" => run(move || timers::random_sleeps(n)).into(),
        "timers_cancel" => run(move || timers::cancelled(n)).into(),
        "timers_bulk" => run(move || timers::bulk(n)).into(),
        "chan_unbounded" => run(move || queues::ping_pong(n, None)).into(),
        "chan_bounded1" => run(move || queues::ping_pong(n, Some(1))).into(),
        "fanin_unbounded" => run(move || queues::fan_in(n, None)).into(),
        "fanin_bounded" => run(move || queues::fan_in(n, Some(100))).into(),
        "tls_handshake" => run(move || tls::handshakes(n)).into(),
        "tls_mib" => run(move || tls::bytes(n)).into(),
        "scale_spawn" => run(move || growth::spawn_beside(n)).into(),
        "scale_switch" => run(move || growth::switch(n)).into(),
        "scale_timer" => run(move || growth::timer(n)).into(),
        "scale_wake" => run(move || growth::wake(n)).into(),
        "scale_queue" => run(move || growth::queue(n)).into(),
        "million" => run(move || growth::come_and_go(n)).into(),
        "hubs1" => hubs::measure(1, n).into(),
        "hubs2" => hubs::measure(2, n).into(),
        "reuse_port" => sharing::connections(n).into(),
        "http" | "http2" | "http_workers" | "hyper_request" | "redis_one" | "redis_pool"
        | "redis_pipeline" | "postgres_one" | "postgres_pool" => Answer::Served(hand_on(command, n)),
        _ => Answer::Unsupported,
    })
}

/// Goes on as the program beside this one that has the libraries for it.
fn hand_on(workload: &str, n: u64) -> io::Result<()> {
    let other = std::env::current_exe()?.with_file_name("eventlet-bench-libraries");
    Err(Command::new(other).args([workload, &n.to_string()]).exec())
}
