//! One measurement of this crate, as one line of JSON. See `benches/README.md` for the contract and the workloads.

mod measure;
mod servers;
mod threads;
mod timers;

use std::process::ExitCode;

use measure::{Measured, Report};

const USAGE: &str = "\
usage: eventlet-bench WORKLOAD N    one line of JSON
       eventlet-bench echo PORT     an echo server on 127.0.0.1:PORT, until killed
       eventlet-bench http PORT     a hello-world HTTP/1.1 server, until killed";

/// What a program says of a workload that it cannot run.
const UNSUPPORTED: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [workload, n] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let Ok(n) = n.parse::<u64>() else {
        eprintln!("error: `{n}` is not a number\n{USAGE}");
        return ExitCode::from(2);
    };
    let measured = match workload.as_str() {
        "echo" => return servers::echo(n),
        "spawn_join" => eventlet::run(move || threads::spawn_join(n)),
        "yield2" => eventlet::run(move || threads::yields(2, n)),
        "yield1000" => eventlet::run(move || threads::yields(1000, n)),
        "yieldcheck" => eventlet::run(move || threads::yieldcheck(n)),
        "memory" => eventlet::run(move || threads::memory(n)),
        "pool" => eventlet::run(move || threads::pool(n)),
        "timers" => eventlet::run(move || timers::random_sleeps(n)),
        "timers_cancel" => eventlet::run(move || timers::cancelled(n)),
        "timers_bulk" => eventlet::run(move || timers::bulk(n)),
        _ => return unsupported(workload),
    };
    print(workload, n, &measured);
    // Some workloads leave a million threads behind; the process ends without taking leave of them.
    std::process::exit(0);
}

fn unsupported(workload: &str) -> ExitCode {
    println!("{{\"workload\":\"{workload}\",\"unsupported\":true}}");
    ExitCode::from(UNSUPPORTED)
}

fn print(workload: &str, n: u64, measured: &Measured) {
    println!("{}", Report { peer: "eventlet-rs", workload, n, measured });
}
