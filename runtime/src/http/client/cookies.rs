//! Cookies that a client keeps.

use std::borrow::Cow;
use std::cell::RefCell;

use ::http::HeaderMap;
use ::http::header::{HeaderValue, SET_COOKIE};
use cookie_store::{Cookie, CookieStore, RawCookie, StoreAction};
use url::{Host, Url};

/// The most that one cookie may have, in bytes.
const LONGEST: usize = 4096;

/// The most that are kept, in all and of one site.
const MOST: usize = 3000;
const MOST_OF_SITE: usize = 180;

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
        // What cannot stand in a header would keep all others from being sent.
        if value.len() > LONGEST || HeaderValue::from_str(value).is_err() {
            return false;
        }
        let Ok(cookie) = RawCookie::parse(value) else { return false };
        if cookie.domain().is_some_and(|domain| is_everybodys(domain, url)) {
            return false;
        }
        let Ok(cookie) = Cookie::try_from_raw_cookie(&cookie, url) else { return false };
        let cookie = cookie.into_owned();
        let Some(domain) = cookie.domain.as_cow().map(Cow::into_owned) else { return false };
        let (path, name) = (cookie.path.to_string(), cookie.name().to_owned());
        let mut store = self.0.borrow_mut();
        if !store.contains(&domain, &path, &name) && !has_room(&mut store, url) {
            return false;
        }
        let action = store.insert(cookie, url);
        if let Ok(StoreAction::ExpiredExisting) = action {
            // The store would keep what is over.
            store.remove(&domain, &path, &name);
        }
        action.is_ok()
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

/// Is there room for one more, of `url`'s site? What is over makes room.
fn has_room(store: &mut CookieStore, url: &Url) -> bool {
    let site = site_of(url);
    let is_of_site = |cookie: &&Cookie<'static>| {
        let domain = cookie.domain.as_cow();
        let below = domain.as_deref().and_then(|domain| domain.strip_suffix(site));
        below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    };
    let count = |store: &CookieStore| (store.iter_any().count(), store.iter_any().filter(is_of_site).count());
    let is_room = |(all, of_site)| all < MOST && of_site < MOST_OF_SITE;
    if is_room(count(store)) {
        return true;
    }
    let over = store.iter_any().filter(|cookie| cookie.is_expired());
    let over: Vec<_> = over
        .filter_map(|cookie| {
            let domain = cookie.domain.as_cow()?.into_owned();
            Some((domain, cookie.path.to_string(), cookie.name().to_owned()))
        })
        .collect();
    for (domain, path, name) in over {
        store.remove(&domain, &path, &name);
    }
    is_room(count(store))
}

/// What has one owner: a name below those that are everybody's, with all that is below it, or an
/// address.
fn site_of(url: &Url) -> &str {
    match url.host() {
        Some(Host::Domain(name)) => psl::domain_str(name).unwrap_or(name),
        _ => url.host_str().unwrap_or_default(),
    }
}

/// Is this a domain under which strangers have theirs (`com`, `co.uk`)? Only a server that is
/// called so itself may set a cookie for it.
fn is_everybodys(domain: &str, url: &Url) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let is_suffix = psl::suffix_str(&domain).is_none_or(|suffix| suffix == domain);
    is_suffix && url.host_str() != Some(&domain)
}
