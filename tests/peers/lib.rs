//! Other people's programs at the other end of a connection.
//!
//! `cargo test -p eventlet-peer-tests --features peers` runs the tests; `.ci/run` does, after it has installed the
//! programs where they are missing.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::process::{Child, Command, Stdio};
use eventlet::{connect, green, sleep, with_timeout};
use eventlet_web_tests::authority::{AUTHORITY, Identity};

#[cfg(feature = "peers")]
pub mod browser;
pub mod databases;

/// What a program may take for anything.
pub const LIMIT: Duration = Duration::from_secs(20);

/// SIGTERM.
pub const TERMINATE: i32 = 15;

/// A program that is talked to, and killed when it is dropped.
pub struct Program {
    name: String,
    child: Child,
    /// What it has printed so far.
    printed: String,
}

impl Program {
    /// Starts it.
    #[green]
    pub fn start(program: &str, arguments: &[&str]) -> Program {
        // What it complains of is read with the rest.
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 2>&1", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        Program { name: format!("{program} {}", arguments.join(" ")), child, printed: String::new() }
    }

    /// Writes to its standard input.
    #[green]
    pub fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().expect("it is open").write_all(text.as_bytes()).unwrap();
    }

    /// Reads what it prints until this is there, and gives what it has printed since it started.
    #[green]
    pub fn until(&mut self, text: &str) -> &str {
        while !self.printed.contains(text) {
            let count = self.read_on();
            assert!(count > 0, "{} ended without `{text}`:\n{}", self.name, self.printed);
        }
        &self.printed
    }

    /// The first line with this word that it prints.
    #[green]
    pub fn line(&mut self, word: &str) -> String {
        loop {
            let whole = self.printed.rfind('\n').map_or("", |end| &self.printed[..end]);
            if let Some(line) = whole.lines().find(|line| line.contains(word)) {
                return line.to_owned();
            }
            let count = self.read_on();
            assert!(count > 0, "{} ended without `{word}`:\n{}", self.name, self.printed);
        }
    }

    #[green]
    fn read_on(&mut self) -> usize {
        let mut buf = [0; 4096];
        let stdout = self.child.stdout.as_mut().expect("it is open");
        let count = match with_timeout(LIMIT, || stdout.read(&mut buf)) {
            Ok(count) => count.unwrap(),
            Err(_) => panic!("{} says nothing more:\n{}", self.name, self.printed),
        };
        self.printed += &String::from_utf8_lossy(&buf[..count]);
        count
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: i32) {
        self.child.send_signal(signal).expect("it is there");
    }

    /// Asks it to end with this signal, waits until it has, and gives all that it has printed.
    #[green]
    pub fn end(mut self, signal: i32) -> String {
        self.child.send_signal(signal).unwrap();
        // It must not stop at what it has to say.
        while self.read_on() > 0 {}
        let status = self.child.wait_timeout(LIMIT).unwrap();
        assert!(status.is_some(), "{} does not end:\n{}", self.name, self.printed);
        std::mem::take(&mut self.printed)
    }

    /// Ends its input, waits for its end, and gives whether it succeeded and all that it has printed.
    #[green]
    pub fn finish(mut self) -> (bool, String) {
        drop(self.child.stdin.take());
        while self.read_on() > 0 {}
        let status = self.child.wait_timeout(LIMIT).unwrap();
        let Some(status) = status else { panic!("{} does not end:\n{}", self.name, self.printed) };
        (status.success(), std::mem::take(&mut self.printed))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended, mostly.
        let _ = self.child.kill();
    }
}

/// Files for programs that read their certificates from such; gone at the end.
pub struct Files(PathBuf);

impl Files {
    /// A folder with `authority.pem`.
    pub fn new(name: &str) -> io::Result<Files> {
        let folder = std::env::temp_dir().join(format!("eventlet-peers-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("authority.pem"), &AUTHORITY.pem)?;
        Ok(Files(folder))
    }

    /// Writes `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn add(&self, name: &str, identity: &Identity) -> io::Result<()> {
        fs::write(self.0.join(format!("{name}.pem")), &identity.certificate)?;
        fs::write(self.0.join(format!("{name}.key")), &identity.key)
    }

    /// The same words for a server that does not run as root; nobody may do it instead.
    pub fn as_nobody<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        let is_root = fs::metadata(&self.0).is_ok_and(|folder| folder.uid() == 0);
        if is_root { [&as_nobody, arguments].concat() } else { arguments.to_vec() }
    }

    /// The path of a file here, as an argument.
    pub fn path(&self, name: &str) -> String {
        Path::join(&self.0, name).display().to_string()
    }
}

/// A megabyte, no part of which is like another.
pub fn content() -> Vec<u8> {
    (0..1_000_000u32).map(|number| (number * 7 % 251) as u8).collect()
}

/// Waits until somebody listens there.
#[green]
pub fn until_it_listens(port: u16) {
    let listens = with_timeout(
        LIMIT,
        #[green]
        || {
            while connect(("127.0.0.1", port)).is_err() {
                sleep(Duration::from_millis(10));
            }
        },
    );
    listens.expect("it listens");
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
