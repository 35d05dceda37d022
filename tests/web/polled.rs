//! Sockets in the shape of polls, and what libraries ask of a runtime besides.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use eventlet::green::io::{Read as _, Write as _};
use eventlet::green::net::{TcpStream, UdpSocket};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::polled::{Polled, PolledUdp};
use eventlet::hubs::{Alarm, Here, HubTimer, Local, get_hub};
use eventlet::testing::{run_clean, run_virtual};
use eventlet::{Event, connect, green, listen, sleep, spawn, with_timeout};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};

const MS: Duration = Duration::from_millis(1);
const EVER: Duration = Duration::from_secs(1 << 30);

fn pair() -> (Polled<UnixStream>, Polled<UnixStream>) {
    let (one, other) = UnixStream::pair().unwrap();
    (Polled::new(one), Polled::new(other))
}

fn poll_once<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_poll_that_finds_nothing_wakes_its_task_when_there_is_something() {
    #[green]
    fn scenario() {
        let (mut one, mut other) = pair();
        let reading = spawn(
            #[green]
            move || {
                let mut buf = [0; 8];
                let count = poll_fn(|cx| one.poll_read(cx, &mut buf)).await.unwrap();
                buf[..count].to_vec()
            },
        );
        sleep(MS);
        assert_eq!(poll_fn(|cx| other.poll_write(cx, b"late")).await.unwrap(), 4);
        assert_eq!(reading.wait(), b"late");
    }
    run_clean(scenario);
}

#[test]
fn reads_and_writes_of_one_stream_may_belong_to_two_tasks() {
    #[green]
    fn scenario() {
        let (one, other) = UnixStream::pair().unwrap();
        let (read, write) = one.into_split();
        let (mut read, mut write) = (Polled::new(read), Polled::new(write));
        let reading = spawn(
            #[green]
            move || {
                let mut buf = [0; 1];
                poll_fn(|cx| read.poll_read(cx, &mut buf)).await.unwrap()
            },
        );
        let writing = spawn(
            #[green]
            move || {
                let mut sent = 0;
                while sent < 1 << 20 {
                    sent += poll_fn(|cx| write.poll_write(cx, &[7; 4096])).await.unwrap();
                }
                sent
            },
        );
        sleep(MS);
        (&other).write_all(b"x").unwrap();
        assert_eq!(reading.wait(), 1);
        let mut got = 0;
        let mut buf = [0; 65536];
        while got < 1 << 20 {
            got += (&other).read(&mut buf).unwrap();
        }
        assert_eq!(writing.wait(), got);
    }
    run_clean(scenario);
}

#[test]
fn a_dropped_wrapper_gives_up_its_wait_so_that_others_may_read() {
    #[green]
    fn scenario() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut polled = Polled::new(one.try_clone().unwrap());
        let mut buf = [0; 4];
        assert!(poll_once(|cx| polled.poll_read(cx, &mut buf)).is_pending());
        drop(polled);
        (&other).write_all(b"here").unwrap();
        (&one).read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"here");
    }
    run_clean(scenario);
}

#[test]
fn a_wrapper_that_is_forgotten_with_its_wait_harms_nobody() {
    #[green]
    fn forget(mut polled: Polled<UnixStream>) {
        let mut buf = [0; 4];
        let is_pending = poll_fn(|cx| Poll::Ready(polled.poll_read(cx, &mut buf).is_pending())).await;
        assert!(is_pending);
        std::mem::forget(polled);
    }
    #[green]
    fn scenario() {
        let (one, other) = UnixStream::pair().unwrap();
        one.set_read_timeout(Some(MS)).unwrap();
        let also = one.try_clone().unwrap();
        spawn(move || forget(Polled::new(one))).wait();
        // Whom this and the limit would wake has ended.
        (&other).write_all(b"late").unwrap();
        sleep(5 * MS);
        let mut buf = [0; 4];
        let mut polled = Polled::new(also);
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut buf)).await.unwrap(), 4);
        assert_eq!(&buf, b"late");
        assert_eq!(poll_fn(|cx| polled.poll_write(cx, b"back")).await.unwrap(), 4);
        (&other).read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"back");
    }
    // Its descriptor is left behind, and ends with the hub.
    std::thread::spawn(|| eventlet::run(scenario)).join().unwrap();
}

#[test]
fn the_stream_comes_back_without_its_wait() {
    #[green]
    fn scenario() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut polled = Polled::new(one);
        let mut buf = [0; 4];
        assert!(poll_once(|cx| polled.poll_read(cx, &mut buf)).is_pending());
        let mut one = polled.into_inner();
        (&other).write_all(b"back").unwrap();
        one.read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"back");
    }
    run_clean(scenario);
}

#[test]
fn a_read_timeout_holds_and_can_change_while_a_poll_waits() {
    #[green]
    fn scenario() -> (io::ErrorKind, Duration) {
        let (mut one, _other) = pair();
        let mut buf = [0; 4];
        assert!(poll_once(|cx| one.poll_read(cx, &mut buf)).is_pending());
        let reading = spawn(
            #[green]
            move || {
                let mut buf = [0; 4];
                let mut first = true;
                poll_fn(|cx| {
                    let poll = one.poll_read(cx, &mut buf);
                    if first {
                        // The wait has begun without a limit; now it has one.
                        first = false;
                        one.set_read_timeout(Some(5 * MS)).unwrap();
                    }
                    poll
                })
                .await
                .unwrap_err()
                .kind()
            },
        );
        let kind = reading.wait();
        (kind, eventlet::testing::now())
    }
    assert_eq!(run_virtual(scenario), (io::ErrorKind::TimedOut, 5 * MS));
}

#[test]
fn a_timeout_that_is_taken_away_lets_the_wait_go_on() {
    #[green]
    fn scenario() -> Vec<u8> {
        let (mut one, mut other) = pair();
        one.set_read_timeout(Some(5 * MS)).unwrap();
        let reading = spawn(
            #[green]
            move || {
                let mut buf = [0; 4];
                let mut first = true;
                let count = poll_fn(|cx| {
                    let poll = one.poll_read(cx, &mut buf);
                    if first {
                        first = false;
                        one.set_read_timeout(None).unwrap();
                    }
                    poll
                })
                .await
                .unwrap();
                buf[..count].to_vec()
            },
        );
        sleep(50 * MS);
        poll_fn(|cx| other.poll_write(cx, b"slow")).await.unwrap();
        reading.wait()
    }
    assert_eq!(run_virtual(scenario), b"slow");
}

#[test]
fn udp_sockets_can_be_polled() {
    #[green]
    fn scenario() {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (to, from) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let (mut one, mut other) = (PolledUdp::new(one), PolledUdp::new(other));
        let receiving = spawn(
            #[green]
            move || {
                let mut buf = [0; 16];
                let (count, sender) = poll_fn(|cx| one.poll_recv_from(cx, &mut buf)).await.unwrap();
                (buf[..count].to_vec(), sender)
            },
        );
        sleep(MS);
        poll_fn(|cx| other.poll_send_to(cx, b"datagram", to)).await.unwrap();
        assert_eq!(receiving.wait(), (b"datagram".to_vec(), from));
    }
    run_clean(scenario);
}

#[test]
fn a_dump_says_what_a_polled_stream_waits_for() {
    #[green]
    fn scenario() {
        let (mut one, _other) = pair();
        let reading = spawn(
            #[green]
            move || {
                poll_fn(|cx| one.poll_read(cx, &mut [0; 1])).await.unwrap();
            },
        );
        sleep(MS);
        assert!(get_hub().describe_threads().contains("to read from descriptor"));
        reading.kill();
    }
    run_clean(scenario);
}

#[test]
fn futures_and_tokio_traits_carry_bytes() {
    #[green]
    fn scenario() {
        let (mut one, mut other) = pair();
        let sent = poll_fn(|cx| futures_io::AsyncWrite::poll_write(Pin::new(&mut one), cx, b"abc")).await;
        assert_eq!(sent.unwrap(), 3);
        let mut buf = [0; 8];
        let got = poll_fn(|cx| futures_io::AsyncRead::poll_read(Pin::new(&mut other), cx, &mut buf)).await;
        assert_eq!(&buf[..got.unwrap()], b"abc");

        tokio::io::AsyncWriteExt::write_all(&mut one, b"defg").await.unwrap();
        let mut buf = [0; 4];
        tokio::io::AsyncReadExt::read_exact(&mut other, &mut buf).await.unwrap();
        assert_eq!(&buf, b"defg");
        tokio::io::AsyncWriteExt::shutdown(&mut one).await.unwrap();
        assert_eq!(tokio::io::AsyncReadExt::read(&mut other, &mut buf).await.unwrap(), 0);
    }
    run_clean(scenario);
}

#[green]
fn hello(_request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    sleep(MS);
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

#[green]
fn serve_one(client: TcpStream) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(HubTimer).header_read_timeout(Duration::from_secs(5));
    builder.serve_connection(Polled::new(client), service_fn(hello)).await.unwrap();
}

#[test]
fn hyper_serves_and_asks_over_polled_sockets() {
    #[green]
    fn scenario() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = spawn(
            #[green]
            move || serve_one(listener.accept().unwrap().0),
        );
        let stream = Polled::new(connect(address).unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        Local.execute(async move { drop(connection.await) });
        for _ in 0..2 {
            let request = Request::builder().header("host", "x").body(Full::<Bytes>::default()).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
        }
        drop(sender);
        serving.wait();
    }
    run_clean(scenario);
}

#[test]
fn hyper_speaks_http2_on_the_local_executor() {
    #[green]
    fn scenario() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = spawn(
            #[green]
            move || {
                let client = Polled::new(listener.accept().unwrap().0);
                let builder = hyper::server::conn::http2::Builder::new(Local);
                builder.serve_connection(client, service_fn(hello)).await.unwrap();
            },
        );
        let stream = Polled::new(connect(address).unwrap());
        let (sender, connection) = hyper::client::conn::http2::handshake(Local, stream).await.unwrap();
        Local.execute(async move { drop(connection.await) });
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let mut sender = sender.clone();
                spawn(move || async move {
                    let request = Request::get("http://x/").body(Full::<Bytes>::default()).unwrap();
                    sender.send_request(request).await.unwrap().status().as_u16()
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.wait(), 200);
        }
        drop(sender);
        serving.wait();
    }
    run_clean(scenario);
}

#[test]
fn an_alarm_rings_at_its_time_and_again_after_a_reset() {
    #[green]
    fn scenario() -> Vec<Duration> {
        let mut seen = vec![];
        let mut alarm = Alarm::after(5 * MS);
        (&mut alarm).await;
        seen.push(eventlet::testing::now());
        (&mut alarm).await;
        seen.push(eventlet::testing::now());
        alarm.reset(10 * MS);
        alarm.await;
        seen.push(eventlet::testing::now());
        seen
    }
    assert_eq!(run_virtual(scenario), [5 * MS, 5 * MS, 15 * MS]);
}

#[test]
fn an_alarm_that_is_reset_before_it_has_rung_rings_at_the_new_time_alone() {
    #[green]
    fn scenario() -> Duration {
        let mut alarm = Alarm::after(5 * MS);
        assert!(poll_once(|cx| Pin::new(&mut alarm).poll(cx)).is_pending());
        alarm.reset(10 * MS);
        alarm.await;
        eventlet::testing::now()
    }
    assert_eq!(run_virtual(scenario), 10 * MS);
}

#[test]
fn an_alarm_that_is_dropped_leaves_no_timer() {
    #[green]
    fn scenario() {
        drop(Alarm::after(EVER));
        let mut alarm = Alarm::after(EVER);
        assert!(poll_once(|cx| Pin::new(&mut alarm).poll(cx)).is_pending());
        assert_eq!(get_hub().timers(), 1);
        drop(alarm);
        assert_eq!(get_hub().timers(), 0);
    }
    run_clean(scenario);
}

#[test]
fn an_alarm_that_is_dropped_elsewhere_is_cancelled_at_home() {
    #[green]
    fn scenario() {
        let mut alarm = Alarm::after(EVER);
        assert!(poll_once(|cx| Pin::new(&mut alarm).poll(cx)).is_pending());
        eventlet::tpool::execute(move || drop(alarm));
        sleep(Duration::ZERO);
        assert_eq!(get_hub().timers(), 0);
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

#[test]
fn an_alarm_that_is_polled_elsewhere_panics_clearly() {
    let (alarm,) = eventlet::run(|| async { (Alarm::after(EVER),) });
    let panic = std::thread::spawn(move || {
        let mut alarm = pin!(alarm);
        let _ = poll_once(|cx| alarm.as_mut().poll(cx));
    })
    .join()
    .unwrap_err();
    let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap();
    assert!(message.starts_with("an alarm was used on another OS thread than its own"), "{message}");
}

struct TellsWhere(mpsc::Sender<std::thread::ThreadId>, Rc<Cell<u32>>);

impl Drop for TellsWhere {
    fn drop(&mut self) {
        self.1.set(self.1.get() + 1);
        let _ = self.0.send(std::thread::current().id());
    }
}

#[test]
fn a_value_that_is_dropped_elsewhere_goes_home_first() {
    #[green]
    fn scenario() {
        let (send, receive) = mpsc::channel();
        let count = Rc::new(Cell::new(0));
        let value = Here::new(TellsWhere(send, count.clone()));
        eventlet::tpool::execute(move || drop(value));
        sleep(Duration::ZERO);
        assert_eq!(receive.try_recv(), Ok(std::thread::current().id()));
        assert_eq!(count.get(), 1);
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("as it must");
    }
}

#[test]
fn a_value_whose_destructor_panics_at_home_stops_nobody() {
    #[green]
    fn scenario() {
        let value = Here::new(Panics);
        let told = eventlet::sync::Event::new();
        let tells = told.clone();
        let waits = spawn(
            #[green]
            move || told.wait(),
        );
        sleep(Duration::ZERO);
        eventlet::tpool::execute(move || {
            drop(value);
            tells.send(7);
        });
        assert_eq!(waits.wait(), 7);
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

#[test]
fn a_value_that_is_used_elsewhere_panics_and_stays_whole() {
    let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
    let home = named("home").spawn(move || {
        let value = Here::new(Rc::new(5));
        let elsewhere = named("elsewhere").spawn(move || {
            let used = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| **value)).unwrap_err();
            let text = used.downcast_ref::<String>().unwrap().lines().next().unwrap().to_owned();
            assert_eq!(format!("{value:?}"), "Here(on another OS thread)");
            (value, text)
        });
        let (value, text) = elsewhere.unwrap().join().unwrap();
        assert_eq!(
            text,
            "a value that stays on the hub of the OS thread `home` was used on the OS thread `elsewhere`"
        );
        assert_eq!(**value, 5);
        assert_eq!(*value.into_inner(), 5);
    });
    home.unwrap().join().unwrap();
}

#[test]
fn a_green_call_that_stays_here_is_a_future_that_is_send() {
    fn needs_send<F: Future + Send>(future: F) -> F {
        future
    }
    #[green]
    fn scenario() {
        let done = Event::new();
        let waits = done.clone();
        let call = needs_send(Here::new(async move { waits.wait().await }));
        spawn(
            #[green]
            move || {
                sleep(MS);
                done.send(3);
            },
        );
        assert_eq!(call.await, 3);
    }
    run_virtual(scenario);
}

#[test]
fn a_polled_read_loses_nothing_to_a_timeout_around_it() {
    #[green]
    fn scenario() {
        let (mut one, mut other) = pair();
        let mut buf = [0; 4];
        let late = with_timeout(MS, || poll_fn(|cx| one.poll_read(cx, &mut buf)));
        assert!(late.is_err());
        poll_fn(|cx| other.poll_write(cx, b"kept")).await.unwrap();
        let count = poll_fn(|cx| one.poll_read(cx, &mut buf)).await.unwrap();
        assert_eq!(&buf[..count], b"kept");
    }
    run_clean(scenario);
}
