//! A run of a workload by the contract: a command, and one line of JSON.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::peers::Peer;
use super::results::Outcome;
use super::workloads::{Unit, Workload};

/// No run may take longer.
const LIMIT: Duration = Duration::from_secs(60);
const UNSUPPORTED: i32 = 3;

pub(crate) fn measure(peer: &Peer, workload: &Workload, n: u64) -> Outcome {
    let mut command = peer.command();
    command.args([workload.name, &n.to_string()]);
    value(&mut command, workload.unit)
}

/// What the line of JSON says in this unit.
pub(crate) fn value(command: &mut Command, unit: Unit) -> Outcome {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = match started {
        Ok(child) => Finally(child),
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let Some(status) = child.wait_within(LIMIT) else { return Outcome::Failed("no end in sight".to_owned()) };
    if status.code() == Some(UNSUPPORTED) {
        return Outcome::Unsupported;
    }
    let mut line = String::new();
    let read = child.0.stdout.take().map(|mut output| output.read_to_string(&mut line));
    if !status.success() || !matches!(read, Some(Ok(_))) {
        return Outcome::Failed(status.to_string());
    }
    let measured = match unit {
        Unit::Bytes => field(&line, "bytes_per_task"),
        Unit::Nanoseconds | Unit::Calls => per_operation(&line, "cpu_seconds"),
    };
    measured.map_or_else(|| Outcome::Failed(format!("it printed `{}`", line.trim())), Outcome::Value)
}

fn per_operation(line: &str, name: &str) -> Option<f64> {
    Some(field(line, name)? * 1e9 / field(line, "ops")?)
}

/// A number in a flat JSON object.
pub(crate) fn field(line: &str, name: &str) -> Option<f64> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    rest.trim_start().split([',', '}']).next()?.trim().parse().ok()
}

/// A child that does not outlive its owner.
pub(crate) struct Finally(pub(crate) Child);

impl Finally {
    pub(crate) fn wait_within(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

impl Drop for Finally {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
