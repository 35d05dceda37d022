//! Cookies that a client keeps.

use std::cell::RefCell;

use ::http::HeaderMap;
use ::http::header::{HeaderValue, SET_COOKIE};
use cookie_store::{CookieStore, RawCookie};
use url::Url;

/// The most that one cookie may have, in bytes.
const LONGEST: usize = 4096;

/// The most that are kept, in all and of one server.
const MOST: usize = 3000;
const MOST_OF_ONE: usize = 180;

/// The cookies of a client.
#[derive(Default)]
pub(super) struct Jar(RefCell<CookieStore>);

impl Jar {
    /// What an answer from `url` says is to be kept.
    pub(super) fn take(&self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            self.set(url, value);
        }
    }

    /// Keeps a cookie that `url` may set, and says whether it does.
    pub(super) fn set(&self, url: &Url, value: &str) -> bool {
        if value.len() > LONGEST {
            return false;
        }
        let Ok(cookie) = RawCookie::parse(value) else { return false };
        if cookie.domain().is_some_and(|domain| is_everybodys(domain, url)) {
            return false;
        }
        let mut store = self.0.borrow_mut();
        let is_full = store.iter_any().count() >= MOST || store.matches(url).len() >= MOST_OF_ONE;
        // One that is over may have to give its place up.
        let is_new = !store.matches(url).iter().any(|known| known.name() == cookie.name());
        let is_kept = !(is_full && is_new) && store.insert_raw(&cookie, url).is_ok();
        drop(cookie);
        is_kept
    }

    /// The header that `url` is sent.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let store = self.0.borrow();
        let mut found = store.matches(url);
        // Those for longer paths go first.
        found.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().map_or(0, str::len)));
        let pairs: Vec<String> =
            found.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Is this a domain under which strangers have theirs (`com`, `co.uk`)? Only a server that is
/// called so itself may set a cookie for it.
fn is_everybodys(domain: &str, url: &Url) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let is_suffix = psl::suffix_str(&domain).is_none_or(|suffix| suffix == domain);
    is_suffix && url.host_str() != Some(&domain)
}
