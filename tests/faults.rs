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
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::testing::run_clean;
use eventlet::{GreenPool, green, spawn};

const CLIENTS: usize = 100;
/// What a cell may take; it takes a fraction of a second when nothing hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// More calls of one kind than this, with a hundred clients, are a loop that turns around an error.
const MOST_CALLS: u64 = 20_000;
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

const HEAD: &str = "# The fault matrix

What becomes of a server and its hundred clients when a system call fails. Written and checked by `tests/faults.rs`.

| call | error | how often | outcome |
|---|---|---|---|
";

/// How often a call that waits is told of a signal "again and again"; for ever would be a kernel that does not work.
const SIGNALS: i64 = 64;

#[test]
fn no_failing_system_call_hangs_spins_aborts_or_leaks() {
    let mut cells = Vec::new();
    for &(call, _, errors) in CALLS {
        for &error in errors {
            for often in ["once", "repeatedly"] {
                cells.push((format!("{call}:{error}:{often}"), call, error, often));
            }
        }
    }
    let mut bad = Vec::new();
    let mut table = String::new();
    for (cell, call, error, often) in cells {
        let text = io::Error::from_raw_os_error(error);
        match outcome(start(&cell)) {
            Ok(outcome) => table.push_str(&format!("| {call} | {text} | {often} | {outcome} |\n")),
            Err(wrong) => bad.push(format!("{call}, {text}, {often}: {wrong}")),
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

fn start(cell: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_cell", "--ignored", "--nocapture"])
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
    let mut parts = cell.split(':');
    let name = parts.next().unwrap();
    let error: i32 = parts.next().unwrap().parse().unwrap();
    let once = parts.next() == Some("once");
    let numbers = CALLS.iter().find(|call| call.0 == name).unwrap().1;
    let failures = match (once, error) {
        (true, _) => 1,
        (false, libc::EINTR) => SIGNALS,
        (false, _) => i64::MAX,
    };
    // Whatever is opened once and kept is open after this.
    assert!(serve_clients(&Injector::default()).is_empty());
    let open = open_descriptors();
    let injector = Injector::install(numbers, error);
    injector.0.left.store(0, Ordering::SeqCst);
    injector.0.armed_with.store(failures, Ordering::SeqCst);
    let errors = serve_clients(&injector);
    injector.0.left.store(0, Ordering::SeqCst);
    let calls = injector.0.calls.load(Ordering::SeqCst);
    assert!(injector.0.failed.load(Ordering::SeqCst) > 0, "the call was never made");
    assert!(calls < MOST_CALLS, "spins: {calls} calls");
    assert_eq!(open_descriptors(), open + 1, "descriptors leak (one is the filter's own)");
    println!("OUTCOME {}", judge(name, error, &errors));
}

fn judge(call: &str, error: i32, errors: &[io::Error]) -> String {
    let plain = io::Error::from_raw_os_error(error).to_string();
    if errors.is_empty() {
        return "nothing happened".into();
    }
    assert_ne!(error, libc::EINTR, "a signal is no error: {errors:?}");
    let told: Vec<_> = errors.iter().filter(|told| told.to_string().contains(&plain)).collect();
    assert!(!told.is_empty(), "nobody is told of the error itself: {errors:?}");
    if call == "epoll_ctl" {
        // Who reads or writes did not ask for a registration.
        assert!(told.iter().all(|told| told.to_string() != plain), "names no operation: {plain}");
    }
    match call {
        "epoll_ctl" => "an error that names the operation".into(),
        _ => "an error for whoever made the call".into(),
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

type Errors = Rc<RefCell<Vec<io::Error>>>;

/// A hundred clients and their server; every error that somebody was told of.
fn serve_clients(injector: &Injector) -> Vec<io::Error> {
    let errors = Errors::default();
    let (told, injector) = (errors.clone(), injector.clone());
    run_clean(move || scene(told, injector));
    Rc::into_inner(errors).unwrap().into_inner()
}

#[green]
fn scene(errors: Errors, injector: Injector) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    injector.arm();
    let told = errors.clone();
    let members = GreenPool::new(2 * CLIENTS);
    let serving = members.clone();
    let server = spawn(move || accept_all(listener, told, serving));
    let clients: Vec<_> = (0..CLIENTS).map(|_| spawn(move || client(address))).collect();
    for client in clients {
        if let Err(error) = client.wait() {
            errors.borrow_mut().push(error);
        }
    }
    injector.disarm();
    server.kill();
    // The clients have gone: whoever serves one hears of it.
    members.waitall();
}

#[green]
fn accept_all(listener: TcpListener, errors: Errors, members: GreenPool) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let told = errors.clone();
                members.spawn_n(move || echo(stream, told));
            }
            Err(error) => {
                errors.borrow_mut().push(error);
                return;
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
    fn install(numbers: &[i64], error: i32) -> Injector {
        let injector = Injector::default();
        let (to_answerer, from_filter) = std::sync::mpsc::channel();
        let answers = injector.clone();
        // It has no filter, since it began before there was one.
        thread::spawn(move || answers.answer(from_filter.recv().unwrap(), error));
        // Waking the answerer must not be a call that it has to answer: it is told through `futex`, never filtered.
        to_answerer.send(filter(numbers)).unwrap();
        injector
    }

    fn answer(&self, listener: RawFd, error: i32) {
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
fn filter(numbers: &[i64]) -> RawFd {
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
    assert!(listener >= 0, "no filter: {}", io::Error::last_os_error());
    listener as RawFd
}
