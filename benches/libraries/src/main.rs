//! The workloads of `eventlet-bench` that need libraries; it hands these on. See
//! `benches/README.md`.

mod databases;
mod http;
mod reads;
mod wsgi;
mod web;

use std::process::ExitCode;

use eventlet::run;
use eventlet_bench_measure::servers::{Server, postgres, redis};
use eventlet_bench_measure::{Answer, Measured};

fn main() -> ExitCode {
    eventlet_bench_measure::main("eventlet-rs", |command, n| match command {
        // Both protocols on one port: a client says which it speaks by how it begins.
        "http" | "http2" => Answer::Served(web::serve(n)),
        "http_workers" => Answer::Served(web::workers(n, 2)),
        "hyper_request" => run(move || http::requests(n)).into(),
        "wsgi_request" => run(move || wsgi::requests(n)).into(),
        "wsgi_connection" => run(move || wsgi::connections(n)).into(),
        "read" => run(move || reads::plain(n)).into(),
        "read_here" => run(move || reads::here(n)).into(),
        "read_in_place" => run(move || reads::in_place(n)).into(),
        "redis_one" => asked(redis(), move |server| run(move || databases::redis_one(server, n))),
        "redis_pool" => asked(redis(), move |server| run(move || databases::redis_pool(server, n))),
        "redis_pipeline" => asked(redis(), move |server| run(move || databases::redis_pipeline(server, n))),
        "postgres_one" => asked(postgres(), move |server| run(move || databases::postgres_one(server, n))),
        "postgres_pool" => asked(postgres(), move |server| run(move || databases::postgres_pool(server, n))),
        _ => Answer::Unsupported,
    })
}

/// What a server is asked, if there is one.
fn asked(server: Option<Server>, measure: impl FnOnce(Server) -> Measured) -> Answer {
    server.map_or(Answer::Unsupported, |server| measure(server).into())
}
