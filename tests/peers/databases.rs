//! Databases that tests start for themselves.

use std::fs;
use std::path::PathBuf;

use eventlet::green;
use eventlet::green::process::Command;

use crate::{Files, Program};

/// Where Debian has the programs of PostgreSQL's server, of the newest version.
fn program(name: &str) -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.expect("it can be read").path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().expect("PostgreSQL's server is installed").display().to_string()
}

/// Makes a database in the folder `data`, for Anna, who is asked for no password.
#[green]
pub fn init_postgres(files: &Files) {
    let data = files.path("data");
    fs::create_dir(&data).expect("there is room for a folder");
    // Only root can give it away, and only root has to.
    let _ = Command::new("chown").args(["nobody:nogroup", &data]).status();
    let initdb = program("initdb");
    let arguments = [&*initdb, "-D", &data, "-U", "anna", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"];
    let arguments = files.as_nobody(&arguments);
    let (is_made, printed) = Program::start(arguments[0], &arguments[1..]).finish();
    assert!(is_made, "{printed}");
}

/// Starts PostgreSQL on what [`init_postgres`] has made.
#[green]
pub fn start_postgres(files: &Files, port: u16) -> Program {
    let (number, data, server) = (port.to_string(), files.path("data"), program("postgres"));
    let arguments = [&*server, "-D", &data, "-p", &number, "-c", "listen_addresses=127.0.0.1", "-F"];
    let more = ["-c", "unix_socket_directories=", "-c", "lc_messages=C"];
    let arguments = [&arguments[..], &more].concat();
    let arguments = files.as_nobody(&arguments);
    let mut program = Program::start(arguments[0], &arguments[1..]);
    program.until("ready to accept connections");
    program
}

/// Starts Redis, which keeps nothing.
#[green]
pub fn start_redis(files: &Files, port: u16, more: &[&str]) -> Program {
    let (number, folder) = (port.to_string(), files.path(""));
    let mut arguments = vec!["--port", &number, "--bind", "127.0.0.1", "--dir", &folder, "--save", ""];
    arguments.extend(more);
    let mut program = Program::start("redis-server", &arguments);
    program.until("Ready to accept connections");
    program
}
