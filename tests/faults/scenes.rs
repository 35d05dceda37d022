//! What a hundred clients do while a system call fails.

use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use eventlet::convenience::Server;
use eventlet::green::fs::{self, File};
use eventlet::green::io::{IoSlice, IoSliceMut, PipeWriter, Read, Seek, Write, pipe, stderr};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::green::os::unix::fs::{PermissionsExt, symlink};
use eventlet::green::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use eventlet::green::process::{Command, Stdio};
use eventlet::signal::{SIGUSR1, wait_for};
use eventlet::testing::run_clean;
use eventlet::{GreenPool, Timeout, green, hubs, serve, sleep, spawn, with_timeout};

use rustix::process::{Signal, getpid, kill_process};

use super::calls::Often;
use super::injector::Injector;

pub(crate) const CLIENTS: usize = 100;
/// How long accepting fails "again and again" under a server that waits for better times.
const HARD_TIMES: Duration = Duration::from_millis(200);
/// So many of the clients of a scene with processes have one.
const EACH_WITH_A_PROCESS: usize = 12;

/// What became of a hundred clients.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every error that somebody was told of.
    pub(crate) errors: Vec<io::Error>,
    pub(crate) served: usize,
    /// Spent in hard times.
    pub(crate) cpu: Duration,
}

/// Runs a scene, with the injector armed; or gives what the hub said in its panic, and whether it is still there.
pub(crate) fn run(
    hub: &'static str,
    scene: &'static str,
    often: Often,
    injector: &Injector,
) -> Result<Seen, Panicked> {
    let seen = match scene {
        // The hub of such a wait cannot be shut down with its OS thread, since its green threads cannot end.
        "loop" if ["poll", "select"].contains(&hub) => in_place(|| with_a_server(scene, often, injector)),
        // A hub of its own, which has not learned yet what the kernel lacks.
        "loop" => on_its_own(injector, move |injector| with_a_server(scene, often, injector)),
        "serve" | "Server" => in_place(|| with_a_server(scene, often, injector)),
        "use_hub" => on_its_own(injector, move |injector| {
            injector.arm();
            let chosen = hubs::use_hub(hub);
            injector.unload();
            let mut seen = Seen::default();
            if let Err(error) = chosen {
                seen.errors.push(error);
                hubs::use_hub(hub).unwrap();
            }
            let rest = alone("TCP", injector);
            assert!(rest.errors.is_empty(), "a hub that was refused has left something: {:?}", rest.errors);
            Seen { served: rest.served, ..seen }
        }),
        "first use" => on_its_own(injector, |injector| alone("TCP", injector)),
        // A hub of its own, which has not found its way to a file or to the stream.
        "first file" | "stderr" => on_its_own(injector, move |injector| alone(scene, injector)),
        _ => in_place(|| alone(scene, injector)),
    };
    injector.disarm();
    seen
}

/// What a panic said.
pub(crate) struct Panicked {
    pub(crate) said: String,
    /// The OS thread was the scene's own, and has ended.
    pub(crate) is_over: bool,
}

fn said(panicked: Box<dyn Any + Send>) -> String {
    let text = panicked.downcast::<String>().map(|text| *text);
    text.unwrap_or_else(|other| (*other.downcast_ref::<&str>().expect("it says why")).to_owned())
}

fn in_place(scene: impl FnOnce() -> Seen) -> Result<Seen, Panicked> {
    let seen = panic::catch_unwind(AssertUnwindSafe(scene));
    seen.map_err(|panicked| Panicked { said: said(panicked), is_over: false })
}

/// On an OS thread that has no hub yet; it has the filter of the one that starts it.
fn on_its_own(
    injector: &Injector,
    scene: impl FnOnce(&Injector) -> Seen + Send + 'static,
) -> Result<Seen, Panicked> {
    let injector = injector.clone();
    let seen = thread::spawn(move || scene(&injector)).join();
    seen.map_err(|panicked| Panicked { said: said(panicked), is_over: true })
}

/// What the whole process has had of the processors.
pub(crate) fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one `timespec`, which is borrowed for the call.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

type Errors = Rc<RefCell<Vec<io::Error>>>;

fn with_a_server(server: &str, often: Often, injector: &Injector) -> Seen {
    let errors = Errors::default();
    let (told, injector, server) = (errors.clone(), injector.clone(), server.to_owned());
    let (served, cpu) = run_clean(move || serve_clients(server, often, told, injector));
    Seen { errors: Rc::into_inner(errors).unwrap().into_inner(), served, cpu }
}

/// A hundred clients and their server.
#[green]
fn serve_clients(kind: String, often: Often, errors: Errors, injector: Injector) -> (usize, Duration) {
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
        _ => acceptor = Some(spawn(move || accept_all(listener, often, acceptor_told, serving))),
    }
    let clients: Vec<_> = (0..CLIENTS).map(|_| spawn(move || client(address))).collect();
    let mut cpu = Duration::ZERO;
    if kind != "loop" && often == Often::Repeatedly {
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
    // Nobody else is there, so that the hub waits for just this; for what is no whole number of milliseconds it has another
    // call.
    sleep(Duration::from_micros(2300));
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
fn accept_all(listener: TcpListener, often: Often, errors: Errors, members: GreenPool) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let told = errors.clone();
                members.spawn_n(move || echo(stream, told));
            }
            Err(error) => {
                errors.borrow_mut().push(error);
                if often == Often::Repeatedly {
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

/// A folder of the process's own, for files and names.
struct Folder(PathBuf);

impl Folder {
    fn path() -> PathBuf {
        // Found out before anything fails. In memory, where there is such a place: a disk takes ten times as long.
        static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
            let memory = Path::new("/dev/shm");
            let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
            place.join(format!("eventlet-faults-{}", std::process::id()))
        });
        PATH.clone()
    }

    fn new() -> Self {
        std::fs::create_dir(Self::path()).unwrap();
        std::fs::write(Self::path().join("given"), "given").unwrap();
        Folder(Self::path())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A hundred clients of which each has all that it needs.
fn alone(scene: &'static str, injector: &Injector) -> Seen {
    let folder = Folder::new();
    let disarmed = injector.clone();
    injector.arm();
    let (errors, served) = run_clean(move || side_by_side(scene, disarmed));
    drop(folder);
    Seen { errors, served, cpu: Duration::ZERO }
}

#[green]
fn side_by_side(scene: &'static str, injector: Injector) -> (Vec<io::Error>, usize) {
    let clients: Vec<_> = (0..CLIENTS).map(|number| spawn(move || one_of(scene, number))).collect();
    if scene == "signal" {
        // They wait for it by then.
        sleep(A_MOMENT);
        kill_process(getpid(), Signal::USR1).unwrap();
    }
    let (mut errors, mut served) = (vec![], 0);
    for client in clients {
        match client.wait() {
            Ok(()) => served += 1,
            Err(error) => errors.push(error),
        }
    }
    injector.disarm();
    (errors, served)
}

#[green]
fn one_of(scene: &'static str, number: usize) -> io::Result<()> {
    let path = Folder::path().join(number.to_string());
    match scene {
        "TCP" => tcp(),
        "UDP" => udp(),
        "Unix stream" => unix_stream(&path),
        "Unix datagram" => unix_datagram(&path),
        "pipe" => through_a_pipe(),
        "files" => files(&path),
        "folders" => folders(&path),
        "lent" => lent(),
        "signal" => wait_for(SIGUSR1),
        "stderr" => stderr().write_all(b"\n"),
        "first file" => fs::read(Folder::path().join("given")).map(drop),
        "processes" if number.is_multiple_of(EACH_WITH_A_PROCESS) => process(),
        "processes" => bytes_through_a_pair(),
        _ => panic!("{scene}"),
    }
}

/// So that there is a wait: nothing has come yet.
const A_MOMENT: Duration = Duration::from_millis(1);

fn nothing_yet<T>(waited: Result<io::Result<T>, Timeout>) -> io::Result<()> {
    match waited {
        Ok(Ok(_)) => panic!("there was something"),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(()),
    }
}

#[green]
fn tcp() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    let (mut server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    assert!(client.nodelay()?);
    client.write_all(b"ping")?;
    let mut bytes = [0; 4];
    server.read_exact(&mut bytes)?;
    assert_eq!(server.write_vectored(&[IoSlice::new(&bytes)])?, 4);
    assert_eq!(client.read_vectored(&mut [IoSliceMut::new(&mut bytes)])?, 4);
    client.shutdown(Shutdown::Write)?;
    assert_eq!(server.read(&mut bytes)?, 0);
    client.peer_addr()?;
    server.take_error()?;
    Ok(())
}

#[green]
fn udp() -> io::Result<()> {
    let one = UdpSocket::bind("127.0.0.1:0")?;
    let other = UdpSocket::bind("127.0.0.1:0")?;
    let (here, there) = (one.local_addr()?, other.local_addr()?);
    one.set_broadcast(true)?;
    one.connect(there)?;
    let mut bytes = [0; 8];
    nothing_yet(with_timeout(A_MOMENT, || other.recv_from(&mut bytes)))?;
    one.send(b"ping")?;
    assert_eq!(other.recv_from(&mut bytes)?, (4, here));
    other.send_to(b"pong", here)?;
    assert_eq!(one.recv(&mut bytes)?, 4);
    Ok(())
}

#[green]
fn unix_stream(path: &Path) -> io::Result<()> {
    let listener = UnixListener::bind(path)?;
    let mut client = UnixStream::connect(path)?;
    let (mut server, _) = listener.accept()?;
    let mut bytes = [0; 4];
    nothing_yet(with_timeout(A_MOMENT, || server.read(&mut bytes)))?;
    client.write_all(b"ping")?;
    server.read_exact(&mut bytes)?;
    client.shutdown(Shutdown::Write)?;
    assert_eq!(server.read(&mut bytes)?, 0);
    bytes_through_a_pair()
}

#[green]
fn bytes_through_a_pair() -> io::Result<()> {
    let (mut one, mut other) = UnixStream::pair()?;
    one.write_all(b"ping")?;
    other.read_exact(&mut [0; 4])
}

#[green]
fn unix_datagram(path: &Path) -> io::Result<()> {
    let named = UnixDatagram::bind(path)?;
    let nameless = UnixDatagram::unbound()?;
    let mut bytes = [0; 8];
    nothing_yet(with_timeout(A_MOMENT, || named.recv_from(&mut bytes)))?;
    nameless.send_to(b"ping", path)?;
    assert_eq!(named.recv_from(&mut bytes)?.0, 4);
    nameless.connect(path)?;
    nameless.send(b"ping")?;
    assert_eq!(named.recv(&mut bytes)?, 4);
    let (one, other) = UnixDatagram::pair()?;
    one.send(b"ping")?;
    assert_eq!(other.recv(&mut bytes)?, 4);
    one.shutdown(Shutdown::Both)
}

#[green]
fn through_a_pipe() -> io::Result<()> {
    let (mut reader, writer) = pipe()?;
    let mut again = writer.try_clone()?;
    let mut bytes = [0; 4];
    nothing_yet(with_timeout(A_MOMENT, || reader.read(&mut bytes)))?;
    again.write_all(b"ping")?;
    reader.read_exact(&mut bytes)?;
    assert_eq!(again.write_vectored(&[IoSlice::new(&bytes)])?, 4);
    assert_eq!(reader.read_vectored(&mut [IoSliceMut::new(&mut bytes)])?, 4);
    drop(again);
    // One that others may have, too, and that may block.
    let writer = PipeWriter::from_std(writer.into_std()?)?;
    drop(writer);
    assert_eq!(reader.read(&mut bytes)?, 0);
    Ok(())
}

#[green]
fn files(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    file.lock()?;
    file.write_all(b"some text")?;
    file.sync_all()?;
    file.rewind()?;
    let mut text = [0; 9];
    file.read_exact(&mut text)?;
    file.write_all_at(b"other", 0)?;
    file.read_exact_at(&mut text, 0)?;
    assert_eq!(&text, b"othertext");
    file.set_len(4)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    assert_eq!(file.metadata()?.len(), 4);
    file.unlock()
}

#[green]
fn folders(path: &Path) -> io::Result<()> {
    let [renamed, link] = ["renamed", "link"].map(|name| path.join(name));
    fs::create_dir(path)?;
    fs::write(path.join("one"), "1")?;
    fs::rename(path.join("one"), &renamed)?;
    symlink(&renamed, &link)?;
    fs::metadata(&link)?;
    for entry in fs::read_dir(path)? {
        fs::remove_file(entry?.path())?;
    }
    fs::remove_dir(path)
}

/// A descriptor of somebody else's.
#[green]
fn lent() -> io::Result<()> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    nothing_yet(with_timeout(A_MOMENT, || hubs::trampoline(&ours, hubs::Interest::READ, None)))?;
    drop(theirs);
    hubs::trampoline(&ours, hubs::Interest::READ, None)
}

/// Whatever is refused, `cat` ends when its input does, which nobody else has.
#[green]
fn process() -> io::Result<()> {
    let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    input.write_all(b"ping")?;
    output.read_exact(&mut [0; 4])?;
    child.kill()?;
    assert!(!child.wait()?.success());
    Ok(())
}
