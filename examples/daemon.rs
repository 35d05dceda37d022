//! A daemon: a task that is run again and again, and a web server, on one OS thread.
//!
//! With an address (`-- 127.0.0.1:8080`) the task is run every ten seconds, until SIGTERM or SIGINT.
//! Without, it starts on a free port, is asked while the task is run three times, and ends.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::http::{self, Request};
use eventlet::{GreenThread, green, greenthread, listen, spawn, wsgi};

#[green]
fn application(_request: Request) -> &'static str {
    "Hello, World!\n"
}

/// Starts the task. It ends with its thread: when that is killed, and with the program.
#[green]
fn start_task(interval: Duration, tell: impl Fn() + 'static) -> GreenThread<()> {
    greenthread::every(
        interval,
        #[green]
        async move || {
            println!("Executing periodic task...");
            tell();
        },
    )
}

#[green]
fn main() -> io::Result<()> {
    println!("Daemon is running...");
    if let Some(address) = std::env::args().nth(1) {
        start_task(Duration::from_secs(10), || {});
        return wsgi::server(listen(address.as_str())?, application);
    }
    let listener = listen("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, application));

    let (runs, has_run) = (Rc::new(Cell::new(0)), Flag::new());
    let heard = has_run.clone();
    let task = start_task(Duration::from_millis(20), move || {
        runs.set(runs.get() + 1);
        if runs.get() == 3 {
            heard.set();
        }
    });
    let answer = http::get(&url)?.text()?;
    has_run.wait();
    task.kill();
    print!("GET /: {answer}");
    handle.stop();
    serving.wait()
}
