//! Names: equal questions, what is kept, limits; and several addresses raced by `connect`.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use eventlet::convenience::ListenOptions;
use eventlet::green::net::names::{self, Resolve, Settings, SystemResolver};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::hubs::get_hub;
use eventlet::{connect, green, sleep, spawn, with_timeout};
use eventlet_tests::{assert_events, give_way, ms, note, virtual_tests};

/// Takes its time, knows all names but one, and notes what it is asked.
struct Slow {
    time: Duration,
    found: RefCell<Vec<SocketAddr>>,
    keeps: Cell<bool>,
}

/// Notes that its question was given up.
struct GivenUp<'a>(Option<&'a str>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.0 {
            note(format!("{host} given up"));
        }
    }
}

impl Resolve for Slow {
    #[green(boxed)]
    fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        note(host);
        let mut given_up = GivenUp(Some(host));
        sleep(self.time);
        given_up.0 = None;
        match host {
            "nobody" => Err(io::Error::new(ErrorKind::NotFound, "there is no such name")),
            "panic" => panic!("the resolver's own fault"),
            _ => Ok(self.found.borrow().clone()),
        }
    }

    fn keeps_answers(&self) -> bool {
        self.keeps.get()
    }
}

/// The resolver of the hub, until the test ends.
struct Installed(Rc<Slow>);

impl Installed {
    fn new(time: Duration) -> Installed {
        let found = RefCell::new(vec![at(1, 0)]);
        let slow = Rc::new(Slow { time, found, keeps: Cell::new(false) });
        names::set_resolver(slow.clone());
        Installed(slow)
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        names::set_resolver(Rc::new(SystemResolver));
        names::set_settings(Settings::default());
    }
}

fn at(last: u8, port: u16) -> SocketAddr {
    ([192, 0, 2, last], port).into()
}

virtual_tests! {
    fn equal_questions_are_asked_once_and_each_asker_has_its_port() {
        let _installed = Installed::new(ms(300));
        let askers: Vec<_> = (1..=10_u16).map(|port| spawn(move || names::lookup("Some.Name", port))).collect();
        for (asker, port) in askers.into_iter().zip(1..) {
            assert_eq!(asker.wait().unwrap(), [at(1, port)]);
        }
        assert_eq!(get_hub().now(), ms(300));
        assert_events(["some.name"]);
    }

    fn ten_slow_names_take_the_time_of_one() {
        let _installed = Installed::new(ms(300));
        let names = (0..10).map(|n| format!("host{n}"));
        let askers: Vec<_> = names.map(|host| spawn(#[green] move || names::lookup(&host, 80))).collect();
        for asker in askers {
            asker.wait().unwrap();
        }
        assert_eq!(get_hub().now(), ms(300));
        assert_eq!(eventlet_tests::events().len(), 10);
    }

    fn an_answer_is_kept_for_its_life_and_a_failure_is_not() {
        let _installed = Installed::new(ms(1));
        names::lookup("a", 1).unwrap();
        let before = get_hub().now();
        names::lookup("A", 2).unwrap();
        assert_eq!(get_hub().now(), before, "it is kept");
        assert_events(["a"]);
        sleep(Duration::from_secs(10) - ms(1));
        names::lookup("a", 1).unwrap();
        assert_events([]);
        sleep(ms(1));
        names::lookup("a", 1).unwrap();
        assert_events(["a"]);
        for _ in 0..2 {
            let error = names::lookup("nobody", 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("there is no such name"), "{error}");
        }
        assert_events(["nobody", "nobody"]);
        names::forget();
        names::lookup("a", 1).unwrap();
        assert_events(["a"]);
    }

    fn the_oldest_answer_goes_when_there_are_too_many() {
        let _installed = Installed::new(ms(1));
        let mut settings = names::settings();
        settings.capacity = 2;
        names::set_settings(settings);
        for host in ["a", "b", "c", "b", "c", "a"] {
            names::lookup(host, 1).unwrap();
        }
        assert_events(["a", "b", "c", "a"]);
        settings.life = Duration::ZERO;
        names::set_settings(settings);
        names::lookup("a", 1).unwrap();
        names::lookup("a", 1).unwrap();
        assert_events(["a", "a"]);
    }

    fn what_keeps_its_answers_itself_is_asked_each_time() {
        let installed = Installed::new(ms(1));
        installed.0.keeps.set(true);
        names::lookup("a", 1).unwrap();
        names::lookup("a", 1).unwrap();
        assert_events(["a", "a"]);
    }

    fn nobody_waits_longer_than_the_limit() {
        let _installed = Installed::new(Duration::MAX);
        let error = names::lookup("a", 1).unwrap_err();
        assert_eq!((error.kind(), get_hub().now()), (ErrorKind::TimedOut, Duration::from_secs(30)));
        assert!(error.to_string().contains("there was no answer within 30s"), "{error}");
        assert_events(["a", "a given up"]);
        assert!(with_timeout(ms(5), || connect("a:80")).is_err());
        assert_events(["a", "a given up"]);
    }

    fn a_killed_asker_leaves_the_others_their_answer() {
        let _installed = Installed::new(ms(10));
        let first = spawn(|| names::lookup("a", 1));
        let second = spawn(|| names::lookup("a", 2));
        give_way();
        first.kill();
        assert_eq!(second.wait().unwrap(), [at(1, 2)]);
        assert_events(["a"]);
    }

    fn a_resolver_that_panics_leaves_nobody_waiting() {
        let _installed = Installed::new(ms(10));
        let error = names::lookup("panic", 1).unwrap_err();
        assert!(error.to_string().contains("the resolver panicked"), "{error}");
    }

    fn another_resolver_takes_no_answer_of_the_earlier_one() {
        let first = Installed::new(ms(10));
        let early = spawn(|| names::lookup("a", 1));
        give_way();
        let second = Installed::new(ms(10));
        second.0.found.replace(vec![at(2, 0)]);
        assert_eq!(names::lookup("a", 1).unwrap(), [at(2, 1)]);
        assert_eq!(early.wait().unwrap(), [at(1, 1)]);
        assert_eq!(names::lookup("a", 1).unwrap(), [at(2, 1)]);
        assert_events(["a", "a"]);
        drop((first, second));
    }

    fn a_numeric_address_asks_nobody() {
        let _installed = Installed::new(ms(10));
        assert_eq!(names::lookup("192.0.2.7", 80).unwrap(), [at(7, 80)]);
        assert_eq!(names::lookup("::1", 80).unwrap(), ["[::1]:80".parse().unwrap()]);
        assert_eq!(connect(("127.0.0.1", 1)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(get_hub().now(), Duration::ZERO);
        assert_events([]);
    }

    fn a_call_that_is_waited_for_in_place_asks_the_system() {
        #[green(in_place)]
        fn ask() -> Vec<SocketAddr> {
            names::lookup("localhost", 80).unwrap()
        }
        let _installed = Installed::new(ms(10));
        assert!(ask().iter().all(|address| address.ip().is_loopback()));
        assert_events([]);
    }

    #[cfg(target_os = "linux")]
    fn an_address_that_does_not_answer_has_a_start_of_250_ms() {
        let silent = Silent::new();
        let good = TcpListener::bind("[::1]:0").unwrap();
        let (began, sources) = (get_hub().now(), get_hub().sources());
        let addresses = [silent.address, silent.address, good.local_addr().unwrap()];
        let client = connect(&addresses[..]).unwrap();
        assert_eq!(client.peer_addr().unwrap(), good.local_addr().unwrap());
        // The other family comes second, whatever stands between.
        assert_eq!(get_hub().now() - began, ms(250));
        drop(client);
        assert_eq!(get_hub().sources(), sources, "what was begun is closed");
    }

    #[cfg(target_os = "linux")]
    fn a_failure_begins_the_next_attempt_at_once() {
        let silent = Silent::new();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let good = TcpListener::bind("127.0.0.1:0").unwrap();
        let began = get_hub().now();
        let addresses = [closed, silent.address, closed, good.local_addr().unwrap()];
        connect(&addresses[..]).unwrap();
        assert_eq!(get_hub().now() - began, ms(250));
        let failed = connect(&[closed, closed][..]).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(get_hub().now() - began, ms(250));
    }

    #[cfg(target_os = "linux")]
    fn however_many_addresses_there_are_32_attempts_are_under_way() {
        let silent = Silent::new();
        let sources = get_hub().sources();
        let addresses = vec![silent.address; 1000];
        let connecting = spawn(#[green] move || connect(&addresses[..]).map(drop));
        sleep(ms(60_000));
        assert_eq!(get_hub().sources() - sources, 32);
        connecting.kill();
        assert_eq!((get_hub().sources(), get_hub().timers()), (sources, 0));
    }

    #[cfg(target_os = "linux")]
    fn a_limit_ends_every_attempt() {
        let silent = Silent::new();
        let (addresses, sources) = ([silent.address; 5], get_hub().sources());
        assert!(with_timeout(ms(1100), || connect(&addresses[..])).is_err());
        assert_eq!((get_hub().sources(), get_hub().timers()), (sources, 0));
    }
}

/// A listener that takes no more connections, and does not refuse them.
#[cfg(target_os = "linux")]
struct Silent {
    address: SocketAddr,
    _held: (TcpListener, Vec<TcpStream>),
}

#[cfg(target_os = "linux")]
impl Silent {
    #[green]
    fn new() -> Silent {
        let listener = ListenOptions::new().backlog(0).listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut held = vec![];
        while let Ok(stream) = TcpStream::connect_timeout(&address, ms(20)) {
            held.push(stream);
            assert!(held.len() < 16, "the queue never fills");
        }
        Silent { address, _held: (listener, held) }
    }
}
