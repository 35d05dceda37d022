//! Asks for the addresses and the mail exchangers of several domains at once.
//!
//! With names (`-- example.org example.com`) it asks the nameservers of the system. Without, it
//! makes a hosts file, and a server at one of the names in it.

use std::io;
use std::path::PathBuf;

use eventlet::dns::{self, HostsResolver, LookupError, Resolver};
use eventlet::green::io::Read;
use eventlet::{GreenIterator, GreenPool, connect, green, listen, spawn};

/// What is known of a domain, in some lines.
#[green]
fn describe(resolver: Resolver, name: String) -> String {
    let mut text = format!("{name}\n");
    match resolver.lookup_ip(&name) {
        Ok(addresses) => addresses.iter().for_each(|address| text += &format!("  {address}\n")),
        Err(error) => text += &format!("  {error}\n"),
    }
    if let Some(real) = resolver.cname(&name).ok().and_then(|real| real.first().cloned()) {
        text += &format!("  an alias of {real}\n");
    }
    match resolver.mx(&name) {
        Ok(hosts) => {
            hosts.iter().for_each(|mx| text += &format!("  mail: {} {}\n", mx.preference, mx.exchange))
        }
        Err(LookupError::NoRecords(_)) => text += "  no mail\n",
        Err(_) => {}
    }
    text
}

/// As many questions at once as there are names; the answers in the order of the names.
#[green]
fn describe_all(resolver: &Resolver, names: Vec<String>) {
    let pool = GreenPool::new(100);
    let resolver = resolver.clone();
    pool.imap(move |name| describe(resolver.clone(), name), names).for_each(|text| print!("{text}"));
}

/// A hosts file that goes when the demonstration ends.
struct Hosts(PathBuf);

impl Hosts {
    fn new() -> io::Result<Hosts> {
        let path = std::env::temp_dir().join(format!("eventlet-example-hosts-{}", std::process::id()));
        std::fs::write(&path, "127.0.0.1 db.intern db   # the database\n192.0.2.7 printer.intern\n")?;
        Ok(Hosts(path))
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[green]
fn demonstrate() -> io::Result<()> {
    let hosts = Hosts::new()?;
    // Nobody is there to be asked for what the file does not say.
    let nowhere = ([127, 0, 0, 1], 9).into();
    let limit = std::time::Duration::from_millis(100);
    let resolver =
        Resolver::builder().hosts(HostsResolver::new(&hosts.0)).nameserver(nowhere).limit(limit).build();
    describe_all(&resolver, ["db", "printer.intern"].map(str::to_owned).to_vec());

    // From here on `connect` asks it, too.
    dns::install(resolver);
    let listener = listen("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    spawn(
        #[green]
        move || listener.accept().map(drop),
    );
    let mut client = connect(("db.intern", port))?;
    println!("connected to {}", client.peer_addr()?);
    client.read_to_end(&mut Vec::new())?;
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        return demonstrate();
    }
    describe_all(&Resolver::new(), names);
    Ok(())
}
