//! A DNS client on green sockets: addresses, mail exchangers, services, texts, aliases and names of
//! addresses. Feature `dns`; eventlet's `greendns`.
//!
//! Without it host names are the operating system's affair, on OS threads (see
//! [`names`]), which knows addresses alone and does not say for how long
//! they hold. A [`Resolver`] speaks to nameservers itself, over UDP, and over TCP where an answer
//! does not fit; any number of questions wait in green threads. The protocol is that of
//! `hickory-resolver`.
//!
//! [`install`] makes it the resolver of the hub, which `connect` and its kind ask. It knows the
//! hosts file and `/etc/resolv.conf`, and nothing of `nsswitch.conf`: no multicast names
//! (`printer.local`), no names of a service of the system's. Who needs those stays with the
//! system's resolver.
//!
//! ```no_run
//! use std::time::Duration;
//! use eventlet::{connect, dns, green};
//!
//! #[green]
//! fn main() -> std::io::Result<()> {
//!     let resolver = dns::Resolver::new();
//!     for mx in &*resolver.mx("example.com")? {
//!         println!("{} {}", mx.preference, mx.exchange);
//!     }
//!     // A limit for one question, and another server for some.
//!     resolver.with_limit(Duration::from_secs(2)).lookup_ip("example.com")?;
//!     let other = dns::Resolver::builder().nameserver(([192, 0, 2, 53], 53).into()).build();
//!     other.lookup_ip("intern.example.com")?;
//!
//!     dns::install(resolver);
//!     connect("example.com:80")?;
//!     Ok(())
//! }
//! ```
//!
//! # The rules
//!
//! Those of eventlet's `HostsResolver` and `ResolverProxy`:
//!
//! * What the hosts file says is asked of no nameserver. It is read again when 10 seconds have
//!   passed.
//! * A name with fewer dots than `ndots` (1) is tried with each search domain first, and as it is
//!   last; one that ends in a dot as it is only.
//! * `/etc/resolv.conf` is read for the first question, and a machine without one has a nameserver
//!   at 127.0.0.1.
//! * Nameservers are asked one after the other, beginning with the one that had the last answer.
//!   Where one is silent or fails, the next may know; when one says that there is no such name, no
//!   other is asked.
//!
//! # Limits
//!
//! | what | is at most | |
//! |---|---|---|
//! | a question, all attempts together | 10 seconds | [`ResolverBuilder::limit`], [`Resolver::with_limit`] |
//! | one nameserver, before the next is asked | 5 seconds, or as `resolv.conf` says | [`ResolverBuilder::timeout`] |
//! | rounds after the first | 2, or as `resolv.conf` says | [`ResolverBuilder::attempts`] |
//! | questions of one resolver at a time | 64; others wait in line, within their limit | |
//! | answers of a nameserver that are kept | 1024 | [`ResolverBuilder::cache_size`] |
//! | how long one is kept | what it says itself; a day; five minutes for "there is none" | |
//! | aliases of aliases | 8 questions | |
//! | an answer by TCP | 64 KiB, and within the question's limit, however slowly it comes | |
//! | the hosts file | 16 MiB; what is beyond is not read | |
//!
//! A datagram that comes from elsewhere, has another number or repeats another question is ignored,
//! and the wait goes on. Records of names that were not asked for, and that no alias leads to, are
//! passed over, and not kept.
//!
//! # Environment
//!
//! | variable | |
//! |---|---|
//! | `EVENTLET_NO_GREENDNS` | `yes`: [`install`] does nothing, and the system's resolver stays |
//! | `EVENTLET_DNS_NAMESERVERS` | the nameservers of a resolver that was given none: `192.0.2.1,[2001:db8::1]:5353` |
//! | `EVENTLET_DNS_TIMEOUT` | its limit on a question that was given none, in seconds: `2.5` |

mod builder;
mod error;
mod hosts;
mod provider;
mod record;
mod resolver;

use std::rc::Rc;

use crate::green::net::names;

pub use builder::ResolverBuilder;
pub use error::LookupError;
pub use hosts::HostsResolver;
pub use record::{Answer, Mx, Srv};
pub use resolver::Resolver;

/// Makes `resolver` the one that this hub asks for the addresses of host names, in the place of the
/// system's, and says whether it did: not where `EVENTLET_NO_GREENDNS` is `yes`. Does not suspend.
///
/// [`names::set_resolver`] takes it back: `names::set_resolver(Rc::new(names::SystemResolver))`.
pub fn install(resolver: Resolver) -> bool {
    let is_wanted =
        std::env::var("EVENTLET_NO_GREENDNS").map_or(true, |text| !text.trim().eq_ignore_ascii_case("yes"));
    if is_wanted {
        names::set_resolver(Rc::new(resolver));
    }
    is_wanted
}
