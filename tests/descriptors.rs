//! Descriptors: each is closed when it should be, numbers that are used again have no history, and a process that runs
//! out of them recovers.
//!
//! Descriptors belong to the whole process, so this file has one test, which does one thing after the other.

#![cfg(target_os = "linux")]

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use eventlet::convenience::ListenOptions;
use eventlet::green::io::{Read, Write, pipe};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::process::{Command, Stdio};
use eventlet::testing::run_clean;
use eventlet::{Green, connect, green, listen, serve, sleep, spawn, with_timeout};
use eventlet_tests::{ms, run_on};

#[test]
fn one_after_the_other() {
    for hub in ["default", "polling", "poll", "select"] {
        // Whatever a hub opens for itself is open after this.
        run_on(hub, || sleep(ms(1)));
        closes_all(hub, "echo", echo);
        closes_all(hub, "dropped_while_registered", dropped_while_registered);
        closes_all(hub, "killed_while_reading", killed_while_reading);
        closes_all(hub, "killed_while_connecting", killed_while_connecting);
        closes_all(hub, "timed_out_while_accepting", timed_out_while_accepting);
        closes_all(hub, "refused", refused);
        closes_all(hub, "clones_and_halves", clones_and_halves);
        closes_all(hub, "closed_and_dropped", closed_and_dropped);
        closes_all(hub, "number_used_again", number_used_again);
        closes_all(hub, "given_to_std", given_to_std);
        closes_all(hub, "served", served);
        closes_all(hub, "pipes", pipes);
        closes_all(hub, "children", children);
        closes_all(hub, "a_child_that_was_waited_for", a_child_that_was_waited_for);
        closes_all(hub, "children_that_cannot_be_started", children_that_cannot_be_started);
        assert_no_children();
        closes_all(hub, "out_of_descriptors", out_of_descriptors);
    }
}

/// Runs a scenario, after which no more descriptors are open than before.
#[track_caller]
fn closes_all<F: Future<Output = ()>>(hub: &str, name: &str, scenario: impl FnOnce() -> Green<F>) {
    let before = open_descriptors();
    run_clean(scenario);
    assert_eq!(open_descriptors(), before, "`{name}` on `{hub}`");
}

/// The numbers of the open descriptors.
fn open_descriptors() -> Vec<i32> {
    let mut numbers = vec![];
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        // The directory itself is open while it is read.
        if !std::fs::read_link(entry.path()).unwrap().starts_with("/proc") {
            numbers.push(entry.file_name().to_str().unwrap().parse().unwrap());
        }
    }
    numbers.sort_unstable();
    numbers
}

#[green]
fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = spawn(move || TcpStream::connect(address));
    let (accepted, _) = listener.accept().unwrap();
    (client.wait().unwrap(), accepted)
}

#[green]
fn echo() {
    let (mut one, mut other) = tcp_pair();
    let answer = spawn(
        #[green]
        move || {
            let mut buf = [0; 5];
            other.read_exact(&mut buf).unwrap();
            other.write_all(&buf).unwrap();
        },
    );
    one.write_all(b"hello").unwrap();
    one.read_exact(&mut [0; 5]).unwrap();
    answer.wait();
}

#[green]
fn dropped_while_registered() {
    let (one, mut other) = tcp_pair();
    let _ = with_timeout(
        ms(1),
        #[green]
        || other.read(&mut [0]),
    );
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let _ = with_timeout(
        ms(1),
        #[green]
        || socket.recv(&mut [0]),
    );
    drop(one);
}

#[green]
fn killed_while_reading() {
    let (one, mut other) = tcp_pair();
    let number = other.as_raw_fd();
    let reader = spawn(
        #[green]
        move || other.read(&mut [0]).unwrap(),
    );
    sleep(ms(1));
    reader.kill();
    // It was closed by the kill, not later.
    assert!(!open_descriptors().contains(&number));
    drop(one);
}

#[green]
fn killed_while_connecting() {
    let listener = ListenOptions::new().backlog(0).listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = vec![];
    while let Ok(stream) = with_timeout(ms(10), || connect(address)) {
        held.push(stream.unwrap());
    }
    let before = open_descriptors().len();
    let late = spawn(move || connect(address));
    sleep(ms(1));
    assert_eq!(open_descriptors().len(), before + 1);
    late.kill();
    assert_eq!(open_descriptors().len(), before);
}

#[green]
fn timed_out_while_accepting() {
    let listener = listen("127.0.0.1:0").unwrap();
    assert!(with_timeout(ms(1), || listener.accept()).is_err());
}

#[green]
fn refused() {
    let address = listen("127.0.0.1:0").unwrap().local_addr().unwrap();
    connect(&[address, address][..]).unwrap_err();
}

#[green]
fn clones_and_halves() {
    let (one, other) = tcp_pair();
    let number = one.as_raw_fd();
    let clone = one.try_clone().unwrap();
    assert_eq!(clone.as_raw_fd(), number);
    let (reader, writer) = one.into_split();
    drop(clone);
    drop(reader);
    assert!(open_descriptors().contains(&number));
    drop(writer);
    assert!(!open_descriptors().contains(&number));
    drop(other);
}

#[green]
fn closed_and_dropped() {
    let (one, other) = tcp_pair();
    let number = one.as_raw_fd();
    let one = Rc::new(one);
    let reader = {
        let one = one.clone();
        spawn(
            #[green]
            move || (&*one).read(&mut [0]).map_err(|error| error.kind()),
        )
    };
    sleep(ms(1));
    one.close();
    // A second time is no harm, to nobody.
    one.close();
    reader.wait().unwrap_err();
    drop(one);
    assert!(!open_descriptors().contains(&number));
    drop(other);
}

/// An event for a descriptor that is gone does not reach the next one with its number.
#[green]
fn number_used_again() {
    let (one, mut other) = tcp_pair();
    let number = one.as_raw_fd();
    let reader = spawn(
        #[green]
        move || {
            let mut one = one;
            one.read(&mut [0]).unwrap()
        },
    );
    sleep(ms(1));
    // What is for the old reader is on its way when the reader goes, and its socket with it.
    other.write_all(b"for the old one").unwrap();
    reader.kill();
    let (mut again, mut peer) = UnixStream::pair().unwrap();
    if again.as_raw_fd() != number {
        std::mem::swap(&mut again, &mut peer);
    }
    assert_eq!(again.as_raw_fd(), number);
    assert!(
        with_timeout(
            ms(3),
            #[green]
            || again.read(&mut [0; 8])
        )
        .is_err()
    );
    peer.write_all(b"new").unwrap();
    assert_eq!(again.read(&mut [0; 8]).unwrap(), 3);
}

#[green]
fn given_to_std() {
    let (mut one, other) = tcp_pair();
    let _ = with_timeout(
        ms(1),
        #[green]
        || one.read(&mut [0]),
    );
    let one = one.into_std().unwrap();
    // The hub has forgotten it: the number may be registered again.
    let mut one = TcpStream::from_std(one).unwrap();
    let _ = with_timeout(
        ms(1),
        #[green]
        || one.read(&mut [0]),
    );
    drop(other);
}

#[green]
fn served() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = async |mut client: TcpStream, _| drop(client.write_all(b"x").await);
    let server = spawn(move || serve(listener, handle, 2));
    for _ in 0..5 {
        let mut text = String::new();
        connect(address).unwrap().read_to_string(&mut text).unwrap();
    }
    server.kill();
}

#[green]
fn pipes() {
    let (mut reader, mut writer) = pipe().unwrap();
    let _ = with_timeout(
        ms(1),
        #[green]
        || reader.read(&mut [0]),
    );
    writer.write_all(b"x").unwrap();
    let _same_number = reader.into_std().unwrap();
}

#[green]
fn children() {
    for limit in [ms(0), ms(1)] {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        assert_eq!(child.wait_timeout(limit).unwrap(), None);
        drop(input);
        assert!(child.communicate(b"").unwrap().status.success());
        assert!(Command::new("true").output().unwrap().status.success());
    }
}

#[green]
fn children_that_cannot_be_started() {
    for _ in 0..50 {
        let mut command = Command::new("/no/such/program");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        assert_eq!(command.spawn().unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(command.output().unwrap_err().kind(), ErrorKind::NotFound);
    }
}

/// None runs, and none that has ended waits to be reaped.
#[track_caller]
fn assert_no_children() {
    use rustix::process::{WaitId, WaitIdOptions, waitid};

    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    assert_eq!(waitid(WaitId::All, options).unwrap_err(), rustix::io::Errno::CHILD);
}

/// With no descriptor left the server waits, with pauses that grow; it does not spin, and goes on when there is one.
#[green]
fn out_of_descriptors() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepts = Rc::new(std::cell::Cell::new(0));
    let counting = Counting { listener, accepts: accepts.clone() };
    let handle = async |mut client: TcpStream, _| drop(client.write_all(b"served").await);
    let server = spawn(move || serve(counting, handle, 10));
    sleep(ms(1));

    let mut client = TcpStream::from_std(connect_without_suspending(address)).unwrap();
    let limit = Limit::at_the_next();
    sleep(ms(100));
    let tries = accepts.get();
    // At 0, 10, 30, 70 and 150 ms.
    assert!((2..=6).contains(&tries), "{tries} tries");
    drop(limit);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "served");
    server.kill();
}

/// A listener that counts how often it is asked.
struct Counting {
    listener: TcpListener,
    accepts: Rc<std::cell::Cell<u32>>,
}

impl eventlet::convenience::Listener for Counting {
    type Connection = TcpStream;
    type Address = std::net::SocketAddr;

    #[green]
    fn accept(&self) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
        let result = self.listener.accept();
        self.accepts.set(self.accepts.get() + 1);
        result
    }
}

/// A lower limit on descriptors, until it is dropped.
struct Limit(rustix::process::Rlimit);

impl Limit {
    /// The next descriptor is one too many.
    fn at_the_next() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let before = getrlimit(Resource::Nofile);
        let open = open_descriptors();
        let next = (0..).find(|number| !open.contains(number)).unwrap();
        let lower = Rlimit { current: Some(next as u64), maximum: before.maximum };
        setrlimit(Resource::Nofile, lower).unwrap();
        Limit(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        use rustix::process::{Resource, Rlimit, setrlimit};

        let Rlimit { current, maximum } = self.0;
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    }
}

/// The connection is in the listener's queue then, and has not been accepted.
fn connect_without_suspending(address: std::net::SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect(address).unwrap()
}

/// What watched it goes with the wait, not with the child.
#[green]
fn a_child_that_was_waited_for() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    assert_eq!(child.wait_timeout(ms(0)).unwrap().map(drop), None);
    child.stdin = None;
    let before = open_descriptors();
    child.wait().unwrap();
    let now = open_descriptors();
    assert!(now.len() < before.len() || before.is_empty(), "{before:?} became {now:?}");
    assert!(child.wait().unwrap().success());
    assert_eq!(eventlet::hubs::get_hub().sources(), 0);
}
