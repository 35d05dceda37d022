//! axum on tokio's `current_thread`: `axum::serve` as it is, which knows no limit on time.

use std::io;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt;
use eventlet_bench_measure::{Answer, GREETING, listen, port};
use tokio::net::TcpListener;

fn main() -> ExitCode {
    eventlet_bench_measure::main("axum", |command, n| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        match command {
            "http" => Answer::Served(runtime.block_on(http(n))),
            _ => Answer::Unsupported,
        }
    })
}

async fn http(n: u64) -> io::Result<()> {
    let listener = listen(port(n)?)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?.tap_io(|connection| {
        // Without it all works, only later.
        let _ = connection.set_nodelay(true);
    });
    let app = Router::new().route("/", get(async || GREETING));
    axum::serve(listener, app).await
}
