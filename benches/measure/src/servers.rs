//! Servers of databases that a measurement asks, for as long as it takes.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How many connections there are where many tasks share some.
pub const CONNECTIONS: usize = 20;
/// How many tasks share them.
pub const TASKS: u64 = 100;
/// How many commands a pipeline has.
pub const PIPELINE: u64 = 100;

/// Nothing here takes longer to start.
const LIMIT: Duration = Duration::from_secs(20);

/// A server of its own at 127.0.0.1, with a folder that goes with it.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    child: Child,
    folder: PathBuf,
}

/// Redis, which keeps nothing on the disk; `None`, with a word on standard error, if it is not
/// installed.
pub fn redis() -> Option<Server> {
    start("redis-server", |port, folder| {
        let number = port.to_string();
        let arguments = ["--bind", "127.0.0.1", "--port", &number, "--save", "", "--dir"];
        program("redis-server", false).args(arguments).arg(folder).spawn()
    })
}

/// PostgreSQL, with a database `postgres` that lets everybody in as `bench`, and that does not wait
/// for the disk; `None`, with a word on standard error, if it is not installed.
pub fn postgres() -> Option<Server> {
    start("PostgreSQL's server", |port, folder| {
        let found = fs::read_dir("/usr/lib/postgresql")?;
        let mut versions: Vec<PathBuf> = found.flatten().map(|found| found.path().join("bin")).collect();
        versions.retain(|path| path.join("initdb").exists());
        versions.sort();
        let newest = versions.pop().ok_or(io::ErrorKind::NotFound)?;
        let is_root = fs::metadata(folder)?.uid() == 0;
        let data = folder.join("data");
        fs::create_dir(&data)?;
        if is_root {
            // It does not run as root; nobody may do it instead.
            let owned = Command::new("chown").arg("nobody:nogroup").arg(&data).status()?;
            assert!(owned.success(), "root may give a folder away");
        }
        let mut initdb = program(&newest.join("initdb").to_string_lossy(), is_root);
        let initdb = initdb.args(["-U", "bench", "--auth=trust", "-E", "UTF8", "--locale=C", "-N", "-D"]);
        if !initdb.arg(&data).status()?.success() {
            return Err(io::Error::other("`initdb` has failed"));
        }
        let mut postgres = program(&newest.join("postgres").to_string_lossy(), is_root);
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string(), "-F"]);
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]).spawn()
    })
}

/// A program that says nothing, and ends when this one does.
fn program(path: &str, as_nobody: bool) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if as_nobody {
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn start(name: &str, spawn: impl FnOnce(u16, &Path) -> io::Result<Child>) -> Option<Server> {
    let started = (|| {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("eventlet-bench-{}-{port}", std::process::id()));
        fs::create_dir(&folder)?;
        let child = spawn(port, &folder).inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        let mut server = Server { port, child, folder };
        server.wait_until_it_is_up()?;
        Ok(server)
    })();
    started.map_err(|error: io::Error| eprintln!("{name} cannot be had ({error}): left out")).ok()
}

impl Server {
    fn wait_until_it_is_up(&mut self) -> io::Result<()> {
        let began = Instant::now();
        while !self.is_up() {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended: {status}")));
            }
            if began.elapsed() > LIMIT {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn is_up(&self) -> bool {
        let is_ready = match fs::read_to_string(self.folder.join("data/postmaster.pid")) {
            // PostgreSQL listens before it lets anybody in, and says there when it does.
            Ok(status) => status.contains("\nready"),
            Err(_) => !self.folder.join("data").exists(),
        };
        is_ready && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever has ended by itself is as good as gone, and so is a folder.
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::INT));
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
