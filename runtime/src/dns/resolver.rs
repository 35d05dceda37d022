//! Asking.

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::builder::ResolverBuilder;
use super::error::LookupError;
use super::hosts::HostsResolver;
use super::provider::GreenRuntime;
use super::record::{Answer, Mx, Srv};
use crate::green;
use crate::green::net::names::Resolve;
use crate::semaphore::Semaphore;
use crate::timeout::with_timeout;

type Hickory = hickory_resolver::Resolver<GreenRuntime>;

/// A resolver of hickory's for each nameserver, and how many rounds follow the first.
pub(super) struct Nameservers {
    pub(super) all: Vec<Hickory>,
    pub(super) attempts: usize,
}

/// How many questions of one resolver are under way at a time.
const MOST_QUESTIONS: usize = 64;
/// How long what the hosts file says holds.
const LIFE_OF_HOSTS: Duration = Duration::from_secs(10);

/// Asks nameservers, and keeps their answers as long as they hold. Clones are handles on one
/// resolver.
///
/// Equal questions that come while one is under way are asked once. When the last handle is dropped
/// its connections are closed.
///
/// Its sockets are looked after by green threads, so a call that is waited for
/// [in place](macro@crate::green#waiting-in-place), while none is resumed, gets no answer from a
/// nameserver.
///
/// # Cancel safety
///
/// A kill or timeout in one of its calls lets go at once.
///
/// # Errors
///
/// Those of its calls are [`LookupError`]s; `?` makes [`io::Error`]s of them where a function gives
/// such.
///
/// # Examples
///
/// ```
/// use std::net::IpAddr;
/// use eventlet::dns::{HostsResolver, Resolver};
/// use eventlet::green;
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let path = std::env::temp_dir().join("eventlet-hosts-of-an-example");
///     std::fs::write(&path, "192.0.2.7 db.intern db # the database")?;
///     let resolver = Resolver::builder().hosts(HostsResolver::new(&path)).build();
///     assert_eq!(resolver.lookup_ip("DB.intern")?[..], [IpAddr::from([192, 0, 2, 7])]);
///     assert_eq!(resolver.cname("db")?[..], ["db.intern"]);
///     std::fs::remove_file(path)
/// }
/// ```
#[derive(Clone)]
pub struct Resolver {
    shared: Rc<Shared>,
    limit: Duration,
}

struct Shared {
    builder: ResolverBuilder,
    runtime: GreenRuntime,
    nameservers: OnceCell<Nameservers>,
    /// Which had the last answer.
    first: Cell<usize>,
    hosts: Rc<HostsResolver>,
    places: Semaphore,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.runtime.end();
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Resolver::new()
    }
}

impl Resolver {
    /// A resolver as the environment and the system's configuration say. Does not suspend.
    ///
    /// # Panics
    ///
    /// As [`ResolverBuilder::build`].
    pub fn new() -> Resolver {
        Resolver::builder().build()
    }

    /// Begins to set a resolver up.
    pub fn builder() -> ResolverBuilder {
        ResolverBuilder::default()
    }

    pub(super) fn of(builder: ResolverBuilder, hosts: Rc<HostsResolver>, limit: Duration) -> Resolver {
        let shared = Shared {
            builder,
            runtime: GreenRuntime::new(),
            nameservers: OnceCell::new(),
            first: Cell::new(0),
            hosts,
            places: Semaphore::new(MOST_QUESTIONS),
        };
        Resolver { shared: Rc::new(shared), limit }
    }

    /// A handle on the same resolver, with the same answers, whose questions have another limit.
    pub fn with_limit(&self, limit: Duration) -> Resolver {
        Resolver { shared: self.shared.clone(), limit }
    }

    /// Forgets all answers. Does not suspend.
    pub fn clear_cache(&self) {
        if let Some(nameservers) = self.shared.nameservers.get() {
            nameservers.all.iter().for_each(Hickory::clear_cache);
        }
    }

    /// The addresses of a host, of both families: those of the hosts file if it has any. Suspends
    /// until they are there.
    ///
    /// One family that cannot be had is passed over if the other can.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn lookup_ip(&self, host: &str) -> Result<Answer<IpAddr>, LookupError> {
        if let Ok(address) = host.parse() {
            return Ok(Answer::new(vec![address], Duration::MAX));
        }
        let known = self.shared.hosts.lookup_ip(host);
        if !known.is_empty() {
            return Ok(Answer::new(known, LIFE_OF_HOSTS));
        }
        let name = name_of(host)?;
        let found = self.in_turn(host, async |hickory: &Hickory| hickory.lookup_ip(name.clone()).await)?;
        answer_of(found.as_lookup(), host, |data| data.ip_addr())
    }

    /// The IPv4 addresses of a host (`A`). Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn ipv4(&self, host: &str) -> Result<Answer<Ipv4Addr>, LookupError> {
        let known = self.shared.hosts.lookup_ip(host);
        if !known.is_empty() {
            let known = known.into_iter().filter_map(|address| match address {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            });
            return known_or_none(host, known.collect());
        }
        self.ask(host, RecordType::A, |data| match data {
            RData::A(address) => Some(address.0),
            _ => None,
        })
    }

    /// The IPv6 addresses of a host (`AAAA`). Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn ipv6(&self, host: &str) -> Result<Answer<Ipv6Addr>, LookupError> {
        let known = self.shared.hosts.lookup_ip(host);
        if !known.is_empty() {
            let known = known.into_iter().filter_map(|address| match address {
                IpAddr::V4(_) => None,
                IpAddr::V6(address) => Some(address),
            });
            return known_or_none(host, known.collect());
        }
        self.ask(host, RecordType::AAAA, |data| match data {
            RData::AAAA(address) => Some(address.0),
            _ => None,
        })
    }

    /// The hosts that take mail for a domain (`MX`), the first to try first. Suspends until they
    /// are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn mx(&self, domain: &str) -> Result<Answer<Mx>, LookupError> {
        let found = self.ask(domain, RecordType::MX, |data| match data {
            RData::MX(mx) => Some(Mx { preference: mx.preference, exchange: text_of(&mx.exchange) }),
            _ => None,
        })?;
        Ok(sorted(found))
    }

    /// Where a service is (`SRV`): `_xmpp-client._tcp.example.com`. Those of the lowest priority
    /// come first. Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn srv(&self, service: &str) -> Result<Answer<Srv>, LookupError> {
        let found = self.ask(service, RecordType::SRV, |data| match data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: text_of(&srv.target),
            }),
            _ => None,
        })?;
        Ok(sorted(found))
    }

    /// The texts of a name (`TXT`), each in one piece. Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn txt(&self, name: &str) -> Result<Answer<Vec<u8>>, LookupError> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        })
    }

    /// What a name is an alias of (`CNAME`): as the hosts file says, if the name is an alias there.
    /// Suspends until it is known.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[green(crate = crate)]
    pub fn cname(&self, name: &str) -> Result<Answer<String>, LookupError> {
        if let Some(known) = self.shared.hosts.cname(name) {
            return Ok(Answer::new(vec![known], LIFE_OF_HOSTS));
        }
        self.ask(name, RecordType::CNAME, |data| match data {
            RData::CNAME(target) => Some(text_of(&target.0)),
            _ => None,
        })
    }

    /// The names of an address (`PTR`). Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the question is given up.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    #[doc(alias = "gethostbyaddr")]
    #[doc(alias = "getnameinfo")]
    #[green(crate = crate)]
    pub fn ptr(&self, address: IpAddr) -> Result<Answer<String>, LookupError> {
        self.ask(&Name::from(address).to_ascii(), RecordType::PTR, |data| match data {
            RData::PTR(name) => Some(text_of(&name.0)),
            _ => None,
        })
    }

    #[green(crate = crate)]
    fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        wanted: fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, LookupError> {
        let question = name_of(name)?;
        let found =
            self.in_turn(name, async |hickory: &Hickory| hickory.lookup(question.clone(), kind).await)?;
        answer_of(&found, name, wanted)
    }

    /// Asks one nameserver after the other, in as many rounds as there may be, within the limit.
    #[green(crate = crate)]
    fn in_turn<T, F>(&self, name: &str, question: F) -> Result<T, LookupError>
    where
        F: AsyncFn(&Hickory) -> Result<T, NetError>,
    {
        let asked = with_timeout(self.limit, || async {
            let _place = self.shared.places.acquire().await;
            let Nameservers { all, attempts } = self.nameservers(name).await?;
            let (first, mut last) = (self.shared.first.get(), None);
            for turn in 0..all.len() * (attempts + 1) {
                let number = (first + turn) % all.len();
                match question(&all[number]).await.map_err(|error| LookupError::of(error, name, self.limit)) {
                    Err(error) if !error.is_an_answer() => last = Some(error),
                    answer => {
                        self.shared.first.set(number);
                        return answer;
                    }
                }
            }
            Err(last.unwrap_or_else(|| LookupError::Failed(name.to_owned(), io::ErrorKind::NotFound.into())))
        });
        asked.unwrap_or_else(|_| Err(LookupError::TimedOut(name.to_owned(), self.limit)))
    }

    /// The nameservers, which are looked for when the first question is asked.
    #[green(crate = crate)]
    fn nameservers(&self, name: &str) -> Result<&Nameservers, LookupError> {
        let shared = &*self.shared;
        if let Some(nameservers) = shared.nameservers.get() {
            return Ok(nameservers);
        }
        let made = shared.builder.nameservers(&shared.runtime);
        let made = made.map_err(|error| LookupError::Failed(name.to_owned(), error))?;
        // Another thread may have made them meanwhile.
        Ok(shared.nameservers.get_or_init(|| made))
    }
}

impl Resolve for Resolver {
    #[green(crate = crate, boxed)]
    fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        let found = self.lookup_ip(host)?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }

    fn keeps_answers(&self) -> bool {
        true
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let under_way = MOST_QUESTIONS - self.shared.places.available();
        f.debug_struct("Resolver").field("limit", &self.limit).field("under_way", &under_way).finish()
    }
}

fn name_of(text: &str) -> Result<Name, LookupError> {
    Name::from_utf8(text).map_err(|error| LookupError::BadName(text.to_owned(), error.to_string()))
}

/// A name as people write it, without the last dot.
fn text_of(name: &Name) -> String {
    let text = name.to_ascii();
    text.strip_suffix('.').filter(|text| !text.is_empty()).unwrap_or(&text).to_owned()
}

/// What of an answer is wanted, of the names that it is about.
fn answer_of<T>(
    found: &Lookup,
    name: &str,
    wanted: impl Fn(&RData) -> Option<T>,
) -> Result<Answer<T>, LookupError> {
    // One by TCP may have no question at all.
    let Some(asked) = found.message().queries.first() else {
        let error = io::Error::new(io::ErrorKind::InvalidData, "the answer does not say what it is one to");
        return Err(LookupError::Failed(name.to_owned(), error));
    };
    let names = names_of(asked, found.answers());
    let records = found.answers().iter().filter(|record| names.contains(&record.name));
    let records: Vec<T> = records.filter_map(|record| wanted(&record.data)).collect();
    if records.is_empty() {
        return Err(LookupError::NoRecords(name.to_owned()));
    }
    Ok(Answer::new(records, ttl(found.answers())))
}

/// The name that was asked for, and those that aliases connect with it. What else a nameserver
/// sends along is an answer to no question of ours.
fn names_of<'a>(asked: &'a Query, answers: &'a [Record]) -> HashSet<&'a Name> {
    let mut names = HashSet::from([asked.name()]);
    if asked.query_type() == RecordType::CNAME {
        return names;
    }
    // In both directions: of a chain that took several questions the last one is told.
    let mut connected: HashMap<&Name, Vec<&Name>> = HashMap::new();
    for record in answers {
        if let RData::CNAME(target) = &record.data {
            connected.entry(&record.name).or_default().push(&target.0);
            connected.entry(&target.0).or_default().push(&record.name);
        }
    }
    let mut new = vec![asked.name()];
    while let Some(name) = new.pop() {
        let others = connected.get(name).into_iter().flatten().copied();
        new.extend(others.filter(|other| names.insert(other)));
    }
    names
}

fn ttl(records: &[Record]) -> Duration {
    Duration::from_secs(records.iter().map(|record| record.ttl).min().unwrap_or(0).into())
}

fn known_or_none<T>(host: &str, known: Vec<T>) -> Result<Answer<T>, LookupError> {
    match known.is_empty() {
        true => Err(LookupError::NoRecords(host.to_owned())),
        false => Ok(Answer::new(known, LIFE_OF_HOSTS)),
    }
}

fn sorted<T: Ord>(answer: Answer<T>) -> Answer<T> {
    let ttl = answer.ttl();
    let mut records = answer.into_vec();
    records.sort();
    Answer::new(records, ttl)
}
