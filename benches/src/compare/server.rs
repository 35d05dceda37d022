//! A server under load: the server on one processor, the load on another, the server's own accounts read around it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::peers::Peer;
use super::program::{Finally, field};
use super::results::Outcome;
use super::workloads::{Load, What};

const SIZE: usize = 64;
const START: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(60);

/// Ten thousand connections need as many descriptors on either side.
pub(crate) fn allow_many_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it cannot be raised, the rows with many connections fail and say so.
    let _ = setrlimit(Resource::Nofile, limit);
}

pub(crate) fn measure(peer: &Peer, load: Load, messages: u64) -> Outcome {
    match try_measure(peer, load, messages) {
        Ok(Some(value)) => Outcome::Value(value),
        Ok(None) => Outcome::Unsupported,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn try_measure(peer: &Peer, load: Load, messages: u64) -> io::Result<Option<f64>> {
    let port = free_port()?;
    let mut command = peer.command();
    command.args([load.command, &port.to_string()]);
    let server = spawn_on(0, command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let Some(mut server) = wait_for(server, port)? else { return Ok(None) };
    let pid = server.0.id();
    let idle = resident(pid)?;
    let mut driver = Driver::start(load, port, messages)?;
    if load.what == What::IdleMemory {
        let grown = resident(pid)?.saturating_sub(idle);
        return Ok(Some(grown as f64 / load.connections as f64));
    }
    let count = if load.what == What::SystemCalls { Some(SystemCalls::start(pid)?) } else { None };
    let before = cpu_nanoseconds(pid)?;
    let messages = driver.run()?;
    let spent = cpu_nanoseconds(pid)? - before;
    if let Ok(Some(status)) = server.0.try_wait() {
        return Err(io::Error::other(format!("the server ended: {status}")));
    }
    Ok(Some(match count {
        Some(count) => count.stop()? as f64 / messages,
        None => spent as f64 / messages,
    }))
}

fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Starts a child on one processor; with only one there, on that.
fn spawn_on(cpu: usize, command: &mut Command) -> io::Result<Finally> {
    let all = sched_getaffinity(None)?;
    let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu)).collect();
    let mut one = CpuSet::new();
    one.set(allowed[cpu % allowed.len()]);
    // A child is born where its parent is.
    sched_setaffinity(None, &one)?;
    let child = command.spawn();
    sched_setaffinity(None, &all)?;
    child.map(Finally)
}

/// Waits until the server answers; `None` if it says that it cannot serve this.
fn wait_for(mut server: Finally, port: u16) -> io::Result<Option<Finally>> {
    let began = Instant::now();
    while began.elapsed() < START {
        if let Some(status) = server.0.try_wait()? {
            return match status.code() {
                Some(3) => Ok(None),
                _ => Err(io::Error::other(format!("the server ended: {status}"))),
            };
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(Some(server));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(io::Error::other("the server does not listen"))
}

/// The load generator, connected and ready to begin.
struct Driver {
    child: Finally,
    output: BufReader<std::process::ChildStdout>,
}

impl Driver {
    fn start(load: Load, port: u16, messages: u64) -> io::Result<Driver> {
        let program = std::env::current_exe()?.with_file_name("load");
        let mut command = Command::new(program);
        if load.what == What::Churn {
            command.args(["accept".to_owned(), port.to_string(), messages.to_string(), SIZE.to_string()]);
        } else {
            let messages = if load.what == What::IdleMemory { 0 } else { messages };
            command.args(
                [port as usize, load.connections, messages as usize, SIZE].map(|number| number.to_string()),
            );
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawn_on(if load.one_cpu { 0 } else { 1 }, &mut command)?;
        let output = BufReader::new(child.0.stdout.take().expect("it is piped"));
        let mut driver = Driver { child, output };
        let mut line = String::new();
        driver.output.read_line(&mut line)?;
        if line.trim() != "ready" {
            return Err(io::Error::other("the load cannot connect"));
        }
        // Whatever the server does about the last connection, it has done.
        std::thread::sleep(Duration::from_millis(100));
        Ok(driver)
    }

    /// Lets it run to its end, and says how many messages came back.
    fn run(&mut self) -> io::Result<f64> {
        self.child.0.stdin.take().expect("it is piped").write_all(b"go\n")?;
        let status = self.child.wait_within(LIMIT).ok_or_else(|| io::Error::other("no end in sight"))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match field(&line, "messages") {
            Some(messages) if status.success() => Ok(messages),
            _ => Err(io::Error::other("an echo was wrong or missing")),
        }
    }
}

/// What the kernel counts for all OS threads of a process.
fn cpu_nanoseconds(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let account = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        sum += account.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

fn resident(pid: u32) -> io::Result<u64> {
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages: u64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    Ok(pages * rustix::param::page_size() as u64)
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
