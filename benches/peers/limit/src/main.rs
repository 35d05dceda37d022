//! The floor: the least work that could do what a workload asks. State machines written by hand, stepped by a bare
//! loop, with no cancellation, no panics caught, no wakes from elsewhere and no fairness but a queue.

mod bare;
mod epoll;
mod http;
mod wheel;

use std::process::ExitCode;

use eventlet_bench_measure::Answer;

fn main() -> ExitCode {
    eventlet_bench_measure::main("limit", |command, n| match command {
        "echo" => Answer::Served(epoll::serve(n, epoll::echo)),
        "http" => Answer::Served(epoll::serve(n, http::answer)),
        "spawn_join" => bare::spawn_join(n).into(),
        "yield2" => bare::yields(2, n).into(),
        "yield1000" => bare::yields(1000, n).into(),
        "pool" => bare::pool(n).into(),
        "chan_unbounded" | "chan_bounded1" => bare::ping_pong(n).into(),
        "fanin_unbounded" => bare::fan_in(n, usize::MAX).into(),
        "fanin_bounded" => bare::fan_in(n, 100).into(),
        "memory" => wheel::memory(n).into(),
        "timers" => wheel::random_sleeps(n).into(),
        "timers_cancel" => wheel::cancelled(n).into(),
        "timers_bulk" => wheel::bulk(n).into(),
        _ => Answer::Unsupported,
    })
}
