//! Services of tower and routers of axum beside green applications.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use eventlet::http::{Request, Response};
use eventlet::hubs::Here;
use eventlet::testing::run_clean;
use eventlet::wsgi::{self, Router, SendBody, Server};
use eventlet::{Event, green, join, sleep};
use eventlet_web_tests::Site;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;

/// Asks for this, and gives the status and the body.
#[green]
fn ask(site: &Site, head: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let answer = site.exchange(&format!(
        "{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[green]
fn slowly(name: String, greeting: Rc<Cell<u32>>) -> String {
    sleep(Duration::from_millis(10));
    greeting.set(greeting.get() + 1);
    format!("Hello, {name}! ({})", greeting.get())
}

#[derive(Clone)]
struct App(Here<Rc<Cell<u32>>>);

fn axum_router() -> axum::Router {
    axum::Router::new()
        .route(
            "/{name}",
            get(|State(app): State<App>, Path(name): Path<String>| Here::new(slowly(name, (*app.0).clone()))),
        )
        .route("/echo", post(|text: String| async move { text }))
        .route(
            "/query",
            get(|Query(pairs): Query<Vec<(String, String)>>| async move { format!("{pairs:?}") }),
        )
        .with_state(App(Here::new(Rc::new(Cell::new(0)))))
}

#[test]
fn a_router_of_axum_answers_with_green_calls_and_state_that_stays_here() {
    #[green]
    fn scenario() {
        let site = Router::new().get("/plain", plain).mount("/axum", wsgi::tower(axum_router()));
        let site = Site::new(Server::new(), site);
        assert_eq!(ask(&site, "GET /plain", ""), (200, "plain".to_owned()));
        assert_eq!(ask(&site, "GET /axum/Ada", ""), (200, "Hello, Ada! (1)".to_owned()));
        assert_eq!(ask(&site, "GET /axum/Bob", ""), (200, "Hello, Bob! (2)".to_owned()));
        assert_eq!(ask(&site, "POST /axum/echo", "some text"), (200, "some text".to_owned()));
        assert_eq!(
            ask(&site, "GET /axum/query?a=1&b=2", ""),
            (200, r#"[("a", "1"), ("b", "2")]"#.to_owned())
        );
        assert_eq!(ask(&site, "GET /axum/no/such", "").0, 404);
        assert_eq!(ask(&site, "DELETE /axum/echo", "").0, 405);
        site.end();
    }
    #[green]
    fn plain(_request: Request) -> &'static str {
        "plain"
    }
    run_clean(scenario);
}

#[test]
fn a_handler_of_axum_that_waits_holds_nobody_up() {
    #[green]
    fn wait_for(go: Event<u32>) -> String {
        format!("got {}", go.wait())
    }
    #[green]
    fn scenario() {
        let go = Here::new(Event::new());
        let (waits, sends) = (go.clone(), go.clone());
        let router = axum::Router::new()
            .route("/wait", get(async move || Here::new(wait_for((*waits).clone())).await))
            .route(
                "/send",
                get(async move || {
                    sends.send(7);
                    "sent"
                }),
            );
        let site = Site::new(Server::new(), wsgi::tower(router));
        let answers = join(|| ask(&site, "GET /wait", ""), || ask(&site, "GET /send", ""));
        assert_eq!(answers, ((200, "got 7".to_owned()), (200, "sent".to_owned())));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn layers_of_tower_http_do_their_work() {
    #[green]
    fn scenario() {
        let router = axum::Router::new()
            .route("/long", get(|| async { "long ".repeat(20_000) }))
            .route("/panic", get(|| async { panic!("a handler's own") as &'static str }))
            .route("/echo", post(|text: String| async move { text }));
        let router = router
            .layer(CompressionLayer::new())
            .layer(RequestBodyLimitLayer::new(10))
            .layer(CorsLayer::permissive())
            .layer(CatchPanicLayer::new());
        let site = Site::new(Server::new(), wsgi::tower(router));
        let answer = site.exchange("GET /long HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nOrigin: http://y\r\nConnection: close\r\n\r\n");
        assert!(answer.contains("\r\ncontent-encoding: gzip\r\n"), "{}", &answer[..300]);
        assert!(answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{}", &answer[..300]);
        assert!(answer.len() < 2_000, "{}", answer.len());
        assert_eq!(ask(&site, "GET /panic", "").0, 500);
        assert_eq!(ask(&site, "POST /echo", "0123456789"), (200, "0123456789".to_owned()));
        assert_eq!(ask(&site, "POST /echo", "0123456789a").0, 413);
        site.end();
    }
    run_clean(scenario);
}

/// It is ready when it was asked twice, and then it fails.
#[derive(Clone, Default)]
struct Reluctant {
    asked: u32,
}

impl tower::Service<Request<SendBody>> for Reluctant {
    type Response = Response;
    type Error = String;
    type Future = Ready<Result<Response, String>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        self.asked += 1;
        if self.asked == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<SendBody>) -> Self::Future {
        assert_eq!(self.asked, 2);
        match request.uri().path() {
            "/fine" => ready(Ok(Response::new("fine".into()))),
            _ => ready(Err("a secret".to_owned())),
        }
    }
}

#[test]
fn a_service_is_asked_whether_it_is_ready_and_its_error_is_a_500_that_says_nothing() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), wsgi::tower(Reluctant::default()));
        assert_eq!(ask(&site, "GET /fine", ""), (200, "fine".to_owned()));
        let (status, body) = ask(&site, "GET /bad", "");
        assert_eq!(status, 500);
        assert!(!body.contains("secret"), "{body}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_body_goes_through_piece_by_piece_with_its_length() {
    #[green]
    fn scenario() {
        let service = tower::service_fn(async |request: Request<SendBody>| {
            let length =
                http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes().len();
            Ok::<_, Infallible>(Response::new(AxumBody::from(format!("{length} bytes"))))
        });
        let site = Site::new(Server::new(), wsgi::tower(service));
        assert_eq!(ask(&site, "POST /", &"x".repeat(100_000)), (200, "100000 bytes".to_owned()));
        let answer = site.exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assert!(answer.ends_with("5 bytes"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_body_that_is_taken_to_another_os_thread_says_so() {
    #[green]
    fn scenario() {
        let service = tower::service_fn(async |request: Request<SendBody>| {
            let body = request.into_body();
            let elsewhere = std::thread::spawn(move || {
                let mut body = body;
                let mut cx = Context::from_waker(Waker::noop());
                let _ = hyper::body::Body::poll_frame(std::pin::Pin::new(&mut body), &mut cx);
            });
            let panicked = elsewhere.join().unwrap_err();
            let text = panicked
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panicked.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Ok::<_, Infallible>(Response::new(AxumBody::from(
                text.unwrap().lines().next().unwrap().to_owned(),
            )))
        });
        let site = Site::new(Server::new(), wsgi::tower(service));
        let (status, text) = ask(&site, "POST /", "x");
        assert_eq!(status, 200);
        assert!(text.starts_with("a value that stays on the hub of the OS thread "), "{text}");
        site.end();
    }
    run_clean(scenario);
}
