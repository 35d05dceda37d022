//! Wall time, CPU time and resident memory of this process.

use std::fmt;
use std::time::Instant;

/// What one run of a workload came to.
pub(crate) struct Measured {
    pub(crate) ops: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) bytes_per_task: Option<f64>,
}

/// From just before the first spawn to just after the last wait.
pub(crate) struct Stopwatch {
    started: Instant,
    cpu_before: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Stopwatch { cpu_before: cpu_seconds(), started: Instant::now() }
    }

    pub(crate) fn stop(self, ops: u64) -> Measured {
        let seconds = self.started.elapsed().as_secs_f64();
        Measured { ops, seconds, cpu_seconds: cpu_seconds() - self.cpu_before, bytes_per_task: None }
    }
}

/// User and system time of the process, to the nanosecond.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes of this process that are in memory.
pub(crate) fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: u64 =
        pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("statm has seven numbers");
    pages * rustix::param::page_size() as u64
}

/// The line that a run prints.
pub(crate) struct Report<'a> {
    pub(crate) peer: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) n: u64,
    pub(crate) measured: &'a Measured,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { ops, seconds, cpu_seconds, bytes_per_task } = self.measured;
        let bytes = bytes_per_task.map_or("null".to_owned(), |bytes| format!("{bytes:.1}"));
        write!(
            f,
            "{{\"peer\":\"{}\",\"workload\":\"{}\",\"n\":{},\"ops\":{ops},\"seconds\":{seconds:.6},\
             \"cpu_seconds\":{cpu_seconds:.6},\"ops_per_s\":{:.1},\"bytes_per_task\":{bytes}}}",
            self.peer,
            self.workload,
            self.n,
            *ops as f64 / seconds,
        )
    }
}
