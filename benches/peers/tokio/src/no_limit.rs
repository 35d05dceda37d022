//! The web server of `web.rs`, without a limit on the time for a head.

#[path = "web.rs"]
#[expect(dead_code, reason = "the other program serves HTTP/2 as well")]
mod web;

use std::process::ExitCode;

use eventlet_bench_measure::Answer;
use tokio::task::LocalSet;

fn main() -> ExitCode {
    eventlet_bench_measure::main("tokio-no-limit", |command, n| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        match command {
            "http" => Answer::Served(LocalSet::new().block_on(&runtime, web::http1(n, false))),
            _ => Answer::Unsupported,
        }
    })
}
