//! Services of tower beside green applications.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tower_service::Service;

use super::server::Application;
use crate::Green;
use crate::green;
use crate::http::{Body, IntoResponse, Request, Response};
use crate::hubs::Here;

/// Makes an application of a `tower::Service`: an axum `Router`, a stack of `tower-http`'s layers,
/// anything that takes a request and gives a response.
///
/// Each request is answered by a clone of the service, which is asked whether it is ready first.
/// An error of the service is a 500 and a line in the log.
///
/// Such libraries ask for `Send` although everything stays on one OS thread. The request's body is
/// a [`SendBody`] for that reason, and a green call becomes a handler of theirs by
/// [`Here::new`](crate::hubs::Here::new) around it. What waits for tokio's reactor or timers does
/// not work here: of axum the features `ws` and `tokio`, of tower-http `timeout`, `metrics` and
/// `fs`, of tower `limit`, `retry`, `timeout`, `buffer` and `balance`.
///
/// ```
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::task::{Context, Poll};
/// use eventlet::green;
/// use eventlet::http::{Request, Response};
/// use eventlet::wsgi::{self, Application, SendBody};
/// use tower_service::Service;
///
/// #[derive(Clone)]
/// struct Hello;
///
/// impl Service<Request<SendBody>> for Hello {
///     type Response = Response;
///     type Error = Infallible;
///     type Future = Ready<Result<Response, Infallible>>;
///
///     fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _request: Request<SendBody>) -> Self::Future {
///         ready(Ok(Response::new("Hello, World!\n".into())))
///     }
/// }
///
/// #[green]
/// fn main() {
///     let site = wsgi::Router::new().mount("/hello", wsgi::tower(Hello));
///     let request = Request::builder().uri("/hello/").body(Default::default()).unwrap();
///     let response = site.respond(request);
///     assert_eq!(response.into_body().text().unwrap(), "Hello, World!\n");
/// }
/// ```
pub fn tower<S, B>(service: S) -> Tower<S>
where
    S: Service<Request<SendBody>, Response = Response<B>, Error: Into<BoxError>> + Clone + 'static,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    Tower { service }
}

type BoxError = Box<dyn Error + Send + Sync>;

/// An application whose requests a `tower::Service` answers. [`tower()`] makes it.
#[derive(Clone, Debug)]
pub struct Tower<S> {
    service: S,
}

impl<S, B> Application for Tower<S>
where
    S: Service<Request<SendBody>, Response = Response<B>, Error: Into<BoxError>> + Clone + 'static,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<S, B>> {
        let mut service = self.service.clone();
        Green::new(async move {
            match answer(&mut service, request).await {
                Ok(response) => response.map(Body::wrap),
                Err(error) => io::Error::other(error).into_response(),
            }
        })
    }
}

async fn answer<S, B>(service: &mut S, request: Request) -> Result<Response<B>, S::Error>
where
    S: Service<Request<SendBody>, Response = Response<B>>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request.map(SendBody::new)).await
}

/// A [`Body`] that is `Send` as a type, for libraries that ask for that. It stays on its OS thread,
/// and panics when it is read on another one: see [`Here`].
pub struct SendBody(Here<Body>);

impl SendBody {
    fn new(body: Body) -> SendBody {
        SendBody(Here::new(body))
    }

    /// The body, for green code.
    ///
    /// # Panics
    ///
    /// On another OS thread.
    pub fn into_inner(self) -> Body {
        self.0.into_inner()
    }
}

impl HttpBody for SendBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut *self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&*self.0)
    }
}

impl fmt::Debug for SendBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendBody").field(&self.0).finish()
    }
}
