//! What every benchmark program shares, this crate's and its peers': the command line, the clocks, and the line of
//! JSON. See `benches/README.md` for the contract.

pub mod servers;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Instant;

use socket2::{Domain, Socket, Type};

/// The certificate of a server named `localhost`, which vouches for itself.
pub const CERTIFICATE: &str = include_str!("../localhost.pem");
/// Its key, which is no secret.
pub const KEY: &str = include_str!("../localhost.key");
/// What an HTTP server is asked.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
/// What it answers.
pub const GREETING: &str = "Hello, World!\n";
/// A mebibyte.
pub const MIB: u64 = 1 << 20;
/// How much is written at one go where bytes are measured.
pub const PIECE: usize = 64 * 1024;

/// What came of a command.
pub enum Answer {
    /// A workload was run.
    Measured(Measured),
    /// A server ended, which it does only by an error.
    Served(io::Result<()>),
    /// There is nothing to run it with.
    Unsupported,
}

impl From<Measured> for Answer {
    fn from(measured: Measured) -> Self {
        Answer::Measured(measured)
    }
}

/// The exit code that says "cannot run this".
const UNSUPPORTED: u8 = 3;

/// Reads the command line, runs it, and prints the line.
pub fn main(peer: &str, run: impl FnOnce(&str, u64) -> Answer) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, number] = arguments.as_slice() else {
        eprintln!("usage: {peer} WORKLOAD N | echo PORT | http PORT | http2 PORT");
        return ExitCode::from(2);
    };
    let Ok(n) = number.parse::<u64>() else {
        eprintln!("error: `{number}` is not a number");
        return ExitCode::from(2);
    };
    match run(command, n) {
        Answer::Measured(measured) => {
            println!("{}", Line { peer, workload: command, n, measured: &measured });
            // Some workloads leave a million threads behind; the process ends without taking leave of them.
            std::process::exit(0)
        }
        Answer::Served(Ok(())) => ExitCode::SUCCESS,
        Answer::Served(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
        Answer::Unsupported => {
            println!("{{\"workload\":\"{command}\",\"unsupported\":true}}");
            ExitCode::from(UNSUPPORTED)
        }
    }
}

/// The number on a server's command line, as a port.
///
/// # Errors
///
/// If it is none.
pub fn port(n: u64) -> io::Result<u16> {
    u16::try_from(n).map_err(|_| io::Error::other(format!("{n} is not a port")))
}

/// Listens on 127.0.0.1 as every server here does: `SO_REUSEADDR`, and a backlog of 4096.
///
/// # Errors
///
/// Whatever the operating system says.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

/// What one run of a workload came to.
#[derive(Debug)]
pub struct Measured {
    /// How many operations it did.
    pub ops: u64,
    /// Wall time.
    pub seconds: f64,
    /// User and system time of the process.
    pub cpu_seconds: f64,
    /// Growth of resident memory for each thread, where that is the subject.
    pub bytes_per_task: Option<f64>,
    /// What share of the work the busiest had, where that is the subject.
    pub share: Option<f64>,
}

/// From just before the first spawn to just after the last wait.
pub struct Stopwatch {
    started: Instant,
    cpu_before: f64,
}

impl Stopwatch {
    /// Reads the clocks.
    pub fn start() -> Self {
        Stopwatch { cpu_before: cpu_seconds(), started: Instant::now() }
    }

    /// Reads them again.
    pub fn stop(self, ops: u64) -> Measured {
        let seconds = self.started.elapsed().as_secs_f64();
        let cpu_seconds = cpu_seconds() - self.cpu_before;
        Measured { ops, seconds, cpu_seconds, bytes_per_task: None, share: None }
    }
}

/// User and system time of the process, to the nanosecond. Nothing under valgrind, where instructions are counted and
/// rustix does not find its way to this clock.
fn cpu_seconds() -> f64 {
    if std::env::var_os("LD_PRELOAD").is_some_and(|list| list.to_string_lossy().contains("valgrind")) {
        return 0.0;
    }
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes of this process that are in memory.
pub fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: u64 =
        pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("statm has seven numbers");
    pages * rustix::param::page_size() as u64
}

/// The most bytes of this process that were ever in memory at once.
pub fn most_resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
    let kibibytes: u64 = line.trim_end_matches("kB").trim().parse().expect("it is a number");
    kibibytes * 1024
}

/// Pseudo-random delays below a second, in microseconds: xorshift64*, the same for every program.
pub struct Delays(u64);

impl Default for Delays {
    fn default() -> Self {
        Delays(0x9E37_79B9_7F4A_7C15)
    }
}

impl Iterator for Delays {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        Some(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % 1_000_000)
    }
}

/// The sum of `0..n`.
pub fn sum_below(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// The line that a run prints.
struct Line<'a> {
    peer: &'a str,
    workload: &'a str,
    n: u64,
    measured: &'a Measured,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { ops, seconds, cpu_seconds, bytes_per_task, share } = self.measured;
        let share = share.map_or(String::new(), |share| format!(",\"share\":{share:.4}"));
        let bytes = bytes_per_task.map_or("null".to_owned(), |bytes| format!("{bytes:.1}"));
        write!(
            f,
            "{{\"peer\":\"{}\",\"workload\":\"{}\",\"n\":{},\"ops\":{ops},\"seconds\":{seconds:.6},\
             \"cpu_seconds\":{cpu_seconds:.6},\"ops_per_s\":{:.1},\"bytes_per_task\":{bytes}{share}}}",
            self.peer,
            self.workload,
            self.n,
            *ops as f64 / seconds,
        )
    }
}
