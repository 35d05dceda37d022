//! Host names: who finds their addresses, for how long answers are kept, and how long anybody waits
//! for one.
//!
//! Wherever a host name stands for an address (`connect("localhost:80")`, `bind`, [`lookup`]) the
//! hub asks its [`Resolve`]r. That is [`SystemResolver`] unless [`set_resolver`] says otherwise:
//! the operating system's own rules, on OS threads of their own. Around it, for every resolver:
//!
//! * Numeric addresses ask nobody, and do not suspend.
//! * Equal questions that come while one is under way wait for its answer.
//! * Answers are kept for 10 seconds, at most 1024 of them; failures are not kept. A resolver that
//!   keeps its answers itself is asked each time.
//! * Nobody waits for longer than 30 seconds.
//!
//! [`Settings`] changes these numbers. All of it belongs to one hub.
//!
//! ```
//! use std::io;
//! use std::net::SocketAddr;
//! use std::rc::Rc;
//! use eventlet::green;
//! use eventlet::green::net::names::{self, Resolve};
//!
//! /// Names of a network of one's own.
//! struct Wired;
//!
//! impl Resolve for Wired {
//!     #[green(boxed)]
//!     fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
//!         match host {
//!             "printer" => Ok(vec![([10, 0, 0, 7], 0).into()]),
//!             _ => Err(io::ErrorKind::NotFound.into()),
//!         }
//!     }
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     names::set_resolver(Rc::new(Wired));
//!     assert_eq!(names::lookup("printer", 631)?, [([10, 0, 0, 7], 631).into()]);
//!     assert!(names::lookup("scanner", 631).is_err());
//!     names::set_resolver(Rc::new(names::SystemResolver));
//!     Ok(())
//! }
//! ```

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::event::Event;
use crate::green;
use crate::greenthread::{GreenThread, spawn};
use crate::hub::current;
use crate::hub::failed::cannot;
use crate::timeout::with_timeout;
use crate::tpool;

/// Finds the addresses of host names.
pub trait Resolve {
    /// Gives the addresses of `host`, the best first; their ports do not matter. May suspend.
    ///
    /// It is called in a green thread of its own, which is killed when nobody waits for the answer
    /// any more. The name is in lower case, and is no numeric address.
    ///
    /// # Errors
    ///
    /// Whatever there is to say; every thread that waits gets an error of the same kind and text.
    #[green(crate = crate, boxed)]
    fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>>;

    /// Does the resolver keep its answers itself, as long as they hold? Then nobody else does.
    fn keeps_answers(&self) -> bool {
        false
    }
}

/// The operating system's own resolver (`getaddrinfo`): hosts file, search domains, and whatever
/// else the machine is set up to ask.
///
/// It blocks, and is called on OS threads that do nothing else, up to 20 a hub; with
/// [`set_num_threads(0)`](crate::tpool::set_num_threads) where it stands. A question that nobody
/// waits for any more is not asked, if it has not been; the OS thread of one that has goes on until
/// the operating system answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    #[green(crate = crate, boxed)]
    fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        ask_system(host)
    }
}

#[green(crate = crate)]
fn ask_system(host: &str) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    tpool::look_up(move || Ok(std::net::ToSocketAddrs::to_socket_addrs(&(&*host, 0))?.collect()))
}

/// How long answers are kept and waited for. Those of a hub are [`settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long anybody waits for an answer: 30 seconds.
    pub timeout: Duration,
    /// How long an answer is kept: 10 seconds. With zero none is.
    pub life: Duration,
    /// How many answers are kept: 1024. Beyond that the oldest goes.
    pub capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { timeout: Duration::from_secs(30), life: Duration::from_secs(10), capacity: 1024 }
    }
}

/// The settings of this hub. Does not suspend.
pub fn settings() -> Settings {
    names().settings.get()
}

/// Sets the settings of this hub, for questions to come. Does not suspend.
///
/// ```
/// use std::time::Duration;
/// use eventlet::green::net::names;
///
/// let mut settings = names::settings();
/// settings.timeout = Duration::from_secs(5);
/// names::set_settings(settings);
/// ```
pub fn set_settings(settings: Settings) {
    names().settings.set(settings);
}

/// Makes this the resolver of this hub, for questions to come, and forgets the answers of the
/// earlier one. Does not suspend.
///
/// A wait [in place](macro@crate::green#waiting-in-place), during which no green thread is resumed,
/// asks the [`SystemResolver`] all the same.
pub fn set_resolver(resolver: Rc<dyn Resolve>) {
    let names = names();
    let earlier = names.resolver.replace(resolver);
    forget();
    names.asked.borrow_mut().clear();
    drop(earlier);
}

/// Forgets the answers that this hub keeps. Does not suspend.
pub fn forget() {
    names().kept.borrow_mut().clear();
}

/// Gives the addresses of `host`, with that port. Suspends while the resolver is asked; not at all
/// for a numeric address and for an answer that is kept.
///
/// # Cancel safety
///
/// A kill or timeout lets go at once; others who wait for the same answer get it.
///
/// # Errors
///
/// What the resolver says; `TimedOut` after [`Settings::timeout`].
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::net::names;
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     assert_eq!(names::lookup("192.0.2.1", 80)?, ["192.0.2.1:80".parse().unwrap()]);
///     assert!(names::lookup("localhost", 80)?.iter().all(|address| address.ip().is_loopback()));
///     Ok(())
/// }
/// ```
#[doc(alias = "getaddrinfo")]
#[green(crate = crate)]
pub fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = find(&names(), host).map_err(cannot(|| format!("look up `{host}`")))?;
    let with_port = |address: &SocketAddr| {
        let mut address = *address;
        address.set_port(port);
        address
    };
    Ok(found.iter().map(with_port).collect())
}

#[green(crate = crate)]
fn find(names: &Rc<Names>, host: &str) -> io::Result<Rc<[SocketAddr]>> {
    let host: Rc<str> = host.to_ascii_lowercase().into();
    if let Some(kept) = names.kept(&host) {
        return Ok(kept);
    }
    let limit = names.settings.get().timeout;
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("there was no answer within {limit:?}"));
    if current::with(|hub| hub.is_in_place()) {
        // Nobody else is resumed, so it cannot be another thread that asks.
        return match with_timeout(limit, || ask_system(&host)) {
            Ok(found) => found.map(Rc::from),
            Err(_) => Err(late()),
        };
    }
    let question = names.ask(&host);
    match question.answer.wait_timeout(limit) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(error.again()),
        Err(_) => Err(late()),
    }
}

/// What a hub knows of names.
struct Names {
    settings: Cell<Settings>,
    resolver: RefCell<Rc<dyn Resolve>>,
    /// Each alive while somebody waits for its answer.
    asked: RefCell<HashMap<Rc<str>, Weak<Question>>>,
    kept: RefCell<HashMap<Rc<str>, Kept>>,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            settings: Cell::default(),
            resolver: RefCell::new(Rc::new(SystemResolver)),
            asked: RefCell::default(),
            kept: RefCell::default(),
        }
    }
}

struct Kept {
    found: Rc<[SocketAddr]>,
    since: Duration,
}

type Answer = Result<Rc<[SocketAddr]>, SharedError>;

/// One that is under way. The last to let go of it ends it.
struct Question {
    host: Rc<str>,
    answer: Event<Answer>,
    asker: GreenThread<()>,
    names: Weak<Names>,
}

impl Drop for Question {
    fn drop(&mut self) {
        self.asker.kill();
        let Some(names) = self.names.upgrade() else { return };
        let mut asked = names.asked.borrow_mut();
        // With another resolver the same may have been asked anew.
        if asked.get(&self.host).is_some_and(|question| question.strong_count() == 0) {
            asked.remove(&self.host);
        }
    }
}

fn names() -> Rc<Names> {
    current::with(|hub| hub.extensions.get::<Names>())
}

fn now() -> Duration {
    current::with(|hub| hub.now())
}

impl Names {
    fn kept(&self, host: &str) -> Option<Rc<[SocketAddr]>> {
        let mut all = self.kept.borrow_mut();
        let kept = all.get(host)?;
        if now().saturating_sub(kept.since) < self.settings.get().life {
            return Some(kept.found.clone());
        }
        all.remove(host);
        None
    }

    fn keep(&self, host: &Rc<str>, found: &Rc<[SocketAddr]>) {
        let Settings { life, capacity, .. } = self.settings.get();
        if life.is_zero() || capacity == 0 {
            return;
        }
        let now = now();
        let mut all = self.kept.borrow_mut();
        if all.len() >= capacity {
            all.retain(|_, kept| now.saturating_sub(kept.since) < life);
        }
        while all.len() >= capacity {
            let oldest = all.iter().min_by_key(|(_, kept)| kept.since).map(|(host, _)| host.clone());
            oldest.and_then(|host| all.remove(&host));
        }
        all.insert(host.clone(), Kept { found: found.clone(), since: now });
    }

    /// The question about this name: the one that is under way, or a new one.
    fn ask(self: &Rc<Self>, host: &Rc<str>) -> Rc<Question> {
        let asked = self.asked.borrow().get(host).and_then(Weak::upgrade);
        if let Some(question) = asked.filter(|question| !question.answer.is_ready()) {
            return question;
        }
        let answer = Event::new();
        let resolver = self.resolver.borrow().clone();
        let asker = Asker { host: host.clone(), names: self.clone(), resolver, answer: answer.clone() };
        let asker = spawn(move || ask(asker));
        let question = Rc::new(Question { host: host.clone(), answer, asker, names: Rc::downgrade(self) });
        self.asked.borrow_mut().insert(host.clone(), Rc::downgrade(&question));
        question
    }
}

struct Asker {
    host: Rc<str>,
    names: Rc<Names>,
    resolver: Rc<dyn Resolve>,
    answer: Event<Answer>,
}

impl Drop for Asker {
    fn drop(&mut self) {
        // A resolver that panics has answered, too.
        let _ = self.answer.try_send(Err(SharedError::from(io::Error::other("the resolver panicked"))));
    }
}

#[green(crate = crate)]
fn ask(asker: Asker) {
    let found = asker.resolver.resolve(&asker.host);
    let answer = match found {
        Ok(found) => {
            let found: Rc<[SocketAddr]> = found.into();
            let is_current = Rc::ptr_eq(&asker.resolver, &asker.names.resolver.borrow());
            if is_current && !asker.resolver.keeps_answers() {
                asker.names.keep(&asker.host, &found);
            }
            Ok(found)
        }
        Err(error) => Err(SharedError::from(error)),
    };
    let _ = asker.answer.try_send(answer);
}

/// An error that several get. An `io::Error` cannot be cloned.
#[derive(Clone)]
struct SharedError(Arc<io::Error>);

impl SharedError {
    fn again(self) -> io::Error {
        io::Error::new(self.0.kind(), self)
    }
}

impl From<io::Error> for SharedError {
    fn from(error: io::Error) -> Self {
        SharedError(Arc::new(error))
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
