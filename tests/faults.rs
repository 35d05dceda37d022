//! The fault matrix: each system call of the hub and of green I/O, with each error that its manual page allows, once
//! and again and again, while a server has a hundred clients.
//!
//! The calls fail below everything that the runtime is made of: a seccomp filter on the hub's OS thread asks another
//! OS thread of the same process about each call of one kind, and that one answers with the error, or lets the call
//! through. It needs no privileges, and it sees system calls that no C library is asked for, which a preloaded library
//! would miss. A filter stays for ever, so each cell is a process of its own: this program again.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::panic::{self, AssertUnwindSafe};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eventlet::convenience::Server;
use eventlet::green::fs::File;
use eventlet::green::io::{Read, Write, raw_os_error};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::testing::run_clean;
use eventlet::{GreenPool, green, serve, sleep, spawn};

const CLIENTS: usize = 100;
/// What a cell may take; it takes a fraction of a second when nothing hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// More calls of one kind than this, with a hundred clients, are a loop that turns around an error.
const MOST_CALLS: u64 = 20_000;
/// What serving a hundred clients may take of the processors, many times over.
const MOST_CPU: Duration = Duration::from_secs(2);
/// How long accepting fails "again and again" under a server that waits for better times.
const HARD_TIMES: Duration = Duration::from_millis(200);
/// What these cost a server that waits. Whoever spins spends all of them.
const MOST_CPU_IN_HARD_TIMES: Duration = Duration::from_millis(150);
/// A server that gives way sixteen times, and then waits for 10 ms, 20 ms and so on, asks less often.
const MOST_CALLS_IN_HARD_TIMES: u64 = 40;
const FORBIDDEN: &str = "forbidden";
const CELL: &str = "EVENTLET_FAULT_CELL";

/// Calls, their numbers, and what their manual pages allow. `EAGAIN` is absent: the kernel says it in every run, and said
/// where there is something to be had it would be a lie that no edge follows.
const CALLS: &[(&str, &[i64], &[i32])] = &[
    ("epoll_ctl", &[libc::SYS_epoll_ctl], &[libc::ENOMEM, libc::ENOSPC, libc::EPERM]),
    ("epoll_wait", &[libc::SYS_epoll_wait, libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2], &[libc::EINTR]),
    (
        "accept",
        &[libc::SYS_accept4],
        &[
            libc::ECONNABORTED,
            libc::EINTR,
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOBUFS,
            libc::ENOMEM,
            libc::EPERM,
            libc::EPROTO,
        ],
    ),
    ("socket", &[libc::SYS_socket], &[libc::EACCES, libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM]),
    (
        "connect",
        &[libc::SYS_connect],
        &[
            libc::EACCES,
            libc::EADDRNOTAVAIL,
            libc::ECONNREFUSED,
            libc::EINTR,
            libc::ENETUNREACH,
            libc::EPERM,
            libc::ETIMEDOUT,
        ],
    ),
    (
        "receive",
        &[libc::SYS_recvfrom, libc::SYS_read],
        &[libc::ECONNREFUSED, libc::ECONNRESET, libc::EINTR, libc::EIO, libc::ENOMEM],
    ),
    (
        "send",
        &[libc::SYS_sendto, libc::SYS_write],
        &[libc::ECONNRESET, libc::EINTR, libc::ENOBUFS, libc::ENOMEM, libc::EPIPE],
    ),
];

/// What accepting may also come to, beyond [`CALLS`]: what the network has to say of the connection.
const OF_THE_NETWORK: &[i32] = &[
    libc::EHOSTDOWN,
    libc::EHOSTUNREACH,
    libc::ENETDOWN,
    libc::ENETUNREACH,
    libc::ENONET,
    libc::ENOPROTOOPT,
    libc::EOPNOTSUPP,
];

/// How the other pollers wait.
const WAITS: &[(&str, &str, &[i64], &[i32])] = &[
    (
        "polling",
        "epoll_wait",
        &[libc::SYS_epoll_wait, libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2],
        &[libc::EINTR],
    ),
    ("poll", "poll", &[libc::SYS_poll, libc::SYS_ppoll], &[libc::EINTR, libc::ENOMEM]),
    ("select", "select", &[libc::SYS_select, libc::SYS_pselect6], &[libc::EINTR, libc::ENOMEM]),
];

/// One process.
struct Cell {
    hub: &'static str,
    server: &'static str,
    call: &'static str,
    error: i32,
    often: &'static str,
}

const HEAD: &str = "# The fault matrix

What becomes of a server and its hundred clients when a system call fails. Written and checked by `tests/faults.rs`.

| hub | server | call | error | how often | outcome |
|---|---|---|---|---|---|
";

/// How often a call that waits is told of a signal "again and again"; for ever would be a kernel that does not work.
const SIGNALS: i64 = 64;

#[test]
fn no_failing_system_call_hangs_spins_aborts_or_leaks() {
    let mut bad = Vec::new();
    let mut table = String::new();
    for Cell { hub, server, call, error, often } in cells() {
        let text = io::Error::from_raw_os_error(error);
        match outcome(start(hub, &format!("{server}:{call}:{error}:{often}"))) {
            Ok(outcome) if outcome.starts_with(FORBIDDEN) => {
                // Past the harness, which keeps to itself what a test that passes prints.
                let _ = std::io::Write::write_all(
                    &mut io::stderr(),
                    format!("\nSKIPPED, NOTHING IS CHECKED: seccomp user notification is {outcome}\n")
                        .as_bytes(),
                );
                return;
            }
            Ok(outcome) => {
                table.push_str(&format!("| {hub} | {server} | {call} | {text} | {often} | {outcome} |\n"));
            }
            Err(wrong) => bad.push(format!("{hub}, {server}, {call}, {text}, {often}: {wrong}")),
        }
    }
    assert!(bad.is_empty(), "{} cells are bad:\n{}", bad.len(), bad.join("\n"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fault-matrix.md");
    let table = format!("{HEAD}{table}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(page).unwrap(), table, "with BLESS=1 this test writes the page anew");
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add = |hub, server, call, errors: &[i32]| {
        for &error in errors {
            cells.extend(["once", "repeatedly"].map(|often| Cell { hub, server, call, error, often }));
        }
    };
    for &(call, _, errors) in CALLS {
        add("default", "loop", call, errors);
    }
    let accept = CALLS.iter().find(|call| call.0 == "accept").unwrap();
    for server in ["serve", "Server"] {
        add("default", server, "accept", accept.2);
        add("default", server, "accept", OF_THE_NETWORK);
    }
    for &(hub, call, _, errors) in WAITS {
        add(hub, "loop", call, errors);
    }
    cells
}

fn start(hub: &str, cell: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_cell", "--ignored", "--nocapture"])
        .env("EVENTLET_HUB", hub)
        .env(CELL, cell)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the cell says of itself, or what is wrong with it.
fn outcome(mut child: Child) -> Result<String, String> {
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err("hangs".into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let said = said.split("OUTCOME ").nth(1).and_then(|rest| rest.lines().next());
    match (output.status.success(), said) {
        (true, Some(said)) => Ok(said.to_owned()),
        _ => Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())),
    }
}

#[test]
#[ignore = "one cell of the matrix, which is started by the test above"]
fn one_cell() {
    let Ok(cell) = std::env::var(CELL) else { return };
    let [server, name, error, often] = cell.split(':').collect::<Vec<_>>()[..] else { panic!("{cell}") };
    let error: i32 = error.parse().unwrap();
    let once = often == "once";
    let hub = std::env::var("EVENTLET_HUB").unwrap();
    let wait = WAITS.iter().find(|wait| wait.0 == hub && wait.1 == name).map(|wait| wait.2);
    let numbers = wait.unwrap_or_else(|| CALLS.iter().find(|call| call.0 == name).unwrap().1);
    let failures = match (once, error) {
        (true, _) => 1,
        (false, libc::EINTR) => SIGNALS,
        (false, _) => i64::MAX,
    };
    // Whatever is opened once and kept is open after this.
    let quiet = serve_clients(server, true, &Injector::default());
    assert!(quiet.errors.is_empty() && quiet.served == CLIENTS);
    let open = open_descriptors();
    let injector = match Injector::install(numbers, error) {
        Ok(injector) => injector,
        Err(error) => return println!("OUTCOME {FORBIDDEN} here: {error}"),
    };
    injector.0.left.store(0, Ordering::SeqCst);
    injector.0.armed_with.store(failures, Ordering::SeqCst);
    let before = cpu_time();
    let watched = injector.clone();
    let seen = panic::catch_unwind(AssertUnwindSafe(|| serve_clients(server, once, &watched)));
    injector.disarm();
    let spent = cpu_time() - before;
    let calls = injector.0.calls.load(Ordering::SeqCst);
    let failed = injector.0.failed.load(Ordering::SeqCst);
    assert!(failed > 0, "the call was never made");
    assert!(calls < MOST_CALLS, "spins: {calls} calls");
    assert!(spent < MOST_CPU, "spins: {spent:?} on a processor");
    let seen = match seen {
        Ok(seen) => seen,
        Err(panicked) => {
            assert!(wait.is_some() && error != libc::EINTR, "panics");
            let said = panicked.downcast_ref::<String>().expect("it says why");
            let plain = io::Error::from_raw_os_error(error);
            assert_eq!(*said, format!("the hub cannot wait for the operating system: {plain}"));
            println!("OUTCOME a panic that says what the hub cannot do");
            // A hub that cannot wait has green threads that cannot end.
            std::process::exit(0);
        }
    };
    assert_eq!(open_descriptors(), open + 1, "descriptors leak (one is the filter's own)");
    println!("OUTCOME {}", judge(&Asking { server, call: name, error, once, failed }, &seen));
}

#[test]
fn a_signal_while_a_file_is_being_locked_is_no_error() {
    const TEST: &str = "a_signal_while_a_file_is_being_locked_is_no_error";
    if std::env::var_os(CELL).is_none() {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let output = test.args(["--exact", TEST]).env(CELL, "flock").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    // The OS threads that lock begin after this, and so have the filter as well.
    let Ok(injector) = Injector::install(&[libc::SYS_flock], libc::EINTR) else { return };
    injector.0.armed_with.store(3, Ordering::SeqCst);
    injector.arm();
    run_clean(lock_a_file);
    assert_eq!(injector.0.failed.load(Ordering::SeqCst), 3);
}

#[green]
fn lock_a_file() {
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    file.lock_shared().unwrap();
    file.unlock().unwrap();
    eventlet::tpool::killall();
}

struct Asking<'a> {
    server: &'a str,
    call: &'a str,
    error: i32,
    once: bool,
    failed: u64,
}

fn judge(asked: &Asking<'_>, seen: &Seen) -> String {
    let Seen { errors, served, .. } = seen;
    let plain = io::Error::from_raw_os_error(asked.error);
    if asked.server != "loop" {
        assert!(errors.is_empty(), "a server that waits tells nobody: {errors:?}");
        assert_eq!(*served, CLIENTS, "everybody is served, if later");
        if !asked.once && asked.error != libc::EINTR {
            assert!(asked.failed < MOST_CALLS_IN_HARD_TIMES, "spins: {} calls in hard times", asked.failed);
            assert!(seen.cpu < MOST_CPU_IN_HARD_TIMES, "spins: {:?} on a processor in hard times", seen.cpu);
        }
        return "everybody was served".into();
    }
    if errors.is_empty() {
        assert_eq!(*served, CLIENTS);
        return "nothing happened".into();
    }
    assert_ne!(asked.error, libc::EINTR, "a signal is no error: {errors:?}");
    let told: Vec<_> = errors.iter().filter(|told| raw_os_error(told) == Some(asked.error)).collect();
    assert!(!told.is_empty(), "nobody is told of the error itself: {errors:?}");
    assert!(told.iter().all(|told| told.kind() == plain.kind()), "another kind: {told:?}");
    if asked.once {
        // Whoever gives up with bytes unread resets the connection for the other end, too.
        let most = if asked.error == libc::ECONNRESET { 2 } else { 1 };
        assert!(told.len() <= most, "told of once, to one: {errors:?}");
        assert!(*served >= CLIENTS - 1, "{served} clients were served: {errors:?}");
    }
    if asked.call == "epoll_ctl" {
        // Who reads or writes did not ask for a registration.
        assert!(told.iter().all(|told| told.to_string() != plain.to_string()), "names no operation: {plain}");
        return "an error that names the operation".into();
    }
    "an error for whoever made the call".into()
}

/// What the whole process has had of the processors.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one `timespec`, which is borrowed for the call.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

type Errors = Rc<RefCell<Vec<io::Error>>>;

/// What became of a hundred clients.
#[derive(Default)]
struct Seen {
    /// Every error that somebody was told of.
    errors: Vec<io::Error>,
    served: usize,
    /// Spent in hard times.
    cpu: Duration,
}

/// A hundred clients and their server.
fn serve_clients(server: &str, once: bool, injector: &Injector) -> Seen {
    let errors = Errors::default();
    let (told, injector, server) = (errors.clone(), injector.clone(), server.to_owned());
    let (served, cpu) = run_clean(move || scene(server, once, told, injector));
    Seen { errors: Rc::into_inner(errors).unwrap().into_inner(), served, cpu }
}

#[green]
fn scene(kind: String, once: bool, errors: Errors, injector: Injector) -> (usize, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    injector.arm();
    let told = errors.clone();
    let members = GreenPool::new(2 * CLIENTS);
    let serving = members.clone();
    let handle = move |stream, _: SocketAddr| echo(stream, told.clone());
    let acceptor_told = errors.clone();
    let mut server = None;
    let mut acceptor = None;
    match &*kind {
        "Server" => server = Some(Server::start(listener, handle, serving)),
        "serve" => acceptor = Some(spawn(move || serve(listener, handle, serving))),
        _ => acceptor = Some(spawn(move || accept_all(listener, once, acceptor_told, serving))),
    }
    let clients: Vec<_> = (0..CLIENTS).map(|_| spawn(move || client(address))).collect();
    let mut cpu = Duration::ZERO;
    if kind != "loop" && !once {
        let before = cpu_time();
        sleep(HARD_TIMES);
        cpu = cpu_time() - before;
        injector.disarm();
    }
    let mut served = 0;
    for client in clients {
        match client.wait() {
            Ok(()) => served += 1,
            Err(error) => errors.borrow_mut().push(error),
        }
    }
    injector.disarm();
    if let Some(server) = server {
        assert!(server.is_accepting());
        server.close();
    }
    if let Some(acceptor) = acceptor {
        acceptor.kill();
    }
    // The clients have gone: whoever serves one hears of it.
    members.waitall();
    (served, cpu)
}

/// Goes on after its first error only if there is to be no other.
#[green]
fn accept_all(listener: TcpListener, once: bool, errors: Errors, members: GreenPool) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let told = errors.clone();
                members.spawn_n(move || echo(stream, told));
            }
            Err(error) => {
                errors.borrow_mut().push(error);
                if !once {
                    return Ok(());
                }
            }
        }
    }
}

#[green]
fn echo(mut stream: TcpStream, errors: Errors) {
    let mut bytes = [0; 4];
    let mut result = stream.read_exact(&mut bytes);
    if result.is_ok() {
        result = stream.write_all(&bytes);
    }
    if let Err(error) = result {
        errors.borrow_mut().push(error);
    }
}

#[green]
fn client(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"ping")?;
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)
}

/// Who answers for the kernel.
#[derive(Clone, Default)]
struct Injector(Arc<Injected>);

#[derive(Default)]
struct Injected {
    /// How many calls are yet to fail.
    left: AtomicI64,
    armed_with: AtomicI64,
    calls: AtomicU64,
    failed: AtomicU64,
}

/// `struct seccomp_notif` of the kernel.
#[repr(C)]
#[derive(Default)]
struct Asked {
    id: u64,
    pid: u32,
    flags: u32,
    data: [u64; 8],
}

/// `struct seccomp_notif_resp` of the kernel.
#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

const RECEIVE: u64 = 0xc050_2100;
const SEND: u64 = 0xc018_2101;
const LET_THROUGH: u32 = 1;

impl Injector {
    fn arm(&self) {
        self.0.left.store(self.0.armed_with.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn disarm(&self) {
        self.0.left.store(0, Ordering::SeqCst);
    }

    /// From here on, calls with one of these numbers by this OS thread are asked about.
    fn install(numbers: &[i64], error: i32) -> io::Result<Injector> {
        let injector = Injector::default();
        let (to_answerer, from_filter) = std::sync::mpsc::channel();
        let answers = injector.clone();
        // It has no filter, since it began before there was one.
        thread::spawn(move || from_filter.recv().map(|filter| answers.answer(filter, error)));
        // Waking the answerer must not be a call that it has to answer: it is told through `futex`, never filtered.
        to_answerer.send(filter(numbers)?).unwrap();
        Ok(injector)
    }

    fn answer(&self, listener: RawFd, error: i32) -> ! {
        loop {
            let mut asked = Asked::default();
            // SAFETY: the kernel writes one `seccomp_notif`, which `Asked` is, field by field.
            if unsafe { libc::ioctl(listener, RECEIVE, &raw mut asked) } != 0 {
                continue;
            }
            self.0.calls.fetch_add(1, Ordering::SeqCst);
            let fails = self.0.left.load(Ordering::SeqCst) > 0;
            let mut answer = Answer { id: asked.id, value: 0, error: 0, flags: LET_THROUGH };
            if fails {
                self.0.left.fetch_sub(1, Ordering::SeqCst);
                self.0.failed.fetch_add(1, Ordering::SeqCst);
                (answer.error, answer.flags) = (-error, 0);
                if asked.data[0] as u32 as i64 == libc::SYS_connect && error == libc::EINTR {
                    // A signal does not end the attempt, so there must be one.
                    let [_, _, socket, address, length, ..] = asked.data;
                    // SAFETY: the asking thread stands still in this very call, which lends it the address.
                    unsafe { libc::syscall(libc::SYS_connect, socket, address, length) };
                }
            }
            // SAFETY: the kernel reads one `seccomp_notif_resp`, which `Answer` is, field by field.
            unsafe { libc::ioctl(listener, SEND, &raw mut answer) };
        }
    }
}

/// The filter's listener.
fn filter(numbers: &[i64]) -> io::Result<RawFd> {
    const LOAD_NUMBER: u16 = 0x20;
    const IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let step = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let mut program = vec![step(LOAD_NUMBER, 0, 0)];
    for (at, &number) in numbers.iter().enumerate() {
        program.push(step(IF_EQUAL, (numbers.len() - at) as u8, number as u32));
    }
    program.push(step(RETURN, 0, libc::SECCOMP_RET_ALLOW));
    program.push(step(RETURN, 0, libc::SECCOMP_RET_USER_NOTIF));
    let handed = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: `prctl` with this option takes numbers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the kernel copies the program during the call, and the vector behind it is alive.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const handed,
        )
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(listener as RawFd)
}
