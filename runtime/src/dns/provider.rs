//! What hickory asks of a runtime: tasks, time, UDP and TCP.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use hickory_resolver::net::runtime::{DnsTcpStream, DnsUdpSocket, RuntimeProvider, Spawn, Time};

use crate::convenience::connect_from;
use crate::green::net::{TcpStream, UdpSocket};
use crate::green::polled::{Polled, PolledUdp};
use crate::greenpool::GreenPool;
use crate::greenthread::spawn;
use crate::hubs::{Alarm, Here};
use crate::timeout::with_timeout;

/// How long a connection may take to be made, if nobody says.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The hub, with the tasks that a resolver has begun.
#[derive(Clone)]
pub(super) struct GreenRuntime {
    tasks: Arc<Here<Tasks>>,
}

/// Killed when the resolver is dropped.
pub(super) struct Tasks(GreenPool);

impl GreenRuntime {
    pub(super) fn new() -> GreenRuntime {
        GreenRuntime { tasks: Arc::new(Here::new(Tasks(GreenPool::unlimited()))) }
    }

    /// Ends the tasks. What they hold may hold the runtime, so it is not for a destructor.
    pub(super) fn end(&self) {
        for task in self.tasks.0.members() {
            task.kill();
        }
    }
}

impl Spawn for GreenRuntime {
    fn spawn_bg(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let task = spawn(move || future);
        self.tasks.0.try_add(&task);
    }
}

impl RuntimeProvider for GreenRuntime {
    type Handle = GreenRuntime;
    type Timer = HubTime;
    type Udp = Udp;
    type Tcp = Tcp;

    fn create_handle(&self) -> GreenRuntime {
        self.clone()
    }

    fn connect_tcp(
        &self,
        server_addr: SocketAddr,
        bind_addr: Option<SocketAddr>,
        limit: Option<Duration>,
    ) -> Boxed<io::Result<Tcp>> {
        let limit = limit.unwrap_or(CONNECT_LIMIT);
        let connected = async move {
            let stream = match bind_addr {
                Some(local) => with_timeout(limit, || connect_from(local, server_addr)).await,
                None => with_timeout(limit, || TcpStream::connect(server_addr)).await,
            };
            let stream = stream.map_err(|late| io::Error::new(io::ErrorKind::TimedOut, late))??;
            stream.set_nodelay(true)?;
            Ok(Tcp(Here::new(Polled::new(stream))))
        };
        Box::pin(Here::new(connected))
    }

    fn bind_udp(&self, local_addr: SocketAddr, _server_addr: SocketAddr) -> Boxed<io::Result<Udp>> {
        let bound = async move {
            let socket = UdpSocket::bind(local_addr).await?;
            Ok(Udp(Here::new(RefCell::new(PolledUdp::new(socket)))))
        };
        Box::pin(Here::new(bound))
    }
}

pub(super) struct Udp(Here<RefCell<PolledUdp>>);

impl DnsUdpSocket for Udp {
    type Time = HubTime;

    fn poll_recv_from(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.0.borrow_mut().poll_recv_from(cx, buf)
    }

    fn poll_send_to(&self, cx: &mut Context<'_>, buf: &[u8], target: SocketAddr) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_send_to(cx, buf, target)
    }
}

pub(super) struct Tcp(Here<Polled<TcpStream>>);

impl DnsTcpStream for Tcp {
    type Time = HubTime;
}

impl AsyncRead for Tcp {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close(cx)
    }
}

/// The hub's clock.
pub(super) struct HubTime;

impl Time for HubTime {
    fn delay_for<'a>(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(Alarm::after(duration))
    }

    fn timeout<'a, F>(
        duration: Duration,
        future: F,
    ) -> Pin<Box<dyn Future<Output = io::Result<F::Output>> + Send + 'a>>
    where
        F: Future + Send + 'static + 'a,
    {
        let mut alarm = Alarm::after(duration);
        Box::pin(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                if let Poll::Ready(value) = future.as_mut().poll(cx) {
                    return Poll::Ready(Ok(value));
                }
                Pin::new(&mut alarm).poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
            })
            .await
        })
    }
}
