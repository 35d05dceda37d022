//! An application made of several, by method and path.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use ::http::header::{ALLOW, LOCATION};
use ::http::{Method, StatusCode, Uri};

use super::request::Params;
use super::server::Application;
use super::statics::StaticFiles;
use crate::Green;
use crate::green;
use crate::http::{IntoResponse, Request, Response};

/// Answers each request by the application that stands at its method and path.
///
/// A path is a pattern: `{name}` stands for one part of it, `{*name}` for all of the rest, neither
/// of which can be empty. A literal part goes before a parameter. `GET` answers `HEAD` as well. A
/// path that is there for other methods only is 405, and says which; `OPTIONS`, unless it has an
/// application, is 204 and says so, too. Any other path is the [fallback](Self::fallback)'s, which
/// is 404 if nothing is said. A slash at the end counts, and two are not one.
///
/// ```
/// use eventlet::green;
/// use eventlet::http::{IntoResponse, Request, Response, StatusCode};
/// use eventlet::wsgi::{Application, RequestExt, Router};
///
/// #[green]
/// fn user(request: Request) -> String {
///     format!("user {}\n", request.param("id").unwrap_or_default())
/// }
///
/// #[green]
/// fn index(_request: Request) -> &'static str {
///     "welcome\n"
/// }
///
/// #[green]
/// fn main() {
///     let router = Router::new().get("/", index).get("/users/{id}", user);
///     let request = Request::get("/users/7").body(Default::default()).unwrap();
///     let response = router.respond(request);
///     assert_eq!(response.into_body().text().unwrap(), "user 7\n");
///     let request = Request::post("/").body(Default::default()).unwrap();
///     assert_eq!(router.respond(request).status(), StatusCode::METHOD_NOT_ALLOWED);
/// }
/// ```
#[derive(Clone)]
pub struct Router {
    paths: Rc<Paths>,
}

type Answering = Pin<Box<dyn Future<Output = Response>>>;
type Handler = Rc<dyn Fn(Request) -> Answering>;

#[derive(Clone)]
struct Paths {
    tree: matchit::Router<usize>,
    routes: Vec<Route>,
    fallback: Option<Handler>,
}

#[derive(Clone, Default)]
struct Route {
    pattern: String,
    methods: BTreeMap<String, Handler>,
    any: Option<Handler>,
}

fn handler<A: Application>(app: A) -> Handler {
    Rc::new(move |request| Box::pin(app.respond(request)))
}

impl Router {
    /// A router that knows no path yet.
    pub fn new() -> Router {
        let paths = Paths { tree: matchit::Router::new(), routes: Vec::new(), fallback: None };
        Router { paths: Rc::new(paths) }
    }

    /// Answers requests of this method at this path by `app`.
    ///
    /// # Panics
    ///
    /// If the pattern is not one, contradicts another one, or has an application for this method
    /// already: routes are the program's own text.
    #[must_use]
    #[track_caller]
    pub fn route<A: Application>(mut self, method: Method, path: &str, app: A) -> Router {
        let route = self.at(path);
        let outgoing = route.methods.insert(method.to_string(), handler(app));
        assert!(outgoing.is_none(), "`{method} {path}` has two applications");
        self
    }

    /// [`route`](Self::route) for `GET`, and `HEAD`.
    #[must_use]
    #[track_caller]
    pub fn get<A: Application>(self, path: &str, app: A) -> Router {
        self.route(Method::GET, path, app)
    }

    /// [`route`](Self::route) for `POST`.
    #[must_use]
    #[track_caller]
    pub fn post<A: Application>(self, path: &str, app: A) -> Router {
        self.route(Method::POST, path, app)
    }

    /// [`route`](Self::route) for `PUT`.
    #[must_use]
    #[track_caller]
    pub fn put<A: Application>(self, path: &str, app: A) -> Router {
        self.route(Method::PUT, path, app)
    }

    /// [`route`](Self::route) for `PATCH`.
    #[must_use]
    #[track_caller]
    pub fn patch<A: Application>(self, path: &str, app: A) -> Router {
        self.route(Method::PATCH, path, app)
    }

    /// [`route`](Self::route) for `DELETE`.
    #[must_use]
    #[track_caller]
    pub fn delete<A: Application>(self, path: &str, app: A) -> Router {
        self.route(Method::DELETE, path, app)
    }

    /// Answers requests of every method at this path by `app`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn any<A: Application>(mut self, path: &str, app: A) -> Router {
        let route = self.at(path);
        assert!(route.any.is_none(), "`{path}` has two applications for every method");
        route.any = Some(handler(app));
        self
    }

    /// Answers everything below `prefix` by `app`, which sees the path without it. The prefix may
    /// have parameters.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn mount<A: Application>(self, prefix: &str, app: A) -> Router {
        let prefix = prefix.trim_end_matches('/');
        let below = Below::new(prefix, app);
        let router = if prefix.is_empty() { self } else { self.any(prefix, below.clone()) };
        router.any_below(prefix, below)
    }

    #[track_caller]
    fn any_below<A: Application>(self, prefix: &str, below: Below<A>) -> Router {
        let router = self.any(&format!("{prefix}/"), below.clone());
        router.any(&format!("{prefix}/{{*eventlet_rest}}"), below)
    }

    /// Answers everything below `prefix` with the files below a folder: see [`StaticFiles`]. At the
    /// prefix itself it sends to the same with a slash, from where the links of an `index.html` are
    /// right.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn files(self, prefix: &str, folder: impl Into<std::path::PathBuf>) -> Router {
        let prefix = prefix.trim_end_matches('/');
        let below = Below::new(prefix, StaticFiles::new(folder));
        let router = if prefix.is_empty() { self } else { self.any(prefix, WithSlash) };
        router.any_below(prefix, below)
    }

    /// Answers what has no path here.
    #[must_use]
    pub fn fallback<A: Application>(mut self, app: A) -> Router {
        self.paths_mut().fallback = Some(handler(app));
        self
    }

    fn paths_mut(&mut self) -> &mut Paths {
        Rc::make_mut(&mut self.paths)
    }

    #[track_caller]
    fn at(&mut self, path: &str) -> &mut Route {
        let paths = self.paths_mut();
        let known = paths.routes.iter().position(|route| route.pattern == path);
        let index = known.unwrap_or(paths.routes.len());
        if known.is_none() {
            if let Err(error) = paths.tree.insert(path, index) {
                panic!("`{path}` cannot be a path here: {error}");
            }
            paths.routes.push(Route { pattern: path.to_owned(), ..Route::default() });
        }
        &mut paths.routes[index]
    }

    fn find(&self, request: &mut Request) -> Found {
        let paths = &*self.paths;
        if request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return Found::Options(None);
        }
        let found = paths.tree.at(request.uri().path()).ok();
        // Some releases of the tree's let a parameter be empty where another part follows.
        let found =
            found.filter(|found| found.params.iter().all(|(_, value)| !value.is_empty())).map(|found| {
                let params: Vec<_> = found
                    .params
                    .iter()
                    .filter(|(name, _)| *name != "eventlet_rest")
                    .map(|(name, value)| (name.to_owned(), decoded(value)))
                    .collect();
                (*found.value, params)
            });
        let Some((index, params)) = found else {
            let fallback = paths.fallback.clone();
            return fallback.map_or(Found::Nothing, Found::Handler);
        };
        if !params.is_empty() {
            // Those of a router that this one is mounted in stay; of the same name this one's is
            // meant.
            let outer = request.extensions().get::<Params>().cloned().unwrap_or_default();
            let all = params.into_iter().chain(outer.0.iter().cloned()).collect();
            request.extensions_mut().insert(Params(all));
        }
        let route = &paths.routes[index];
        let method = request.method().as_str();
        let by_method = route.methods.get(method).or_else(|| {
            let is_head = request.method() == Method::HEAD;
            is_head.then(|| route.methods.get(Method::GET.as_str())).flatten()
        });
        let handler = by_method.or(route.any.as_ref()).cloned();
        handler.map_or_else(
            || match *request.method() {
                Method::OPTIONS => Found::Options(Some(route.allowed())),
                _ => Found::OtherMethods(route.allowed()),
            },
            Found::Handler,
        )
    }
}

/// What a router has for a request.
enum Found {
    Handler(Handler),
    /// The path is there, for these methods.
    OtherMethods(String),
    /// The question is for which methods the path is there, or whether the server is.
    Options(Option<String>),
    Nothing,
}

impl Route {
    fn allowed(&self) -> String {
        let mut methods: Vec<&str> = self.methods.keys().map(String::as_str).collect();
        if methods.contains(&"GET") && !methods.contains(&"HEAD") {
            methods.push("HEAD");
        }
        if !methods.contains(&"OPTIONS") {
            methods.push("OPTIONS");
        }
        methods.join(", ")
    }
}

impl Application for Router {
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, mut request: Request) -> Green<impl Future<Output = Response> + 'static + use<>> {
        let found = self.find(&mut request);
        Green::new(async move {
            match found {
                Found::Handler(handler) => handler(request).await,
                Found::OtherMethods(methods) => {
                    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, methods)], "Method Not Allowed\n")
                        .into_response()
                }
                Found::Options(Some(methods)) => {
                    (StatusCode::NO_CONTENT, [(ALLOW, methods)], ()).into_response()
                }
                Found::Options(None) => StatusCode::NO_CONTENT.into_response(),
                Found::Nothing => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
            }
        })
    }
}

/// An application that sees the path without a prefix.
struct Below<A> {
    app: Rc<A>,
    /// How many parts of the path the prefix has. They are counted, since some of them may be
    /// parameters.
    parts: usize,
}

impl<A> Below<A> {
    fn new(prefix: &str, app: A) -> Self {
        Below { app: Rc::new(app), parts: prefix.matches('/').count() }
    }
}

impl<A> Clone for Below<A> {
    fn clone(&self) -> Self {
        Below { app: self.app.clone(), parts: self.parts }
    }
}

impl<A: Application> Application for Below<A> {
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<A>> {
        self.app.respond(below(request, self.parts))
    }
}

/// The same request with its path below that many of its first parts.
fn below(mut request: Request, parts: usize) -> Request {
    let uri = request.uri();
    let rest = uri.path().match_indices('/').nth(parts).map_or("/", |(at, _)| &uri.path()[at..]);
    let target = match uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// Sends to the same path with a slash.
struct WithSlash;

impl Application for WithSlash {
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<>> {
        Green::new(std::future::ready(with_slash(request.uri())))
    }
}

/// The answer that sends to the same path with a slash. It is relative, so that it is right
/// wherever this is mounted.
pub(super) fn with_slash(uri: &Uri) -> Response {
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, format!("./{name}/{query}"))], ()).into_response()
}

/// Percent signs decoded; what is no UTF-8 then stays as it came.
pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
}

impl Default for Router {
    fn default() -> Self {
        Router::new()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.paths.routes.iter().map(|route| &route.pattern);
        f.debug_list().entries(patterns).finish()
    }
}
