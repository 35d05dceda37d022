//! A run of a workload by the contract: a command, and one line of JSON.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::results::Outcome;
use super::workloads::Unit;

/// No run may take longer.
const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const UNSUPPORTED: i32 = 3;

/// Runs it, and reads what its line says in this unit.
pub(crate) fn measure(command: &mut Command, unit: Unit) -> Outcome {
    read(&line(command), unit)
}

/// The line of JSON that a run prints, or what became of it instead.
pub(crate) fn line(command: &mut Command) -> Result<String, Outcome> {
    let failed = |error: io::Error| Outcome::Failed(error.to_string());
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = Finally(started.map_err(failed)?);
    let status = child.wait_within(LIMIT).ok_or_else(|| Outcome::Failed("no end in sight".to_owned()))?;
    if status.code() == Some(UNSUPPORTED) {
        return Err(Outcome::Unsupported);
    }
    if !status.success() {
        return Err(Outcome::Failed(status.to_string()));
    }
    let mut line = String::new();
    child.0.stdout.take().expect("it is piped").read_to_string(&mut line).map_err(failed)?;
    Ok(line)
}

/// What a line says in this unit.
pub(crate) fn read(line: &Result<String, Outcome>, unit: Unit) -> Outcome {
    let line = match line {
        Ok(line) => line,
        Err(outcome) => return outcome.clone(),
    };
    let value = match unit {
        Unit::Bytes => field(line, "bytes_per_task"),
        Unit::Share => field(line, "share"),
        Unit::Nanoseconds | Unit::Calls | Unit::Times => per_operation(line, "cpu_seconds"),
    };
    value.map_or_else(|| Outcome::Failed(format!("it printed `{}`", line.trim())), Outcome::Value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_in_its_unit() {
        let line = r#"{"peer":"p","ops":100,"cpu_seconds":0.000005,"ops_per_s":7.5,"bytes_per_task":null,"share":0.5}"#;
        let line = Ok(line.to_owned());
        assert_eq!(read(&line, Unit::Nanoseconds), Outcome::Value(50.0));
        assert_eq!(read(&line, Unit::Share), Outcome::Value(0.5));
        assert!(matches!(read(&line, Unit::Bytes), Outcome::Failed(_)));
        assert_eq!(read(&Err(Outcome::Unsupported), Unit::Bytes), Outcome::Unsupported);
    }
}
