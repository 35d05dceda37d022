//! The hosts file.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::green;
use crate::green::fs::File;
use crate::green::io::Read;
use crate::hubs::get_hub;

/// How long the file is taken to be as it was.
const LIFE: Duration = Duration::from_secs(10);
/// What is beyond is not read.
const MOST_BYTES: u64 = 16 << 20;

/// The names of a hosts file: eventlet's `HostsResolver`.
///
/// A line is an address and its names, of which the first is the real one and the others are
/// aliases of it. Names have no case; what follows a `#` is a comment; lines that are anything else
/// are passed over, and so are link-local addresses (`fe80:…`), which mean nothing without an
/// interface. The file is read when it is first asked, and again when 10 seconds have passed since;
/// one that cannot be read has no names, and one that cannot be read any more has those that it
/// had.
pub struct HostsResolver {
    path: PathBuf,
    hosts: RefCell<Rc<Hosts>>,
    read_at: Cell<Option<Duration>>,
}

/// Names, in lower case and without the last dot.
#[derive(Default)]
struct Hosts(HashMap<String, Host>);

#[derive(Default)]
struct Host {
    addresses: Vec<IpAddr>,
    alias_of: Option<String>,
}

impl HostsResolver {
    /// The names in this file. Does not suspend: it is read when it is first asked.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        HostsResolver { path: path.into(), hosts: RefCell::default(), read_at: Cell::new(None) }
    }

    /// The names in the system's file.
    pub fn system() -> Self {
        if cfg!(windows) {
            let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
            return HostsResolver::new(Path::new(&root).join("System32\\drivers\\etc\\hosts"));
        }
        HostsResolver::new("/etc/hosts")
    }

    /// The addresses of a name, in the order in which they stand in the file; none if it is not
    /// there. Suspends while the file is read.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn lookup_ip(&self, name: &str) -> Vec<IpAddr> {
        let hosts = self.current();
        hosts.0.get(&folded(name)).map_or_else(Vec::new, |host| host.addresses.clone())
    }

    /// What a name is an alias of. Suspends while the file is read.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn cname(&self, name: &str) -> Option<String> {
        let hosts = self.current();
        hosts.0.get(&folded(name))?.alias_of.clone()
    }

    #[green(crate = crate)]
    fn current(&self) -> Rc<Hosts> {
        let now = get_hub().now();
        let is_fresh = self.read_at.get().is_some_and(|at| now.saturating_sub(at) < LIFE);
        if !is_fresh {
            if let Ok(text) = read(&self.path) {
                self.hosts.replace(Rc::new(Hosts::parse(&text)));
            }
            self.read_at.set(Some(now));
        }
        self.hosts.borrow().clone()
    }
}

#[green(crate = crate)]
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn folded(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

impl Hosts {
    fn parse(text: &str) -> Hosts {
        let mut hosts = Hosts::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
            if matches!(address, IpAddr::V6(address) if address.is_unicast_link_local()) {
                continue;
            }
            let names: Vec<String> = words.map(folded).collect();
            for (number, name) in names.iter().enumerate() {
                let host = hosts.0.entry(name.clone()).or_default();
                if !host.addresses.contains(&address) {
                    host.addresses.push(address);
                }
                if number > 0 && host.alias_of.is_none() && *name != names[0] {
                    host.alias_of = Some(names[0].clone());
                }
            }
        }
        hosts
    }
}
