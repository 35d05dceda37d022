//! A request, before it is sent.

use std::cell::Cell;
#[cfg(feature = "digest-auth")]
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::time::Duration;

#[cfg(feature = "digest-auth")]
use ::http::StatusCode;
#[cfg(feature = "cookies")]
use ::http::header::COOKIE;
use ::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use ::http::uri::{Authority, Scheme};
use ::http::{Method, Uri, Version};
use url::Url;

use super::connect::{connect, origin};
#[cfg(feature = "digest-auth")]
use super::digest::{self, Challenge, Credentials};
use super::error::{Error, Phase, Result, What, invalid, timed_out};
use super::exchange::{Arriving, Exchange, Failed, Total};
use super::measured::Measured;
use super::multipart::Form;
use super::pool::{Found, Origin, Versions};
use super::proxy::Proxy;
use super::{Client, Inner, Redirect, Response, Settings};
use super::{redirect, retry};
use crate::green;
use crate::greenthread::sleep;
use crate::http::{Body, Request, trim_values};
use crate::hubs::get_hub;
use crate::timeout::with_timeout;

/// A request, before it is sent. What is wrong with it, [`send`](Self::send) says.
///
/// ```
/// use std::io;
/// use eventlet::http::{Client, Request};
/// use eventlet::{green, spawn, wsgi};
///
/// #[green]
/// fn echo(request: Request) -> io::Result<String> {
///     let head = format!("{} {} ", request.method(), request.uri());
///     Ok(head + &request.into_body().text()?)
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let url = format!("http://{}/search?page=1", listener.local_addr()?);
///     let server = spawn(move || wsgi::Server::new().serve(listener, echo));
///
///     let client = Client::new();
///     let answer = client.post(url).query([("q", "two words")]).body("and a body").send()?;
///     assert_eq!(answer.text()?, "POST /search?page=1&q=two+words and a body");
///     server.kill();
///     Ok(())
/// }
/// ```
#[must_use]
pub struct RequestBuilder {
    client: Client,
    method: Method,
    url: std::result::Result<Url, (String, String)>,
    headers: HeaderMap,
    body: Body,
    wrong: Option<io::Error>,
    connect_time: Option<Duration>,
    read_time: Option<Duration>,
    total_time: Option<Duration>,
    redirects: usize,
    #[cfg(feature = "digest-auth")]
    digest: Option<Credentials>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, method: Method, url: &str) -> RequestBuilder {
        let Settings { connect_time, read_time, total_time, redirects, .. } = client.0.settings;
        // What follows its answer is no HTTP.
        let is_tunnel = method == Method::CONNECT;
        RequestBuilder {
            client,
            method,
            url: Url::parse(url).map_err(|error| (url.to_owned(), error.to_string())),
            headers: HeaderMap::new(),
            body: Body::empty(),
            wrong: is_tunnel.then(|| invalid("a tunnel is for proxies")),
            connect_time,
            read_time,
            total_time,
            redirects,
            #[cfg(feature = "digest-auth")]
            digest: None,
        }
    }

    fn refuse(&mut self, reason: &'static str) {
        self.wrong.get_or_insert_with(|| invalid(reason));
    }

    /// Sends this header, in the place of one that the client has. Several calls with one name are
    /// several headers.
    pub fn header<N, V>(mut self, name: N, value: V) -> RequestBuilder
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            (Err(_), _) => self.refuse("a header's name cannot be one"),
            (_, Err(_)) => self.refuse("a header's value cannot be one"),
        }
        self
    }

    /// Adds these pairs to the URL's query, as a form would.
    pub fn query<K, V>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> RequestBuilder
    where
        K: AsRef<str>,
        V: fmt::Display,
    {
        if let Ok(url) = &mut self.url {
            let mut query = url.query_pairs_mut();
            for (name, value) in pairs {
                query.append_pair(name.as_ref(), &value.to_string());
            }
            drop(query);
            // Nothing was added to nothing.
            if url.query() == Some("") {
                url.set_query(None);
            }
        }
        self
    }

    /// The body: text, bytes, or a [`Body`] that is written while it is sent
    /// ([`Body::stream`]). One that is streamed cannot be sent again, by a redirect or a retry.
    ///
    /// A stream goes in chunks, or has the length of a header `Content-Length` beside it. Then it
    /// must be as long: one that is longer or shorter is an error of [`Phase::Send`] that names
    /// both lengths, and its last piece goes out when it has ended.
    pub fn body(mut self, body: impl Into<Body>) -> RequestBuilder {
        self.body = body.into();
        self
    }

    /// The body: names and values, as a page's form sends them.
    pub fn form<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> RequestBuilder
    where
        K: AsRef<str>,
        V: fmt::Display,
    {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            form.append_pair(name.as_ref(), &value.to_string());
        }
        self.typed("application/x-www-form-urlencoded", form.finish())
    }

    /// The body: a form with files in it.
    pub fn multipart(self, form: Form) -> RequestBuilder {
        let (content_type, body) = form.into_body();
        self.typed(&content_type, body)
    }

    /// The body: a value as JSON (feature `json`).
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(mut self, value: &T) -> RequestBuilder {
        match serde_json::to_vec(value) {
            Ok(text) => self.typed("application/json", text),
            Err(error) => {
                self.wrong.get_or_insert_with(|| invalid(error));
                self
            }
        }
    }

    fn typed(self, content_type: &str, body: impl Into<Body>) -> RequestBuilder {
        let has_type = self.headers.contains_key(CONTENT_TYPE);
        let this = self.body(body);
        if has_type { this } else { this.header(CONTENT_TYPE, content_type) }
    }

    /// A name and, mostly, a password (`Authorization: Basic`). So does a URL with both in it.
    pub fn basic_auth(self, name: impl AsRef<str>, password: Option<&str>) -> RequestBuilder {
        let credentials = basic(name.as_ref(), password.unwrap_or_default());
        self.secret(credentials)
    }

    /// A token (`Authorization: Bearer`).
    pub fn bearer_auth(self, token: impl AsRef<str>) -> RequestBuilder {
        let credentials = format!("Bearer {}", token.as_ref());
        self.secret(credentials)
    }

    /// A name and a password that is not sent (`Authorization: Digest`, RFC 7616; feature
    /// `digest-auth`): requests' `HTTPDigestAuth`.
    ///
    /// The first request is made without, and once more with an answer to what the server asks. The
    /// client keeps that, so that its next requests are made once, until the server wants to hear
    /// something newer. MD5, SHA-256 and SHA-512/256 are known. A body that is streamed cannot be
    /// sent again: where nothing was asked before, the answer is the server's 401.
    ///
    /// ```
    /// use std::io;
    /// use eventlet::http::{Client, IntoResponse, Request, Response, StatusCode};
    /// use eventlet::{green, spawn, wsgi};
    ///
    /// #[green]
    /// fn app(request: Request) -> Response {
    ///     let asked = "Digest realm=\"here\", nonce=\"1a2b\", qop=\"auth\", algorithm=SHA-256";
    ///     match request.headers().get("authorization") {
    ///         None => (StatusCode::UNAUTHORIZED, [("www-authenticate", asked)], "who?").into_response(),
    ///         Some(answer) => answer.to_str().unwrap().to_owned().into_response(),
    ///     }
    /// }
    ///
    /// #[green]
    /// fn main() -> io::Result<()> {
    ///     let listener = eventlet::listen("127.0.0.1:0")?;
    ///     let url = format!("http://{}/", listener.local_addr()?);
    ///     let server = spawn(move || wsgi::Server::new().serve(listener, app));
    ///
    ///     let client = Client::new();
    ///     let answer = client.get(url).digest_auth("anna", "secret").send()?.text()?;
    ///     assert!(answer.starts_with("Digest username=\"anna\", realm=\"here\", nonce=\"1a2b\""));
    ///     assert!(!answer.contains("secret"));
    ///     server.kill();
    ///     Ok(())
    /// }
    /// ```
    #[cfg(feature = "digest-auth")]
    pub fn digest_auth(mut self, name: impl Into<String>, password: impl Into<String>) -> RequestBuilder {
        self.digest = Some(Credentials { name: name.into(), password: password.into() });
        self
    }

    fn secret(mut self, credentials: String) -> RequestBuilder {
        match HeaderValue::try_from(credentials) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(_) => self.refuse("these credentials cannot stand in a header"),
        }
        self
    }

    /// In the place of the client's [`connect_timeout`](super::ClientBuilder::connect_timeout).
    pub fn connect_timeout(mut self, limit: Option<Duration>) -> RequestBuilder {
        self.connect_time = limit;
        self
    }

    /// In the place of the client's [`max_redirects`](super::ClientBuilder::max_redirects): with
    /// zero the answer that redirects is given, as by requests' `allow_redirects=False`.
    pub fn max_redirects(mut self, redirects: usize) -> RequestBuilder {
        self.redirects = redirects;
        self
    }

    /// In the place of the client's [`read_timeout`](super::ClientBuilder::read_timeout).
    pub fn read_timeout(mut self, limit: Option<Duration>) -> RequestBuilder {
        self.read_time = limit;
        self
    }

    /// In the place of the client's [`timeout`](super::ClientBuilder::timeout).
    pub fn timeout(mut self, limit: Option<Duration>) -> RequestBuilder {
        self.total_time = limit;
        self
    }

    /// Sends it, and follows redirects. Suspends until the head of the answer is there.
    ///
    /// # Errors
    ///
    /// Whatever kept the answer from coming; a status that says so is an answer.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes the connection. The server may have the request all the same.
    #[green(crate = crate)]
    pub fn send(self) -> Result<Response> {
        self.run().await
    }

    async fn run(self) -> Result<Response> {
        let RequestBuilder {
            client,
            method,
            url,
            headers,
            body,
            wrong,
            connect_time,
            read_time,
            total_time,
            redirects,
            #[cfg(feature = "digest-auth")]
            digest,
        } = self;
        let url = match url {
            Ok(url) => url,
            Err((text, reason)) => {
                return Err(What::of_text(&method, &text).error(Phase::Build, invalid(reason)));
            }
        };
        if let Some(wrong) = wrong {
            return Err(What::new(&method, &url).error(Phase::Build, wrong));
        }
        let mut call = Call {
            client: &client.0,
            method,
            url,
            headers,
            body,
            connect_time,
            read_time,
            redirects,
            phase: Cell::new(Phase::Build),
            #[cfg(feature = "digest-auth")]
            digest,
            #[cfg(feature = "digest-auth")]
            nonce: RefCell::default(),
        };
        call.complete();
        let Some(limit) = total_time else { return call.follow(None).await };
        let result = with_timeout(limit, || call.follow(Some(Total::from_now(limit)))).await;
        match result {
            Ok(result) => result,
            Err(_) => {
                let what = What::new(&call.method, &call.url);
                Err(what.error(call.phase.get(), Total::error(limit)))
            }
        }
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RequestBuilder");
        shown.field("method", &self.method);
        if let Ok(url) = &self.url {
            shown.field("url", &What::new(&self.method, url).url);
        }
        shown.field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// How long to wait before the first attempt after a failed one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How often a server may say that it has not looked at a request.
const MOST_REFUSED: u32 = 3;

/// A request that is under way.
struct Call<'a> {
    client: &'a Inner,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Body,
    connect_time: Option<Duration>,
    read_time: Option<Duration>,
    redirects: usize,
    phase: Cell<Phase>,
    #[cfg(feature = "digest-auth")]
    digest: Option<Credentials>,
    /// That which was sent last.
    #[cfg(feature = "digest-auth")]
    nonce: RefCell<Option<String>>,
}

impl Call<'_> {
    /// Adds what the client and the URL say.
    fn complete(&mut self) {
        for (name, value) in &self.client.settings.headers {
            if !self.headers.contains_key(name) {
                self.headers.insert(name, value.clone());
            }
        }
        #[cfg(feature = "digest-auth")]
        if self.digest.is_some() {
            return;
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
            let credentials =
                basic(&decoded(self.url.username()), &decoded(self.url.password().unwrap_or("")));
            // What base64 writes can be a header.
            if let (false, Ok(mut value)) =
                (self.headers.contains_key(AUTHORIZATION), HeaderValue::try_from(credentials))
            {
                value.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, value);
            }
        }
    }

    fn what(&self) -> What {
        What::new(&self.method, &self.url)
    }

    fn error(&self, phase: Phase, reason: io::Error) -> Error {
        self.what().error(phase, reason)
    }

    /// Goes wherever the answers send it.
    async fn follow(&mut self, total: Option<Total>) -> Result<Response> {
        let most = self.redirects;
        let mut history = Vec::new();
        loop {
            let again = self.body.again();
            let is_repeatable = again.is_some();
            let body = std::mem::replace(&mut self.body, again.unwrap_or_default());
            let mut response = self.authenticate(body, total).await?;
            let status = response.status();
            let target = match most > 0 && redirect::is_redirect(status) {
                true => redirect::target(&self.url, response.headers())
                    .map_err(|reason| self.error(Phase::Redirect, reason))?,
                false => None,
            };
            let Some(target) = target else {
                response.keep_history(history);
                return Ok(response);
            };
            if history.len() == most {
                let reason = io::Error::other(format!("there were {most} before it"));
                return Err(self.error(Phase::Redirect, reason));
            }
            history.push(Redirect { status, url: self.what().url });
            let method = redirect::method(status, &self.method);
            if method != self.method {
                self.body = Body::empty();
                redirect::forget_body(&mut self.headers);
            } else if !is_repeatable {
                return Err(
                    self.error(Phase::Redirect, invalid("its body is a stream and cannot be sent again"))
                );
            }
            response.leave().await;
            redirect::forget_secrets(&self.url, &target, &mut self.headers);
            #[cfg(feature = "digest-auth")]
            if self.url.origin() != target.origin() {
                self.digest = None;
            }
            (self.method, self.url) = (method, target);
        }
    }

    /// Sends it, and again with what its server wants to hear before it lets anybody in.
    #[cfg(feature = "digest-auth")]
    async fn authenticate(&self, mut body: Body, total: Option<Total>) -> Result<Response> {
        let mut attempts = 0;
        loop {
            let again = body.again();
            let response = self.persist(body, total).await?;
            let Some(who) = &self.digest else { return Ok(response) };
            let digests = &self.client.digests;
            let sent = self.nonce.take();
            if response.status() != StatusCode::UNAUTHORIZED {
                digests.take(&self.url, who, response.headers());
                return Ok(response);
            }
            let challenge = Challenge::of(response.headers());
            let news = challenge.filter(|news| digest::is_news(news, sent.as_deref(), attempts));
            let Some(challenge) = news else { return Ok(response) };
            digests.keep(&self.url, who, challenge);
            let Some(again) = again else { return Ok(response) };
            response.leave().await;
            attempts += 1;
            body = again;
        }
    }

    #[cfg(not(feature = "digest-auth"))]
    async fn authenticate(&self, body: Body, total: Option<Total>) -> Result<Response> {
        self.persist(body, total).await
    }

    /// Sends it, as often as it may be.
    async fn persist(&self, mut body: Body, total: Option<Total>) -> Result<Response> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..self.client.settings.retries {
            let Some(again) = body.again() else { break };
            let result = self.answer(body, total).await;
            let wait = match &result {
                Ok(response) if self.method.is_idempotent() => retry::after(response, pause),
                Err(error) if retry::is_worth(error, &self.method) => Some(pause),
                _ => None,
            };
            let Some(wait) = wait else { return result };
            if let Ok(response) = result {
                response.leave().await;
            }
            sleep(wait).await;
            pause = (2 * pause).min(Duration::from_secs(10));
            body = again;
        }
        self.answer(body, total).await
    }

    /// Sends it once; and once more if a connection that was kept had ended meanwhile, or a few
    /// times if the server has not looked at it.
    async fn answer(&self, body: Body, total: Option<Total>) -> Result<Response> {
        let settings = &self.client.settings;
        let begun = get_hub().now();
        let mut origin = origin(&self.url).map_err(|reason| self.error(Phase::Build, reason))?;
        let proxy = self.client.proxy(&origin).map_err(|reason| self.error(Phase::Proxy, reason))?;
        // To a proxy that sends requests on there is one kind of connection.
        let forward = proxy.clone().filter(|proxy| !origin.is_encrypted && proxy.socks.is_none());
        if let Some(proxy) = &forward {
            (origin.host, origin.port) = (proxy.host.clone(), proxy.port);
        }
        origin.versions = match forward {
            Some(_) => Versions::Http1,
            None => settings.versions(origin.is_encrypted),
        };
        origin.proxy = proxy;
        let forward = forward.as_deref();
        if settings.https_only && !origin.is_encrypted {
            return Err(self.error(Phase::Build, invalid("only https is allowed")));
        }
        let again = body.again();
        let is_replayable = again.is_some() && self.method.is_idempotent();
        let mut body = body;
        let mut takes_idle = true;
        let mut refused = 0;
        loop {
            let mut exchange = self.connection(&origin, takes_idle).await?;
            let is_http2 = exchange.is_http2();
            let request = self.request(std::mem::take(&mut body), forward, is_http2)?;
            self.phase.set(Phase::Send);
            let failed = match exchange.send(request, self.read_time, &self.phase).await {
                Ok(response) => {
                    self.phase.set(Phase::ReceiveBody);
                    #[cfg(feature = "cookies")]
                    if let Some(jar) = &self.client.jar {
                        jar.take(&self.url, response.headers());
                    }
                    let what = self.what();
                    let response = Arriving::new(response, exchange, self.read_time, total, what.clone());
                    let elapsed = get_hub().now().saturating_sub(begun);
                    return Ok(Response::new(response, what, settings.body, elapsed));
                }
                Err(failed) => failed,
            };
            let is_used = exchange.is_used();
            drop(exchange);
            let may_be_refused = refused < MOST_REFUSED;
            match failed {
                Failed { unsent: Some(unsent), .. } if is_used || is_http2 && may_be_refused => {
                    body = unsent.into_body();
                }
                // Whatever the method does, it has not been done.
                Failed { is_refused: true, .. } if again.is_some() && may_be_refused => {
                    body = again.as_ref().and_then(Body::again).unwrap_or_default();
                    sleep(FIRST_PAUSE * refused * refused).await;
                }
                Failed { is_silent: true, .. } if is_used && is_replayable => {
                    body = again.as_ref().and_then(Body::again).unwrap_or_default();
                    takes_idle = false;
                    continue;
                }
                Failed { phase, reason, .. } => return Err(self.error(phase, reason)),
            }
            refused += u32::from(is_http2);
            takes_idle = is_http2;
        }
    }

    /// What the request goes over to `origin`.
    async fn connection(&self, origin: &Origin, takes_idle: bool) -> Result<Exchange> {
        let pool = &self.client.pool;
        let get = || async {
            self.phase.set(Phase::Pool);
            let mut lease = pool.lease(origin).await;
            loop {
                lease = match pool.find(lease, takes_idle).await {
                    Found::Exchange(exchange) => return Ok(exchange),
                    Found::Nothing(lease) => lease,
                };
                let opening = lease.open();
                let connection = connect(self.client, origin, &self.phase).await?;
                lease = match lease.begin(connection, opening).await {
                    Ok(exchange) => return Ok(exchange),
                    Err(lease) => lease,
                };
                self.phase.set(Phase::Pool);
            }
        };
        let result = match self.connect_time {
            None => get().await,
            Some(limit) => with_timeout(limit, get)
                .await
                .unwrap_or_else(|_| Err(timed_out(format!("it took longer than {limit:?}")))),
        };
        result.map_err(|reason| self.error(self.phase.get(), reason))
    }

    /// The request as it goes over the network, to the server or to a proxy that sends it on.
    fn request(&self, body: Body, forward: Option<&Proxy>, is_http2: bool) -> Result<Request> {
        let build = |reason| self.error(Phase::Build, reason);
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let whole = forward.map(|_| {
            let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
            format!("{}://{host}{path}", self.url.scheme())
        });
        let target = whole.as_deref().unwrap_or(path);
        let target: Uri = target.parse().map_err(|error| build(invalid(error)))?;
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let host = HeaderValue::try_from(host).map_err(|error| build(invalid(error)))?;
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target;
        let headers = request.headers_mut();
        headers.reserve(self.headers.len() + 2);
        headers.insert(HOST, host);
        let mut last = None;
        for (name, value) in &self.headers {
            // One of the caller's own goes before that of the URL.
            if last != Some(name) {
                headers.remove(name);
            }
            headers.append(name, value.clone());
            last = Some(name);
        }
        #[cfg(feature = "cookies")]
        if let (Some(jar), false) = (&self.client.jar, self.headers.contains_key(COOKIE))
            && let Some(cookies) = jar.header(&self.url)
        {
            headers.insert(COOKIE, cookies);
        }
        if let Some(credentials) = forward.and_then(|proxy| proxy.credentials.clone()) {
            headers.insert(PROXY_AUTHORIZATION, credentials);
        }
        #[cfg(feature = "digest-auth")]
        if let Some(who) = &self.digest {
            headers.remove(AUTHORIZATION);
            if let Some((answer, nonce)) =
                self.client.digests.answer(&self.url, who, self.method.as_str(), path)
            {
                headers.insert(AUTHORIZATION, answer);
                self.nonce.replace(Some(nonce));
            }
        }
        // How the body is framed is for the protocol to say, but for the length of a stream.
        headers.remove(TRANSFER_ENCODING);
        let length = request.body().len();
        if length.is_some() {
            request.headers_mut().remove(CONTENT_LENGTH);
        } else if let Some(promised) = promised_length(request.headers()).map_err(build)? {
            request = request.map(|body| Body::arriving(Measured::new(body, promised), u64::MAX));
        }
        if length.is_none_or(|length| length > 0) {
            let any = HeaderValue::from_static("application/octet-stream");
            request.headers_mut().entry(CONTENT_TYPE).or_insert(any);
        }
        if is_http2 {
            self.name_target(&mut request).map_err(|error| build(invalid(error)))?;
        }
        Ok(request)
    }

    /// HTTP/2 has the scheme and the host where its requests have the path.
    fn name_target(&self, request: &mut Request) -> std::result::Result<(), ::http::Error> {
        let host = request.headers_mut().remove(HOST);
        trim_values(request.headers_mut());
        let mut target = std::mem::take(request.uri_mut()).into_parts();
        target.scheme = Some(Scheme::try_from(self.url.scheme())?);
        target.authority = host.map(|host| Authority::try_from(host.as_bytes())).transpose()?;
        *request.uri_mut() = Uri::from_parts(target)?;
        *request.version_mut() = Version::HTTP_2;
        Ok(())
    }
}

/// The length that a caller has given for a stream.
fn promised_length(headers: &HeaderMap) -> io::Result<Option<u64>> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return Ok(None) };
    let digits = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (digits.and_then(|text| text.parse().ok()), lengths.next()) {
        (Some(length), None) => Ok(Some(length)),
        (None, None) => Err(invalid("its Content-Length is no number")),
        _ => Err(invalid("it has several Content-Length")),
    }
}

/// `Basic` and the two, in base64.
pub(super) fn basic(name: &str, password: &str) -> String {
    let plain = format!("{name}:{password}");
    let mut text = String::from("Basic ");
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in plain.as_bytes().chunks(3) {
        let byte = |at: usize| three.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
