//! The accept loop: `serve`, `StopServe`, and what ends what.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::rc::Rc;

use eventlet::convenience::{ListenOptions, Listener, Server, Stopped};
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::green::os::unix::net::{UnixListener, UnixStream};
use eventlet::{GreenPool, StopServe, connect, green, listen, serve, sleep, spawn, with_timeout};
use eventlet_tests::{assert_events, ms, note, tests_on_every_hub, virtual_tests};
use rustix::io::Errno;

#[green]
fn greet(mut client: TcpStream, _address: SocketAddr) -> io::Result<()> {
    client.write_all(b"welcome")
}

/// Everything that the server says.
#[green]
fn listen_to(address: SocketAddr) -> String {
    let mut text = String::new();
    connect(address).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Reads a byte and says so; `s` stops the server, `p` panics, `e` is an error.
#[green]
fn obey(mut client: TcpStream, _address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let mut order = [0];
    client.read_exact(&mut order)?;
    note(format!("order {}", char::from(order[0])));
    match order[0] {
        b's' => Err(StopServe.into()),
        b'p' => panic!("as ordered"),
        b'e' => Err("as ordered".into()),
        _ => Ok(()),
    }
}

#[green]
fn order(address: SocketAddr, order: u8) {
    let mut client = connect(address).unwrap();
    client.write_all(&[order]).unwrap();
    // The end: the connection closes when the handler ends.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

tests_on_every_hub! {
    fn each_connection_is_handled_and_then_closed() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(move || serve(listener, greet, 1000));
        for _ in 0..10 {
            assert_eq!(listen_to(address), "welcome");
        }
        server.kill();
        assert_eq!(connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    fn neither_error_nor_panic_of_a_handler_ends_the_server() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(move || serve(listener, obey, 1000));
        for each in *b"epns" {
            order(address, each);
        }
        server.wait().unwrap();
        assert_events(["order e", "order p", "order n", "order s"]);
    }

    fn a_handler_that_says_stop_leaves_the_others_at_work() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(#[green] move || {
            serve(&listener, obey, 1000).unwrap();
            note("stopped");
            listener
        });
        let mut slow = connect(address).unwrap();
        sleep(ms(2));
        order(address, b's');
        let listener = server.wait();
        slow.write_all(b"x").unwrap();
        assert_eq!(slow.read(&mut [0]).unwrap(), 0);
        assert_events(["order s", "stopped", "order x"]);
        // The listener still listens, and can be served again.
        let server = spawn(#[green] move || serve(&listener, greet, 1000));
        assert_eq!(listen_to(address), "welcome");
        server.kill();
    }

    fn at_the_limit_connections_wait_to_be_accepted() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let running = Rc::new(Cell::new(0));
        let most = Rc::new(Cell::new(0));
        let server = {
            let (running, most) = (running.clone(), most.clone());
            let handle = move |mut client: TcpStream, _| {
                let (running, most) = (running.clone(), most.clone());
                async move {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    sleep(ms(2)).await;
                    client.write_all(b"x").await.unwrap();
                    running.set(running.get() - 1);
                }
            };
            spawn(move || serve(listener, handle, 2))
        };
        let clients: Vec<_> = (0..7).map(|_| spawn(move || listen_to(address))).collect();
        for client in clients {
            assert_eq!(client.wait(), "x");
        }
        assert_eq!(most.get(), 2);
        assert_eq!(running.get(), 0);
        server.kill();
    }

    fn a_stop_at_the_limit_is_heard() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(#[green] move || {
            serve(&listener, obey, 1).unwrap();
            listener
        });
        order(address, b's');
        drop(server.wait());
    }

    fn a_client_that_says_nothing_holds_up_nobody() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(move || serve(listener, obey, 1000));
        let silent: Vec<_> = {
            let mut silent = vec![];
            for _ in 0..5 {
                silent.push(connect(address).unwrap());
            }
            silent
        };
        order(address, b'n');
        drop(silent);
        order(address, b's');
        server.wait().unwrap();
        assert_events(["order n", "order s"]);
    }

    fn a_pool_can_be_given() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pool = GreenPool::new(5);
        let server = { let pool = pool.clone(); spawn(move || serve(listener, obey, pool)) };
        let idle = connect(address).unwrap();
        sleep(ms(2));
        assert_eq!(pool.running(), 1);
        // Killing the server leaves the handlers; killing the pool ends them.
        server.kill();
        assert_eq!(pool.running(), 1);
        pool.killall();
        assert_eq!((&idle).read(&mut [0]).unwrap(), 0);
    }

    fn closing_the_listener_ends_the_server_with_an_error() {
        let listener = listen("127.0.0.1:0").unwrap();
        let handle = listener.try_clone().unwrap();
        let server = spawn(move || serve(listener, greet, 10));
        sleep(ms(1));
        handle.close();
        assert_eq!(server.wait().unwrap_err().kind(), ErrorKind::NotConnected);
    }

    fn a_server_that_is_timed_out_loses_no_connection() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(with_timeout(ms(2), || serve(&listener, greet, 10)).is_err());
        let client = connect(address).unwrap();
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }

    fn unix_connections_are_served_too() {
        let path = std::env::temp_dir().join(format!(
            "eventlet-serve-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let listener = UnixListener::bind(&path).unwrap();
        let handle = #[green] move |mut client: UnixStream, _address: std::os::unix::net::SocketAddr| {
            client.write_all(b"unix").unwrap();
            ControlFlow::Break(())
        };
        let server = spawn(move || serve(listener, handle, 10));
        let mut text = String::new();
        UnixStream::connect(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "unix");
        server.wait().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    fn several_listeners_may_share_a_port_on_request() {
        let options = ListenOptions::new().reuse_port(true);
        let one = options.listen("127.0.0.1:0").unwrap();
        let address = one.local_addr().unwrap();
        assert_eq!(listen(address).unwrap_err().kind(), ErrorKind::AddrInUse);
        let other = options.listen(address).unwrap();
        assert_eq!(other.local_addr().unwrap(), address);
    }
}

/// With the listeners of other operating systems the last one may get every connection.
#[cfg(target_os = "linux")]
mod one_port {
    use std::io::Read;
    use std::net::{SocketAddr, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};

    use eventlet::convenience::ListenOptions;
    use eventlet::green::io::Write;
    use eventlet::{green, run};

    /// Says at which port it listens, and counts the connections that it gets.
    #[green]
    fn count(address: SocketAddr, listening: Sender<SocketAddr>, accepted: Arc<AtomicUsize>) {
        let listener = ListenOptions::new().backlog(1024).reuse_port(true).listen(address).unwrap();
        listening.send(listener.local_addr().unwrap()).unwrap();
        loop {
            let (mut connection, _address) = listener.accept().unwrap();
            accepted.fetch_add(1, Ordering::Relaxed);
            connection.write_all(b"x").unwrap();
        }
    }

    #[test]
    fn two_hubs_that_listen_at_it_both_get_connections() {
        let accepted = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let mut address = SocketAddr::from(([127, 0, 0, 1], 0));
        for accepted in &accepted {
            let (accepted, (listening, port)) = (accepted.clone(), channel());
            // Both serve until the test's process ends.
            std::thread::spawn(move || run(move || count(address, listening, accepted)));
            address = port.recv().unwrap();
        }
        // One of the two would get none of so many once in 2^199 times.
        for _ in 0..200 {
            TcpStream::connect(address).unwrap().read_exact(&mut [0]).unwrap();
        }
        let accepted = accepted.map(|accepted| accepted.load(Ordering::Relaxed));
        assert_eq!(accepted.iter().sum::<usize>(), 200);
        assert!(accepted.iter().all(|&accepted| accepted > 0), "{accepted:?}");
    }
}

/// Results of the other kinds that may say stop.
#[test]
fn what_counts_as_a_stop() {
    use eventlet::convenience::Handled;

    assert!(!().is_stop());
    assert!(Err::<(), _>(StopServe).is_stop());
    assert!(!Ok::<(), StopServe>(()).is_stop());
    assert!(ControlFlow::Break(()).is_stop());
    assert!(!ControlFlow::<()>::Continue(()).is_stop());
    assert!(Err::<(), io::Error>(StopServe.into()).is_stop());
    assert!(!Err::<(), io::Error>(io::Error::other("something else")).is_stop());
    let nested: Box<dyn Error + Send + Sync> = io::Error::from(StopServe).into();
    assert!(Err::<(), _>(nested).is_stop());
    let nested: Box<dyn Error> = StopServe.into();
    assert!(Err::<RefCell<()>, _>(nested).is_stop());
}

/// Accepting that goes by a script: an error of the operating system, or a connection. After its end nothing comes.
struct Scripted {
    script: RefCell<std::vec::IntoIter<Errno>>,
    began: std::time::Duration,
}

/// Stands for a connection in a script. No accepting gives this.
const CONNECTION: Errno = Errno::XDEV;

impl Scripted {
    fn new(script: Vec<Errno>) -> Self {
        Scripted { script: RefCell::new(script.into_iter()), began: eventlet::testing::now() }
    }
}

impl Listener for Scripted {
    type Connection = ();
    type Address = ();

    #[green]
    fn accept(&self) -> io::Result<((), ())> {
        let next = self.script.borrow_mut().next();
        let Some(next) = next else {
            sleep(std::time::Duration::MAX);
            unreachable!("nothing comes")
        };
        note((eventlet::testing::now() - self.began).as_millis());
        if next == CONNECTION { Ok(((), ())) } else { Err(next.into()) }
    }
}

#[green]
fn note_connection(_connection: (), _address: ()) {
    note("a connection");
}

/// Serves what the script says, for an hour.
#[green]
fn serve_script(script: Vec<Errno>) -> Option<io::Result<()>> {
    with_timeout(ms(3_600_000), || serve(Scripted::new(script), note_connection, 10)).ok()
}

virtual_tests! {
    fn the_pauses_of_a_server_without_descriptors_grow_to_a_second_and_begin_anew() {
        let mut script = vec![Errno::MFILE; 9];
        script.extend([CONNECTION, Errno::MFILE, CONNECTION]);
        assert!(serve_script(script).is_none());
        assert_events([
            "0", "10", "30", "70", "150", "310", "630", "1270", "2270", "3270", "3270", "a connection", "3280",
            "a connection",
        ]);
    }

    fn scarcity_of_every_kind_is_waited_out() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::NOSPC] {
            assert!(serve_script(vec![errno, CONNECTION]).is_none());
            assert_events(["0", "10", "a connection"]);
        }
    }

    fn what_the_network_or_a_firewall_says_of_one_connection_does_not_end_the_server() {
        for errno in [
            Errno::CONNABORTED, Errno::CONNRESET, Errno::NETDOWN, Errno::NETUNREACH, Errno::HOSTUNREACH,
            Errno::HOSTDOWN, Errno::PROTO, Errno::NOPROTOOPT, Errno::OPNOTSUPP, Errno::TIMEDOUT, Errno::PERM,
        ] {
            assert!(serve_script(vec![errno, CONNECTION]).is_none(), "{errno:?}");
            assert_events(["0", "0", "a connection"]);
        }
    }

    fn an_error_of_that_kind_that_lasts_does_not_keep_the_hub() {
        let others = spawn(#[green] || { sleep(ms(1)); note("another thread runs"); });
        assert!(serve_script(vec![Errno::OPNOTSUPP; 18]).is_none());
        others.wait();
        let events = eventlet_tests::events();
        assert_eq!(events[..16], ["0"; 16]);
        assert_eq!(events[16..], ["another thread runs", "10", "30"]);
    }

    fn what_is_wrong_with_the_listener_ends_the_server() {
        let ended = serve_script(vec![CONNECTION, Errno::INVAL]).unwrap();
        assert_eq!(ended.unwrap_err().raw_os_error(), Some(Errno::INVAL.raw_os_error()));
        sleep(ms(1));
        assert_events(["0", "0", "a connection"]);
    }
}

/// Holds the connection for ever, or ends at the peer's end.
#[green]
fn hold(mut client: TcpStream, _address: SocketAddr) {
    let _noted = eventlet_tests::Noted("a handler's end");
    let _ = client.read(&mut [0]);
}

/// Stops the server that it is a handler of.
#[green]
fn stop_own(_client: TcpStream, server: Rc<RefCell<Option<Server>>>) {
    let server = server.take().unwrap();
    let stopped = server.stop(ms(0));
    note(format!("{stopped:?}"));
}

tests_on_every_hub! {
    fn a_stopped_server_lets_its_handlers_end_within_the_grace() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::start(listener, hold, 10);
        let client = connect(address).unwrap();
        while server.active() == 0 {
            sleep(ms(1));
        }
        assert_eq!((server.active(), server.handled(), server.is_accepting()), (1, 0, true));
        let stopping = { let server = server.clone(); spawn(#[green] move || {
            let stopped = server.stop(ms(1_000_000));
            note("stopped");
            stopped
        }) };
        sleep(ms(1));
        assert!(!server.is_accepting());
        assert_eq!(connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        drop(client);
        assert_eq!(stopping.wait(), Stopped { finished: 1, killed: 0 });
        assert_eq!((server.active(), server.handled()), (0, 1));
        server.wait().unwrap();
        assert_events(["a handler's end", "stopped"]);
    }

    fn handlers_that_outlast_the_grace_are_killed_and_others_of_the_pool_are_not() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pool = GreenPool::new(10);
        let other = pool.spawn(|| eventlet_tests::wait_with("the other's end"));
        let server = Server::start(listener, hold, pool.clone());
        let mut clients = [connect(address).unwrap(), connect(address).unwrap()];
        while server.active() < 2 {
            sleep(ms(1));
        }
        assert_eq!(server.stop(ms(2)), Stopped { finished: 0, killed: 2 });
        assert_eq!((server.active(), server.handled(), pool.running()), (0, 2, 1));
        for client in &mut clients {
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
        }
        assert_events(["a handler's end", "a handler's end"]);
        assert_eq!(server.stop(ms(2)), Stopped { finished: 0, killed: 0 });
        other.kill();
        assert_events(["the other's end"]);
    }

    fn a_handler_may_stop_its_own_server() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared: Rc<RefCell<Option<Server>>> = Rc::default();
        let server = shared.clone();
        let started = Server::start(listener, move |client, _| stop_own(client, server.clone()), 10);
        shared.replace(Some(started.clone()));
        let mut client = connect(address).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        started.wait().unwrap();
        assert_eq!((started.active(), started.handled()), (0, 1));
        assert_events(["Stopped { finished: 0, killed: 0 }"]);
    }

    fn a_server_whose_handler_says_stop_has_ended_and_one_without_listener_has_failed() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::start(listener, obey, 10);
        order(address, b's');
        server.wait().unwrap();
        let listener = listen("127.0.0.1:0").unwrap();
        let handle = listener.try_clone().unwrap();
        let server = Server::start(listener, obey, 10);
        sleep(ms(1));
        handle.close();
        assert_eq!(server.wait().unwrap_err().kind(), ErrorKind::NotConnected);
        server.wait().unwrap();
        assert_events(["order s"]);
    }
}
