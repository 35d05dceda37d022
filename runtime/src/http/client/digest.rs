//! Digest authentication (RFC 7616): a server asks something that only whoever knows the password
//! can answer, and the password is not sent.

use std::cell::RefCell;
use std::fmt;

use ::http::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use md5::{Digest as Hash, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Sha256, Sha512_256};
use url::{Origin, Url};

/// Of so many servers and names a client knows what was asked last.
const MOST: usize = 64;

/// What may stand as it is in an extended parameter (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name and its password.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) name: String,
    pub(super) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    fn hash(self, text: &str) -> String {
        fn hex<H: Hash>(text: &str) -> String {
            H::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        }
        match self {
            Algorithm::Md5 => hex::<Md5>(text),
            Algorithm::Sha256 => hex::<Sha256>(text),
            Algorithm::Sha512 => hex::<Sha512_256>(text),
        }
    }
}

/// What a server asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// As the server spells it; `None` if it names none.
    algorithm_name: Option<String>,
    is_session: bool,
    /// `qop=auth`, which all but the oldest servers know.
    has_qop: bool,
    hides_name: bool,
    /// Was it the last answer's nonce alone that was wrong?
    is_stale: bool,
}

impl Challenge {
    /// The strongest one that is understood.
    pub(super) fn of(headers: &HeaderMap) -> Option<Challenge> {
        let mut strongest: Option<Challenge> = None;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
            for (scheme, parameters) in challenges(text) {
                let challenge =
                    scheme.eq_ignore_ascii_case("digest").then(|| Challenge::made_of(&parameters));
                let Some(challenge) = challenge.flatten() else { continue };
                if strongest.as_ref().is_none_or(|known| known.algorithm < challenge.algorithm) {
                    strongest = Some(challenge);
                }
            }
        }
        strongest
    }

    fn made_of(parameters: &[(String, String)]) -> Option<Challenge> {
        let find = |wanted: &str| {
            let mut found = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.clone())
        };
        let is_set = |name| find(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let algorithm_name = find("algorithm");
        let (algorithm, is_session) = match algorithm_name.as_deref().map(str::to_ascii_lowercase).as_deref()
        {
            None | Some("md5") => (Algorithm::Md5, false),
            Some("md5-sess") => (Algorithm::Md5, true),
            Some("sha-256") => (Algorithm::Sha256, false),
            Some("sha-256-sess") => (Algorithm::Sha256, true),
            Some("sha-512-256") => (Algorithm::Sha512, false),
            Some("sha-512-256-sess") => (Algorithm::Sha512, true),
            Some(_) => return None,
        };
        let has_qop = match find("qop") {
            None => false,
            Some(list) if list.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) => true,
            // A hash of the body is asked for.
            Some(_) => return None,
        };
        Some(Challenge {
            realm: find("realm")?,
            nonce: find("nonce")?,
            opaque: find("opaque"),
            algorithm,
            algorithm_name,
            is_session,
            has_qop,
            hides_name: is_set("userhash"),
            is_stale: is_set("stale"),
        })
    }

    /// The value of `Authorization`, for the request with this number since the nonce came.
    fn answer(&self, who: &Credentials, method: &str, target: &str, count: u32, own: &str) -> String {
        let Challenge { realm, nonce, .. } = self;
        let hash = |text: &str| self.algorithm.hash(text);
        let mut secret = hash(&format!("{}:{realm}:{}", who.name, who.password));
        if self.is_session {
            secret = hash(&format!("{secret}:{nonce}:{own}"));
        }
        let request = hash(&format!("{method}:{target}"));
        let response = match self.has_qop {
            true => hash(&format!("{secret}:{nonce}:{count:08x}:{own}:auth:{request}")),
            false => hash(&format!("{secret}:{nonce}:{request}")),
        };
        let mut text = String::from("Digest ");
        let mut say = |name: &str, value: &str| {
            let separator = if text.len() > 7 { ", " } else { "" };
            text.push_str(&format!("{separator}{name}={value}"));
        };
        if self.hides_name {
            say("username", &quoted(&hash(&format!("{}:{realm}", who.name))));
            say("userhash", "true");
        } else if who.name.is_ascii() {
            say("username", &quoted(&who.name));
        } else {
            say("username*", &format!("UTF-8''{}", utf8_percent_encode(&who.name, PLAIN)));
        }
        say("realm", &quoted(realm));
        say("nonce", &quoted(nonce));
        say("uri", &quoted(target));
        say("response", &quoted(&response));
        if let Some(name) = &self.algorithm_name {
            say("algorithm", name);
        }
        if let Some(opaque) = &self.opaque {
            say("opaque", &quoted(opaque));
        }
        if self.has_qop || self.is_session {
            say("cnonce", &quoted(own));
        }
        if self.has_qop {
            say("qop", "auth");
            say("nc", &format!("{count:08x}"));
        }
        text
    }
}

/// What one server has asked of one name.
struct Known {
    origin: Origin,
    name: String,
    challenge: Challenge,
    /// So many requests have had this nonce.
    count: u32,
    /// This client's part, the same for a nonce's whole life: so servers that compute a session's
    /// key once and those that compute it each time come to the same.
    own: String,
}

/// What servers have asked of a client, so that it need not be asked each time.
#[derive(Default)]
pub(super) struct Digests(RefCell<Vec<Known>>);

impl Digests {
    /// Keeps what `url`'s server asks.
    pub(super) fn keep(&self, url: &Url, who: &Credentials, challenge: Challenge) {
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the operating system has random numbers");
        let own = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let (origin, name) = (url.origin(), who.name.clone());
        let mut known = self.0.borrow_mut();
        known.retain(|known| known.origin != origin || known.name != name);
        if known.len() >= MOST {
            known.remove(0);
        }
        known.push(Known { origin, name, challenge, count: 0, own });
    }

    /// The header that a request has, and its nonce; `None` as long as nothing was asked.
    pub(super) fn answer(
        &self,
        url: &Url,
        who: &Credentials,
        method: &str,
        target: &str,
    ) -> Option<(HeaderValue, String)> {
        let origin = url.origin();
        let mut known = self.0.borrow_mut();
        let known = known.iter_mut().find(|known| known.origin == origin && known.name == who.name)?;
        known.count = known.count.wrapping_add(1);
        let Known { challenge, count, own, .. } = known;
        let mut value = HeaderValue::try_from(challenge.answer(who, method, target, *count, own)).ok()?;
        value.set_sensitive(true);
        Some((value, challenge.nonce.clone()))
    }

    /// A server may say beforehand which nonce is the next one.
    pub(super) fn take(&self, url: &Url, who: &Credentials, headers: &HeaderMap) {
        const INFO: HeaderName = HeaderName::from_static("authentication-info");
        let Some(text) = headers.get(INFO).and_then(|value| value.to_str().ok()) else { return };
        let mut parameters = parameters(&mut Text(text));
        let next = parameters.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("nextnonce"));
        let Some((_, nonce)) = next else { return };
        let origin = url.origin();
        let mut known = self.0.borrow_mut();
        let known = known.iter_mut().find(|known| known.origin == origin && known.name == who.name);
        if let Some(known) = known.filter(|known| known.challenge.nonce != *nonce) {
            known.challenge.nonce = std::mem::take(nonce);
            known.count = 0;
        }
    }
}

/// Is another attempt worth it, after one with this nonce?
pub(super) fn is_news(challenge: &Challenge, sent: Option<&str>, attempts: u32) -> bool {
    match sent {
        None => attempts == 0,
        // What was known was too old. What has just been asked for is not, unless the server says
        // so.
        Some(nonce) => challenge.nonce != nonce && (attempts == 0 || challenge.is_stale && attempts < 3),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What is left of a header's value.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn skip(&mut self, separators: &[char]) {
        self.0 = self.0.trim_start_matches(separators);
    }

    fn token(&mut self) -> &'a str {
        let end = self.0.find([' ', '\t', ',', '=', '"', ';']).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        token
    }

    /// What stands behind `=`: a token, or text in quotes.
    fn value(&mut self) -> String {
        let Some(rest) = self.0.strip_prefix('"') else {
            // Of what has several `=` (base64) only the last one is followed by something else.
            self.skip(&['=']);
            return self.token().to_owned();
        };
        let mut value = String::new();
        let mut letters = rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.0 = &rest[at + 1..];
                    return value;
                }
                '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
                letter => value.push(letter),
            }
        }
        self.0 = "";
        value
    }
}

/// `name=value` again and again, up to a word that is followed by no `=`.
fn parameters(text: &mut Text<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        text.skip(&[' ', '\t', ',']);
        let before = text.0;
        let name = text.token();
        text.skip(&[' ', '\t']);
        let Some(rest) = text.0.strip_prefix('=').filter(|_| !name.is_empty()) else {
            text.0 = before;
            return found;
        };
        text.0 = rest;
        text.skip(&[' ', '\t']);
        found.push((name.to_owned(), text.value()));
    }
}

/// The schemes of a `WWW-Authenticate`, with their parameters.
fn challenges(text: &str) -> Vec<(&str, Vec<(String, String)>)> {
    let mut text = Text(text);
    let mut found = Vec::new();
    loop {
        text.skip(&[' ', '\t', ',']);
        let scheme = text.token();
        if scheme.is_empty() {
            // The end, or what is no list of challenges.
            return found;
        }
        found.push((scheme, parameters(&mut text)));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::http::fuzz::{Random, rounds};

    fn challenge(value: &str) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        Challenge::of(&headers)
    }

    /// The example of RFC 7616, 3.9.1, which has two challenges.
    #[test]
    fn the_standards_example_is_answered_as_it_says() {
        let who = Credentials { name: "Mufasa".into(), password: "Circle of Life".into() };
        let asked = |algorithm: &str| {
            let value = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let own = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            challenge(&value).unwrap().answer(&who, "GET", "/dir/index.html", 1, own)
        };
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let expected = format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
                 response=\"{response}\", algorithm={algorithm}, \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, nc=00000001"
            );
            assert_eq!(asked(algorithm), expected);
        }
    }

    /// The example of RFC 2069, 2.4, with the response of its erratum.
    #[test]
    fn a_server_of_the_first_standard_gets_what_that_says() {
        let who = Credentials { name: "Mufasa".into(), password: "CircleOfLife".into() };
        let asked = challenge(
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        );
        assert_eq!(
            asked.unwrap().answer(&who, "GET", "/dir/index.html", 1, "own"),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
             response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        );
    }

    #[test]
    fn names_that_are_not_plain_are_written_so_that_they_can_be_read() {
        let answer = |name: &str, more: &str| {
            let who = Credentials { name: name.into(), password: "secret".into() };
            let asked = challenge(&format!("Digest realm=\"a \\\"b\\\"\", nonce=n{more}")).unwrap();
            asked.answer(&who, "GET", "/", 1, "own")
        };
        let begin = "Digest username=\"a\\\"b\\\\c\", realm=\"a \\\"b\\\"\", nonce=\"n\"";
        assert!(answer("a\"b\\c", "").starts_with(begin));
        assert!(
            answer("J\u{e4}s\u{f8}n Doe", "").starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ")
        );
        let hidden = answer("anna", ", userhash=true");
        let name = Algorithm::Md5.hash("anna:a \"b\"");
        assert!(hidden.starts_with(&format!("Digest username=\"{name}\", userhash=true, ")), "{hidden}");
    }

    #[test]
    fn the_strongest_challenge_that_is_understood_is_taken() {
        let of = |value| challenge(value).map(|challenge| (challenge.algorithm, challenge.nonce));
        let cases = [
            ("Basic realm=\"x\"", None),
            ("Digest realm=\"x\"", None),
            ("Digest nonce=1", None),
            ("Digest realm=x, nonce=1, algorithm=NEW", None),
            ("Digest realm=x, nonce=1, qop=auth-int", None),
            ("Negotiate abc==, DIGEST Realm = x , nonce=\"1\" ,stale=TRUE", Some((Algorithm::Md5, "1"))),
            ("Basic realm=\"Digest nonce=9\", Digest realm=x, nonce=1, Bearer", Some((Algorithm::Md5, "1"))),
            (
                "Digest realm=x, nonce=1, Digest realm=x, nonce=2, algorithm=sha-256, Digest realm=x, nonce=3",
                Some((Algorithm::Sha256, "2")),
            ),
            ("Digest realm=\"x, nonce=1", None),
            ("=,=\"", None),
        ];
        for (value, expected) in cases {
            let expected = expected.map(|(algorithm, nonce)| (algorithm, nonce.to_owned()));
            assert_eq!(of(value), expected, "{value}");
        }
    }

    #[test]
    fn of_many_servers_the_oldest_is_forgotten() {
        let digests = Digests::default();
        let who = Credentials { name: "anna".into(), password: "secret".into() };
        let url = |number: usize| Url::parse(&format!("http://site{number}/")).unwrap();
        for number in 0..=MOST {
            digests.keep(&url(number), &who, challenge("Digest realm=x, nonce=1, qop=auth").unwrap());
        }
        assert!(digests.answer(&url(0), &who, "GET", "/").is_none());
        for count in 1..3 {
            let (value, _) = digests.answer(&url(MOST), &who, "GET", "/").unwrap();
            assert!(value.to_str().unwrap().ends_with(&format!("nc=0000000{count}")));
        }
    }

    /// A fuzzer's driver: a mutated challenge is answered with a line that can be sent, and that
    /// says what was asked, or not at all.
    #[test]
    fn mutated_streams_of_challenges_are_answered_with_their_own_words_or_not_at_all() {
        let who = Credentials { name: "anna".into(), password: "secret".into() };
        let good = [
            "Basic realm=\"a\", Digest realm=\"b \\\"c\\\"\", qop=\"auth, auth-int\", algorithm=SHA-256-sess, \
             nonce=\"n\", opaque=\"o\", userhash=true, stale=TRUE",
            "Digest realm=r, nonce=bm9uY2U=, Negotiate bm8=, Digest nonce=\"m\",realm=\"\",algorithm=sha-512-256",
            "Digest realm = \"d\u{e9}j\u{e0}\" ,, nonce\t=\t\"n\", qop=auth",
        ];
        let mut random = Random::new();
        let mut answered = 0;
        for round in rounds(5000) {
            let mut bytes = good[random.below(good.len())].as_bytes().to_vec();
            random.mutate(&mut bytes, b"Dd\"\\,=; \tanr-\xff");
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, value)]);
            let Some(challenge) = Challenge::of(&headers) else { continue };
            let answer = challenge.answer(&who, "GET", "/", 1, "own");
            assert!(HeaderValue::try_from(&answer).is_ok(), "round {round}: {answer}");
            let said = challenges(&answer);
            let [("Digest", said)] = &said[..] else { panic!("round {round}: {answer}") };
            let find = |wanted: &str| said.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
            assert_eq!(find("realm"), Some(&challenge.realm), "round {round}: {answer}");
            assert_eq!(find("nonce"), Some(&challenge.nonce), "round {round}: {answer}");
            assert_eq!(find("opaque"), challenge.opaque.as_ref(), "round {round}: {answer}");
            answered += 1;
        }
        assert!(answered > 1000, "{answered}");
    }
}
