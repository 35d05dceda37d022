//! Requests that go through somebody else: which, and how.

use std::io;
use std::net::IpAddr;
use std::rc::Rc;

use ::http::header::HeaderValue;
use url::Url;

use super::error::invalid;
use super::pool::Origin;
use super::request::basic;
use super::socks::Socks;
use crate::green::io::{Read, Write};

/// The most that a proxy may say before its tunnel begins, in bytes.
const MOST_HEAD: usize = 16 * 1024;

/// A proxy of HTTP, reached in the clear or over TLS, or of SOCKS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proxy {
    pub(super) is_encrypted: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// `Proxy-Authorization`, if its URL has a name in it.
    pub(super) credentials: Option<HeaderValue>,
    pub(super) socks: Option<Socks>,
}

impl Proxy {
    /// From its URL, or its host and port.
    pub(super) fn parse(text: &str) -> Result<Proxy, String> {
        let has_scheme = text.contains("://");
        let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
        let url = url.map_err(|error| format!("the proxy's URL: {error}"))?;
        let (is_encrypted, finds_names, port) = match url.scheme() {
            "http" => (false, None, 80),
            "https" => (true, None, 443),
            "socks5" => (false, Some(false), 1080),
            "socks5h" => (false, Some(true), 1080),
            other => return Err(format!("a proxy of `{other}` is not known")),
        };
        let host = match url.host() {
            Some(url::Host::Domain(name)) => name.to_owned(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => address.to_string(),
            None => return Err("the proxy's URL has no host".to_owned()),
        };
        let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
        let told = (!url.username().is_empty()).then(|| {
            let password = decoded(url.password().unwrap_or_default());
            (decoded(url.username()).into_owned(), password.into_owned())
        });
        let credentials = told.as_ref().map(|(name, password)| {
            let text = basic(name, password);
            let mut value = HeaderValue::try_from(text).expect("what base64 writes can be a header");
            value.set_sensitive(true);
            value
        });
        let socks = finds_names.map(|finds_names| Socks { finds_names, credentials: told });
        Ok(Proxy { is_encrypted, host, port: url.port().unwrap_or(port), credentials, socks })
    }

    /// Asks for a tunnel to `host` over a connection to the proxy.
    pub(super) async fn tunnel<S: Read + Write>(&self, stream: &mut S, origin: &Origin) -> io::Result<()> {
        let host = bracketed(&origin.host);
        let mut request =
            format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n", port = origin.port);
        if let Some(credentials) = &self.credentials {
            let credentials = credentials.to_str().map_err(invalid)?;
            request += &format!("proxy-authorization: {credentials}\r\n");
        }
        request += "\r\n";
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let mut heard = Heard::default();
        let mut buf = [0; 1024];
        loop {
            let count = stream.read(&mut buf).await?;
            if count == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the proxy ended the connection"));
            }
            if let Some(result) = heard.take(&buf[..count]) {
                return result;
            }
        }
    }
}

/// What a proxy has said.
#[derive(Default)]
pub(super) struct Heard(Vec<u8>);

impl Heard {
    /// Takes what has come; gives whether the tunnel stands, once that has been said.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<io::Result<()>> {
        let head = &mut self.0;
        head.extend_from_slice(bytes);
        match end_of_head(head) {
            Some(end) if end == head.len() => Some(status_of(head)),
            // What an unwilling proxy says besides is of no interest. What comes behind the head is
            // the server's, which says nothing before it is spoken to.
            Some(end) => {
                Some(status_of(&head[..end]).and(Err(malformed("the proxy sent more than its answer"))))
            }
            None if head.len() >= MOST_HEAD => Some(Err(malformed("the proxy's answer is too long"))),
            None => None,
        }
    }
}

fn malformed(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Where a head ends, behind its empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether the tunnel stands, by what the proxy has said.
fn status_of(head: &[u8]) -> io::Result<()> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let known = line.strip_prefix(b"HTTP/1.0 ").or_else(|| line.strip_prefix(b"HTTP/1.1 "));
    let digits = known.and_then(|rest| rest.get(..3)).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let is_over = known.is_some_and(|rest| rest.get(3).is_none_or(|byte| *byte == b' '));
    match digits {
        Some([b'2', ..]) if is_over => Ok(()),
        Some(digits) if is_over => {
            let kind = match digits {
                b"407" => io::ErrorKind::PermissionDenied,
                _ => io::ErrorKind::ConnectionRefused,
            };
            let reason = known.map(String::from_utf8_lossy).unwrap_or_default();
            let shown: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
            Err(io::Error::new(kind, format!("the proxy says `{}`", shown.trim_end())))
        }
        _ => Err(malformed("the proxy does not speak HTTP")),
    }
}

/// A host as it stands in front of a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Which requests go through which proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    http: Option<Result<Rc<Proxy>, String>>,
    https: Option<Result<Rc<Proxy>, String>>,
    exceptions: Vec<Exception>,
    /// From the environment: they are for the network, and not for this machine.
    spares_loopback: bool,
}

impl Proxies {
    /// Everything goes through this one.
    pub(super) fn all(url: &str) -> Result<Proxies, String> {
        let proxy = Rc::new(Proxy::parse(url)?);
        Ok(Proxies { http: Some(Ok(proxy.clone())), https: Some(Ok(proxy)), ..Proxies::default() })
    }

    /// What the environment says, by way of `get`.
    pub(super) fn of_environment(get: impl Fn(&str) -> Option<String>) -> Proxies {
        // A server that runs this as CGI puts the `Proxy` header of whoever asks into `HTTP_PROXY`.
        let is_cgi = get("REQUEST_METHOD").is_some();
        let find = |names: &[&str]| {
            let names = names.iter().filter(|name| !(is_cgi && **name == "HTTP_PROXY"));
            names.filter_map(|name| get(name)).find(|value| !value.is_empty())
        };
        let proxy = |names: &[&str]| {
            let any = ["all_proxy", "ALL_PROXY"];
            find(names).or_else(|| find(&any)).map(|url| Proxy::parse(&url).map(Rc::new))
        };
        Proxies {
            http: proxy(&["http_proxy", "HTTP_PROXY"]),
            https: proxy(&["https_proxy", "HTTPS_PROXY"]),
            exceptions: find(&["no_proxy", "NO_PROXY"]).map(|list| exceptions(&list)).unwrap_or_default(),
            spares_loopback: true,
        }
    }

    /// Hosts that are asked directly.
    pub(super) fn except(&mut self, list: &str) {
        self.exceptions.extend(exceptions(list));
    }

    /// What a request to `origin` goes through.
    pub(super) fn find(&self, origin: &Origin) -> io::Result<Option<Rc<Proxy>>> {
        let found = if origin.is_encrypted { &self.https } else { &self.http };
        let Some(found) = found else { return Ok(None) };
        let host = origin.host.trim_end_matches('.');
        let address: Option<IpAddr> = host.parse().ok();
        let is_loopback = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.to_canonical().is_loopback());
        if self.spares_loopback && is_loopback
            || self.exceptions.iter().any(|exception| exception.holds(host, address, origin.port))
        {
            return Ok(None);
        }
        found.clone().map(Some).map_err(invalid)
    }
}

/// A host, or several, that are asked directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    /// The host, those below it, and the port if that is said.
    Host(String, Option<u16>),
    /// The network of so many leading bits.
    Network(IpAddr, u8),
}

/// `localhost, .example.org, 10.0.0.0/8, host:8080`. What cannot be understood is left out.
fn exceptions(list: &str) -> Vec<Exception> {
    list.split([',', ' ']).filter(|item| !item.is_empty()).filter_map(exception).collect()
}

fn exception(item: &str) -> Option<Exception> {
    if item == "*" {
        return Some(Exception::All);
    }
    if let Some((address, bits)) = item.split_once('/') {
        let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Exception::Network(address, bits));
    }
    let bare = item.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(Exception::Network(address, if address.is_ipv4() { 32 } else { 128 }));
    }
    let (host, port) = match item.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (item, None),
    };
    let host = host
        .trim_start_matches('*')
        .trim_start_matches('.')
        .trim_start_matches('[')
        .trim_end_matches([']', '.']);
    (!host.is_empty()).then(|| Exception::Host(host.to_ascii_lowercase(), port))
}

impl Exception {
    fn holds(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        match self {
            Exception::All => true,
            Exception::Host(known, of) => {
                let is_it = host == known
                    || host.strip_suffix(known.as_str()).is_some_and(|rest| rest.ends_with('.'));
                is_it && of.is_none_or(|of| of == port)
            }
            Exception::Network(network, bits) => match (network, address) {
                (IpAddr::V4(network), Some(IpAddr::V4(address))) => {
                    let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                    network.to_bits() & mask == address.to_bits() & mask
                }
                (IpAddr::V6(network), Some(IpAddr::V6(address))) => {
                    let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
                    network.to_bits() & mask == address.to_bits() & mask
                }
                _ => false,
            },
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn proxy_of(proxies: &Proxies, url: &str) -> Option<String> {
        let origin = super::super::connect::origin(&Url::parse(url).unwrap()).unwrap();
        proxies.find(&origin).unwrap().map(|proxy| format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn the_environment_says_which_hosts_go_through_which_proxy() {
        let environment = |name: &str| {
            let value = match name {
                "http_proxy" => "one:3128",
                "HTTP_PROXY" => "http://ignored",
                "ALL_PROXY" => "https://me:a%20b@all",
                "no_proxy" => "direct.test, .below.test,10.0.0.0/8 port.test:8080,[fd00::1],192.0.2.7,bad/99",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let proxies = Proxies::of_environment(environment);
        for (url, expected) in [
            ("http://a.test/", Some("one:3128")),
            ("https://a.test/", Some("all:443")),
            ("http://direct.test/", None),
            ("http://DIRECT.test./", None),
            ("http://www.direct.test/", None),
            ("http://indirect.test/", Some("one:3128")),
            ("https://x.below.test/", None),
            ("http://10.200.0.1/", None),
            ("http://11.0.0.1/", Some("one:3128")),
            ("http://port.test:8080/", None),
            ("http://port.test/", Some("one:3128")),
            ("http://[fd00::1]/", None),
            ("http://[fd00::2]/", Some("one:3128")),
            ("http://192.0.2.7:99/", None),
            ("http://localhost:80/", None),
            ("http://127.8.9.1/", None),
            ("http://[::1]/", None),
        ] {
            if cfg!(feature = "tls") || !url.starts_with("https") {
                assert_eq!(proxy_of(&proxies, url).as_deref(), expected, "{url}");
            }
        }
        let proxy = Proxy::parse("https://me:a%20b@all").unwrap();
        assert_eq!(proxy.credentials.unwrap().to_str().unwrap(), "Basic bWU6YSBi");
        let all = Proxies::of_environment(|name| {
            (name == "no_proxy").then(|| "*".to_owned()).or(environment(name))
        });
        assert_eq!(proxy_of(&all, "http://a.test/"), None);
    }

    #[test]
    fn a_header_of_a_request_to_us_is_no_proxy() {
        let environment = |name: &str| match name {
            "REQUEST_METHOD" => Some("GET".to_owned()),
            "HTTP_PROXY" => Some("http://attacker".to_owned()),
            _ => None,
        };
        assert_eq!(proxy_of(&Proxies::of_environment(environment), "http://a.test/"), None);
    }

    #[test]
    fn what_the_proxy_says_of_the_tunnel_is_read_strictly() {
        for good in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 299 x\r\na: b\r\n\r\n"] {
            status_of(good.as_bytes()).unwrap();
        }
        let kind = |head: &str| status_of(head.as_bytes()).unwrap_err().kind();
        assert_eq!(kind("HTTP/1.1 407 Who are you\r\n\r\n"), io::ErrorKind::PermissionDenied);
        assert_eq!(kind("HTTP/1.1 502 No\r\n\r\n"), io::ErrorKind::ConnectionRefused);
        for bad in [
            "",
            "\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 2x0\r\n\r\n",
            "SSH-2.0\r\n\r\n",
        ] {
            assert_eq!(kind(bad), io::ErrorKind::InvalidData, "{bad:?}");
        }
        let shown = status_of(b"HTTP/1.1 502 a\x1b[31m\r\n\r\n").unwrap_err().to_string();
        assert_eq!(shown, "the proxy says `502 a[31m`");
    }
}
