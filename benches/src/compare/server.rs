//! A server of the contract, on a processor of its own, and what the kernel's accounts say of it.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::peers::Peer;
use super::program::{Finally, UNSUPPORTED};

const START: Duration = Duration::from_secs(10);

/// Ten thousand connections need as many descriptors on either side.
pub(crate) fn allow_many_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it cannot be raised, the rows with many connections fail and say so.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// A server that answers.
pub(crate) struct Server {
    process: Finally,
    pub(crate) port: u16,
}

impl Server {
    /// Comes back when it listens; `None` if it says that it cannot serve this.
    pub(crate) fn start(peer: &Peer, serve: &str) -> io::Result<Option<Server>> {
        Server::start_by(peer, serve, |command| spawn_on(0, command))
    }

    /// The same on all processors.
    pub(crate) fn start_anywhere(peer: &Peer, serve: &str) -> io::Result<Option<Server>> {
        Server::start_by(peer, serve, |command| command.spawn().map(Finally))
    }

    fn start_by(
        peer: &Peer,
        serve: &str,
        spawn: impl FnOnce(&mut Command) -> io::Result<Finally>,
    ) -> io::Result<Option<Server>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = peer.command();
        command.args([serve, &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server { process: spawn(&mut command)?, port };
        let began = Instant::now();
        while began.elapsed() < START {
            if let Some(status) = server.process.0.try_wait()? {
                return match status.code() {
                    Some(UNSUPPORTED) => Ok(None),
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

    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// CPU time of all its OS threads that are alive, as the scheduler counts it. That of one that runs lags behind, so
    /// this first gives the server time to come to rest.
    pub(crate) fn cpu_nanoseconds(&self) -> io::Result<u64> {
        std::thread::sleep(Duration::from_millis(1));
        let mut sum = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.id()))? {
            let account = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            sum += account.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Bytes of it that are in memory.
    pub(crate) fn resident(&self) -> io::Result<u64> {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.id()))?;
        let pages: u64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
        Ok(pages * rustix::param::page_size() as u64)
    }
}

/// Starts a child on one processor; with only one there, on that.
pub(crate) fn spawn_on(cpu: usize, command: &mut Command) -> io::Result<Finally> {
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
