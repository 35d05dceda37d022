//! A green echo server and a storm of green clients, in one process and on one OS thread, over real
//! loopback sockets.
//!
//! ```sh
//! cargo run --release -p eventlet-examples --example echo_storm -- --clients 1000 --messages 100 --size 64
//! ```
//!
//! Every client is a green thread that connects, sends its messages one after the other, and checks
//! that each comes back as it was. So is the server's side of every connection. One more green
//! thread reports the progress.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, value_parser};
use eventlet::convenience::ListenOptions;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenPool, green, greenthread, sleep, spawn};

/// What the person asked for.
#[derive(Clone, Copy)]
struct Plan {
    clients: usize,
    messages: u64,
    size: usize,
}

/// What has happened so far.
#[derive(Default)]
struct Tally {
    connected: Cell<usize>,
    echoed: Cell<u64>,
}

#[green]
fn main() -> ExitCode {
    let plan = Plan::from_arguments(&arguments().get_matches());
    let problem = match make_room_for_descriptors(plan.descriptors()) {
        Ok(()) => match storm(plan) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => format!(
                "the storm broke off: {error}\n\
                 help: every client has a port of its own, and the system has no more; use fewer: `--clients 10000`"
            ),
            Err(error) => format!("the storm broke off: {error}"),
        },
        Err(problem) => problem,
    };
    eprintln!("error: {problem}");
    ExitCode::FAILURE
}

#[green]
fn storm(plan: Plan) -> io::Result<()> {
    // All clients knock at once, so the queue of those not yet accepted has to be long.
    let listener =
        ListenOptions::new().backlog(plan.clients.try_into().unwrap_or(u32::MAX)).listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    println!(
        "echo server on {address}; {} clients, {} messages of {} bytes each",
        plan.clients, plan.messages, plan.size
    );

    let memory_before = memory::resident();
    let server = spawn(move || serve(listener, plan.clients));
    let tally = Rc::new(Tally::default());
    let progress = spawn({
        let tally = tally.clone();
        move || report_progress(plan, tally)
    });

    let started = Instant::now();
    let clients: Vec<_> = (0..plan.clients)
        .map(|_| {
            let tally = tally.clone();
            spawn(move || client(address, plan, tally))
        })
        .collect();
    while tally.connected.get() < plan.clients && !clients.iter().any(|client| client.is_finished()) {
        sleep(Duration::from_millis(1));
    }
    let memory_connected = memory::resident();
    for outcome in greenthread::joinall(clients) {
        outcome.map_err(io::Error::other)??;
    }
    let elapsed = started.elapsed();
    progress.kill();
    server.wait()?;

    let threads = 2 * plan.clients;
    let messages = tally.echoed.get();
    clear_progress();
    println!("connections          {}", tally.connected.get());
    println!("messages             {messages}");
    println!("seconds              {:.3}", elapsed.as_secs_f64());
    println!("messages per second  {:.0}", messages as f64 / elapsed.as_secs_f64());
    match (memory_before, memory_connected) {
        (Some(before), Some(connected)) => {
            let each = connected.saturating_sub(before) / threads as u64;
            println!(
                "bytes per green thread {each} (resident, with its buffer and its half of a connection)"
            );
        }
        _ => println!("bytes per green thread not known on this system"),
    }
    match memory::peak() {
        Some(peak) => println!("peak memory          {:.1} MiB", peak as f64 / (1024.0 * 1024.0)),
        None => println!("peak memory          not known on this system"),
    }
    Ok(())
}

/// Accepts each client once, and ends when the last has hung up.
#[green]
fn serve(listener: TcpListener, clients: usize) -> io::Result<()> {
    let pool = GreenPool::new(clients);
    for _ in 0..clients {
        let (connection, _address) = listener.accept()?;
        pool.spawn_n(move || echo(connection));
    }
    pool.waitall();
    Ok(())
}

#[green]
fn echo(mut connection: TcpStream) {
    let mut buffer = [0; 1024];
    loop {
        match connection.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                if let Err(error) = connection.write_all(&buffer[..count]) {
                    return eprintln!("the server could not answer a client: {error}");
                }
            }
            Err(error) => return eprintln!("the server lost a client: {error}"),
        }
    }
}

#[green]
fn client(address: std::net::SocketAddr, plan: Plan, tally: Rc<Tally>) -> io::Result<()> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    tally.connected.set(tally.connected.get() + 1);
    let message: Vec<u8> = (0..plan.size).map(|index| index as u8).collect();
    let mut answer = vec![0; plan.size];
    for _ in 0..plan.messages {
        connection.write_all(&message)?;
        connection.read_exact(&mut answer)?;
        if answer != message {
            return Err(io::Error::other("an echo came back changed"));
        }
        tally.echoed.set(tally.echoed.get() + 1);
    }
    Ok(())
}

/// Runs beside the storm until it is killed.
#[green]
fn report_progress(plan: Plan, tally: Rc<Tally>) {
    let total = plan.clients as u64 * plan.messages;
    let (pause, end) = if io::stderr().is_terminal() { (200, "\r") } else { (1000, "\n") };
    loop {
        let (connected, echoed) = (tally.connected.get(), tally.echoed.get());
        let percent = echoed * 100 / total.max(1);
        eprint!("{connected} connected, {echoed} of {total} messages echoed ({percent} %){end}");
        let _ = io::stderr().flush();
        sleep(Duration::from_millis(pause));
    }
}

fn clear_progress() {
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// Negative numbers are allowed as far as a number that is out of range, which is the better
/// message.
fn arguments() -> Command {
    Command::new("echo_storm")
        .about("A green echo server and many green clients in one process, over loopback sockets")
        .arg(
            Arg::new("clients")
                .long("clients")
                .allow_negative_numbers(true)
                .default_value("1000")
                .value_parser(value_parser!(u32).range(1..=1_000_000))
                .help("How many clients connect at the same time"),
        )
        .arg(
            Arg::new("messages")
                .long("messages")
                .allow_negative_numbers(true)
                .default_value("100")
                .value_parser(value_parser!(u64).range(1..=1_000_000_000))
                .help("How many messages each client sends, one after the other"),
        )
        .arg(
            Arg::new("size")
                .long("size")
                .allow_negative_numbers(true)
                .default_value("64")
                .value_parser(value_parser!(u32).range(1..=1_048_576))
                .help("How many bytes a message has"),
        )
}

impl Plan {
    fn from_arguments(matches: &ArgMatches) -> Plan {
        let number = |name: &str| *matches.get_one::<u32>(name).expect("it has a default") as usize;
        Plan {
            clients: number("clients"),
            messages: *matches.get_one("messages").expect("it has a default"),
            size: number("size"),
        }
    }

    /// Two ends for each connection, and some for the process itself.
    fn descriptors(&self) -> u64 {
        2 * self.clients as u64 + 32
    }
}

/// Sees to it that the process may open so many descriptors, or says why not.
#[cfg(unix)]
fn make_room_for_descriptors(needed: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum };
    if maximum.is_none_or(|maximum| maximum >= needed) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    let most = maximum.or(current).unwrap_or(0);
    let clients = most.saturating_sub(32) / 2;
    Err(format!(
        "this needs {needed} file descriptors, and the process may open {most}\n\
         help: raise the limit (`ulimit -Hn {needed}` as root), or use fewer clients: `--clients {clients}`"
    ))
}

/// Elsewhere there is no such limit to ask for.
#[cfg(not(unix))]
fn make_room_for_descriptors(_needed: u64) -> Result<(), String> {
    Ok(())
}

/// Memory of this process, as Linux tells it.
mod memory {
    /// Bytes that are resident now.
    pub(crate) fn resident() -> Option<u64> {
        status("VmRSS:")
    }

    /// The most bytes that ever were.
    pub(crate) fn peak() -> Option<u64> {
        status("VmHWM:")
    }

    fn status(key: &str) -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1024)
    }
}
