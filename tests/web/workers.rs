//! A server on several OS threads.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::thread::available_parallelism;
use std::time::Duration;

use eventlet::branch::{Race2, race};
use eventlet::convenience::ListenOptions;
use eventlet::green::io::Write;
use eventlet::green::net::TcpListener;
use eventlet::http::Request;
use eventlet::sync::{Event, Queue};
use eventlet::testing::run_clean;
use eventlet::{GreenThread, connect, green, sleep, spawn, wsgi};
use eventlet_web_tests::answer_of;

const ANYWHERE: &str = "127.0.0.1:0";

/// What a worker says when it has begun, and when it ends.
#[derive(Clone)]
struct Signs {
    began: Queue<SocketAddr>,
    ended: Queue<()>,
}

impl Signs {
    fn new() -> Signs {
        Signs { began: Queue::unbounded(), ended: Queue::unbounded() }
    }
}

/// Serves who it is.
#[green]
fn serve_its_name(listener: TcpListener, signs: Signs, go: Event) -> io::Result<()> {
    signs.began.put(listener.local_addr()?).unwrap();
    let began = signs.began.clone();
    let result = wsgi::server(listener, move |request| say_its_name(request, began.clone(), go.clone()));
    signs.ended.put(()).unwrap();
    result
}

/// `/wait` is answered when the event is sent.
#[green]
fn say_its_name(request: Request, began: Queue<SocketAddr>, go: Event) -> String {
    if request.uri().path() == "/wait" {
        began.put(([127, 0, 0, 1], 1).into()).unwrap();
        go.wait();
    }
    std::thread::current().name().unwrap().to_owned()
}

#[green]
fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = connect(address).unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    answer_of(stream).rsplit("\r\n").next().unwrap().to_owned()
}

/// Two workers that serve their names, until this is killed.
#[green]
fn begin() -> (Signs, Event, GreenThread<io::Result<()>>) {
    let (signs, go) = (Signs::new(), Event::new());
    let worker = {
        let (signs, go) = (signs.clone(), go.clone());
        move |listener| serve_its_name(listener, signs.clone(), go.clone())
    };
    (signs, go, spawn(move || wsgi::workers(2, ANYWHERE, worker)))
}

/// A request that one of the two has begun to answer.
#[green]
fn ask_one(signs: &Signs) -> GreenThread<String> {
    let address = signs.began.get().unwrap();
    signs.began.get().unwrap();
    let asking = spawn(move || ask(address, "/wait"));
    signs.began.get().unwrap();
    asking
}

#[test]
fn connections_are_shared_out_among_the_workers() {
    #[green]
    fn scenario() {
        let (signs, _go, serving) = begin();
        let addresses = [signs.began.get().unwrap(), signs.began.get().unwrap()];
        assert_eq!(addresses[0], addresses[1]);
        let mut names = BTreeSet::new();
        // Each connection is for one of them by chance.
        for _ in 0..64 {
            names.insert(ask(addresses[0], "/"));
        }
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["worker 1", "worker 2"]);
        serving.kill();
        serving.wait().unwrap();
        assert_eq!(signs.ended.len(), 2);
    }
    run_clean(scenario);
}

#[test]
fn a_kill_lets_every_worker_finish_its_requests() {
    #[green]
    fn scenario() {
        let (signs, go, serving) = begin();
        let asking = ask_one(&signs);
        serving.kill();
        // The one that has no request ends at once, the other one when it has answered.
        signs.ended.get().unwrap();
        sleep(Duration::ZERO);
        assert!(!serving.is_finished());
        go.send(());
        assert!(asking.wait().starts_with("worker "));
        serving.wait().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn a_second_kill_cuts_the_connections() {
    #[green]
    fn scenario() {
        let (signs, _go, serving) = begin();
        let asking = ask_one(&signs);
        serving.kill();
        signs.ended.get().unwrap();
        serving.kill();
        serving.wait().unwrap();
        assert_eq!(asking.wait(), "");
    }
    run_clean(scenario);
}

#[test]
fn an_error_of_one_worker_ends_all_and_is_the_result() {
    #[green]
    fn worker(listener: TcpListener, signs: Signs, is_first: Queue<()>) -> io::Result<()> {
        if is_first.try_get().is_ok() {
            return Err(io::Error::other("no database"));
        }
        let result = wsgi::server(listener, app);
        signs.ended.put(()).unwrap();
        result
    }
    #[green]
    fn app(_request: Request) -> &'static str {
        "fine"
    }
    #[green]
    fn scenario() {
        let (signs, is_first) = (Signs::new(), Queue::unbounded());
        is_first.put(()).unwrap();
        let worker = {
            let signs = signs.clone();
            move |listener| worker(listener, signs.clone(), is_first.clone())
        };
        let error = wsgi::workers(3, ANYWHERE, worker).unwrap_err();
        assert_eq!(error.to_string(), "no database");
        assert_eq!(signs.ended.len(), 2);
    }
    run_clean(scenario);
}

#[test]
fn a_panic_of_a_worker_is_an_error_with_its_number() {
    #[green]
    fn worker(_listener: TcpListener) -> io::Result<()> {
        panic!("a worker's own");
    }
    #[green]
    fn scenario() {
        let error = wsgi::workers(1, ANYWHERE, worker).unwrap_err();
        assert_eq!(error.to_string(), "worker 1 of a server panicked");
    }
    run_clean(scenario);
}

#[test]
fn a_worker_that_ends_well_leaves_the_others_alone() {
    #[green]
    fn worker(_listener: TcpListener, signs: Signs, go: Event, is_first: Queue<()>) -> io::Result<()> {
        if is_first.try_get().is_err() {
            go.wait();
        }
        signs.ended.put(()).unwrap();
        Ok(())
    }
    #[green]
    fn scenario() {
        let (signs, go, is_first) = (Signs::new(), Event::new(), Queue::unbounded());
        is_first.put(()).unwrap();
        let worker = {
            let (signs, go) = (signs.clone(), go.clone());
            move |listener| worker(listener, signs.clone(), go.clone(), is_first.clone())
        };
        let serving = spawn(move || wsgi::workers(2, ANYWHERE, worker));
        signs.ended.get().unwrap();
        sleep(Duration::ZERO);
        assert!(!serving.is_finished());
        go.send(());
        serving.wait().unwrap();
        signs.ended.get().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn workers_whose_call_is_given_up_end_without_being_waited_for() {
    #[green]
    fn both_begin(began: Queue<SocketAddr>) {
        began.get().unwrap();
        began.get().unwrap();
    }
    #[green]
    fn scenario() {
        let (signs, go) = (Signs::new(), Event::new());
        let worker = {
            let signs = signs.clone();
            move |listener| serve_its_name(listener, signs.clone(), go.clone())
        };
        let began = signs.began.clone();
        let won = race(move || wsgi::workers(2, ANYWHERE, worker), || both_begin(began));
        assert!(matches!(won, Race2::Second(())));
        signs.ended.get().unwrap();
        signs.ended.get().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn zero_is_a_worker_for_each_processor() {
    #[green]
    fn worker(_listener: TcpListener, ended: Queue<()>) -> io::Result<()> {
        ended.put(()).unwrap();
        Ok(())
    }
    #[green]
    fn scenario() {
        let ended = Queue::unbounded();
        let worker = {
            let ended = ended.clone();
            move |listener| worker(listener, ended.clone())
        };
        wsgi::workers(0, ANYWHERE, worker).unwrap();
        assert_eq!(ended.len(), available_parallelism().unwrap().get());
    }
    run_clean(scenario);
}

#[test]
fn an_address_that_is_taken_is_an_error_and_no_worker_begins() {
    #[green]
    fn worker(_listener: TcpListener) -> io::Result<()> {
        unreachable!("nobody listens");
    }
    #[green]
    fn scenario() {
        let taken = ListenOptions::new().listen(ANYWHERE).unwrap();
        let address = taken.local_addr().unwrap();
        let error = wsgi::workers(2, address, worker).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
    run_clean(scenario);
}
