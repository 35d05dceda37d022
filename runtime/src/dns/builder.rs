//! How a resolver is set up.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;

use super::hosts::HostsResolver;
use super::provider::GreenRuntime;
use super::resolver::{Nameservers, Resolver};
use crate::green;
use crate::tpool;

const NAMESERVERS_VARIABLE: &str = "EVENTLET_DNS_NAMESERVERS";
const LIMIT_VARIABLE: &str = "EVENTLET_DNS_TIMEOUT";

/// The limit on a question, if nobody says.
const LIMIT: Duration = Duration::from_secs(10);
const CACHE_SIZE: u64 = 1024;
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
const LONGEST_LIFE_OF_NOTHING: Duration = Duration::from_secs(300);
/// How many questions may be under way on one connection, beyond what a resolver lets through.
const MOST_ON_A_CONNECTION: usize = 256;

/// Sets up a [`Resolver`]. What is not said is as the environment says, or as the system's
/// configuration (`/etc/resolv.conf`).
///
/// With nameservers of one's own the system's configuration is not read, search domains included.
#[derive(Default)]
#[must_use = "it makes no resolver before `build`"]
pub struct ResolverBuilder {
    nameservers: Vec<SocketAddr>,
    search: Vec<String>,
    ndots: Option<usize>,
    timeout: Option<Duration>,
    attempts: Option<usize>,
    limit: Option<Duration>,
    cache_size: Option<u64>,
    hosts: Option<HostsResolver>,
}

impl ResolverBuilder {
    /// Asks this nameserver, besides others that are named so. The usual port is 53.
    pub fn nameserver(mut self, address: SocketAddr) -> Self {
        self.nameservers.push(address);
        self
    }

    /// Tries names with few dots within this domain, besides others that are named so.
    pub fn search(mut self, domain: impl Into<String>) -> Self {
        self.search.push(domain.into());
        self
    }

    /// How many dots a name needs to be tried as it is first; 1.
    pub fn ndots(mut self, count: usize) -> Self {
        self.ndots = Some(count);
        self
    }

    /// How long one nameserver may take before the next one is asked; 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often all nameservers are asked again when none had an answer; 2.
    pub fn attempts(mut self, count: usize) -> Self {
        self.attempts = Some(count);
        self
    }

    /// How long a question may take with all its attempts, and with its wait for a place among the
    /// 64 that are under way; 10 seconds.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// How many answers of one nameserver are kept; 1024. With zero none is.
    pub fn cache_size(mut self, count: u64) -> Self {
        self.cache_size = Some(count);
        self
    }

    /// Names that are known without asking; those of the system's hosts file.
    pub fn hosts(mut self, hosts: HostsResolver) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// The resolver. Does not suspend: what there is to read is read for the first question.
    ///
    /// # Panics
    ///
    /// If `EVENTLET_DNS_NAMESERVERS` or `EVENTLET_DNS_TIMEOUT` is set to something else than the
    /// [module](super) says.
    pub fn build(mut self) -> Resolver {
        if self.nameservers.is_empty() {
            self.nameservers = nameservers_from_environment();
        }
        let limit = self.limit.or_else(limit_from_environment).unwrap_or(LIMIT);
        let hosts = Rc::new(self.hosts.take().unwrap_or_else(HostsResolver::system));
        Resolver::of(self, hosts, limit)
    }

    /// Reads what is to be read, and sets hickory up for each nameserver.
    #[green(crate = crate)]
    pub(super) fn nameservers(&self, runtime: &GreenRuntime) -> io::Result<Nameservers> {
        let (mut config, mut options) = self.base();
        for domain in &self.search {
            let name = Name::from_utf8(domain).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidInput, format!("`{domain}` is no domain: {error}"))
            })?;
            config.search.push(name);
        }
        let attempts = self.attempts.unwrap_or(options.attempts);
        // Hickory would ask the same one again. We ask the next.
        options.attempts = 0;
        options.ndots = self.ndots.unwrap_or(options.ndots);
        options.timeout = self.timeout.unwrap_or(options.timeout);
        options.cache_size = self.cache_size.unwrap_or(CACHE_SIZE);
        options.positive_max_ttl = Some(LONGEST_LIFE);
        options.negative_max_ttl = Some(LONGEST_LIFE_OF_NOTHING);
        options.max_active_requests = MOST_ON_A_CONNECTION;
        // Ours is asked before.
        options.use_hosts_file = ResolveHosts::Never;
        let mut all = Vec::new();
        for server in config.name_servers {
            let config =
                ResolverConfig::from_parts(config.domain.clone(), config.search.clone(), vec![server]);
            let hickory = hickory_resolver::Resolver::builder_with_config(config, runtime.clone());
            all.push(hickory.with_options(options.clone()).build().map_err(io::Error::other)?);
        }
        Ok(Nameservers { all, attempts })
    }

    #[green(crate = crate)]
    fn base(&self) -> (ResolverConfig, ResolverOpts) {
        if self.nameservers.is_empty() {
            // A machine without a configuration asks itself, as the system's resolver does.
            let read = tpool::execute(read_system_conf);
            return read
                .unwrap_or_else(|_| (config_of(&[([127, 0, 0, 1], 53).into()]), ResolverOpts::default()));
        }
        (config_of(&self.nameservers), ResolverOpts::default())
    }
}

fn config_of(nameservers: &[SocketAddr]) -> ResolverConfig {
    let servers = nameservers.iter().map(|address| {
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        for connection in &mut server.connections {
            connection.port = address.port();
        }
        server
    });
    ResolverConfig::from_parts(None, vec![], servers.collect())
}

/// # Panics
///
/// If the variable is set to anything else.
fn nameservers_from_environment() -> Vec<SocketAddr> {
    let Ok(text) = std::env::var(NAMESERVERS_VARIABLE) else { return vec![] };
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    let address = |word: &str| {
        let alone = word.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        alone.or_else(|_| word.parse()).unwrap_or_else(|_| {
            panic!("{NAMESERVERS_VARIABLE} has `{word}`\nhelp: it takes addresses, with or without a port, and commas between them")
        })
    };
    words.map(address).collect()
}

/// # Panics
///
/// If the variable is set to anything else.
fn limit_from_environment() -> Option<Duration> {
    let text = std::env::var(LIMIT_VARIABLE).ok()?;
    let seconds = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(seconds.filter(|seconds| !seconds.is_zero()).unwrap_or_else(|| {
        panic!("{LIMIT_VARIABLE} is `{text}`\nhelp: it takes a number of seconds, as in `2.5`")
    }))
}
