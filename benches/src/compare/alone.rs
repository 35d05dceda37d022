//! A server by itself: what does not depend on the minute, its system calls and its memory.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::load::Generator;
use super::peers::Peer;
use super::program::Finally;
use super::results::Outcome;
use super::server::Server;
use super::workloads::Load;

/// System calls of the server for a message.
pub(crate) fn system_calls(peer: &Peer, serve: &str, load: Load, messages: u64) -> Outcome {
    outcome(Server::start(peer, serve), |server| {
        let mut generator = Generator::start(load, server.port, false)?;
        let count = SystemCalls::start(server.id())?;
        let messages = generator.go(messages)?;
        Ok(count.stop()? as f64 / messages)
    })
}

/// Bytes in memory for each connection that has been used once and is idle.
pub(crate) fn idle_memory(peer: &Peer, serve: &str, connections: usize) -> Outcome {
    let load = match serve {
        "http" => Load::Requests { connections, together: 1 },
        _ => Load::Messages { connections },
    };
    outcome(Server::start(peer, serve), |server| {
        let before = server.resident()?;
        let _generator = Generator::start(load, server.port, false)?;
        Ok(server.resident()?.saturating_sub(before) as f64 / connections as f64)
    })
}

fn outcome(server: io::Result<Option<Server>>, measure: impl FnOnce(&Server) -> io::Result<f64>) -> Outcome {
    match server.and_then(|server| server.map(|server| measure(&server)).transpose()) {
        Ok(Some(value)) => Outcome::Value(value),
        Ok(None) => Outcome::Unsupported,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// `perf stat` beside the server.
struct SystemCalls(Finally);

impl SystemCalls {
    fn start(pid: u32) -> io::Result<Self> {
        let child = Command::new("perf")
            .args(["stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|_| io::Error::other("`perf` is not installed"))?;
        // It says nothing when it has begun to count.
        std::thread::sleep(Duration::from_millis(300));
        Ok(SystemCalls(Finally(child)))
    }

    fn stop(mut self) -> io::Result<u64> {
        let pid = i32::try_from(self.0.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a child has an id"), rustix::process::Signal::INT)?;
        let mut report = String::new();
        self.0.0.stderr.take().expect("it is piped").read_to_string(&mut report)?;
        let count = report.lines().find(|line| line.contains("raw_syscalls"));
        count
            .and_then(|line| line.split(',').next()?.parse().ok())
            .ok_or_else(|| io::Error::other("`perf` may not count system calls here"))
    }
}
