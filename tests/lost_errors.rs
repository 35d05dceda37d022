//! Errors with which green threads end: reported once when nobody can ask for them, and only then.

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;

use eventlet::convenience::ListenOptions;
use eventlet::green::io::Read;
use eventlet::green::net::TcpStream;
use eventlet::greenthread::{Builder, joinall, set_error_hook, spawn_after_local, take_error_hook};
use eventlet::{
    GreenPile, GreenPool, StopServe, connect, green, serve, spawn, spawn_after, spawn_n, with_timeout,
};
use eventlet_tests::{assert_events, give_way, ms, note, virtual_tests};

/// From now on lost errors are events.
fn note_lost_errors() {
    set_error_hook(|lost| note(format!("{} lost {}", lost.function(), lost.error())));
}

#[green]
fn fail(error: &'static str) -> Result<u32, String> {
    give_way();
    Err(error.to_owned())
}

#[green]
fn fail_at_once() -> Result<u32, String> {
    Err("at once".to_owned())
}

#[green]
fn succeed() -> Result<u32, String> {
    give_way();
    Ok(7)
}

/// An error with two sources.
#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the outer one")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the inner one")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// An error that gives back what was refused, and is an `Error` only of what borrows nothing.
struct Rejected<W>(W, Inner);

impl<W> fmt::Debug for Rejected<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected: {:?}", self.1)
    }
}

impl<W> fmt::Display for Rejected<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rejected")
    }
}

impl<W: Any> Error for Rejected<W> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

#[green]
fn first_byte<W: AsRef<[u8]>>(bytes: W) -> Result<u8, Rejected<W>> {
    match bytes.as_ref().first() {
        Some(first) => Ok(*first),
        None => Err(Rejected(bytes, Inner(io::Error::other("empty")))),
    }
}

#[green]
fn fail_with_sources() -> Result<(), Outer> {
    Err(Outer(Inner(io::Error::other("the first one"))))
}

#[green]
fn fail_in_a_box() -> Result<(), Box<dyn Error>> {
    fail_with_sources()?;
    Ok(())
}

/// By an alias, and a part that has no name.
type Answer<T> = Result<T, &'static str>;

#[green]
fn fail_with_an_opaque_value() -> Answer<impl Fn() -> u32> {
    let fails = true;
    if fails {
        return Err("by an alias");
    }
    Ok(|| 1)
}

/// Not `Debug`.
struct Secret;

#[green]
fn fail_in_secret() -> Result<(), Secret> {
    Err(Secret)
}

#[green]
fn fail_of<T: 'static, E: 'static>(error: E) -> Result<T, E> {
    Err(error)
}

#[green]
fn fail_of_shown<E: fmt::Debug + 'static>(error: E) -> Result<(), E> {
    Err(error)
}

/// The error borrows from the argument, so that its type has a lifetime.
#[green]
fn first_word<'a>(line: &'a str) -> Result<(), &'a str> {
    Err(line.split(' ').next().unwrap_or(line))
}

#[green]
fn fail_boxed_inside() -> Result<u32, String> {
    by_box().map_err(|error| format!("{error} inside"))
}

#[green(boxed)]
fn by_box() -> Result<u32, String> {
    Err("a box".to_owned())
}

/// Shows itself by a panic.
struct Explosive;

impl fmt::Debug for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("not shown")
    }
}

#[green]
fn explode() -> Result<(), Explosive> {
    Err(Explosive)
}

/// Waits until all that is ready, and what that wakes, has run.
#[green]
fn settle() {
    for _ in 0..5 {
        give_way();
    }
}

virtual_tests! {
    fn each_way_to_spawn_reports_an_error_that_nobody_waits_for() {
        note_lost_errors();
        spawn_n(|| fail("spawn_n"));
        drop(spawn(|| fail("spawn")));
        drop(spawn_after(ms(1), || fail("spawn_after")));
        drop(spawn_after_local(ms(2), || fail("spawn_after_local")));
        drop(Builder::new().name("n").delay(ms(3)).spawn(|| fail("builder")));
        eventlet::sleep(ms(4));
        let pool = GreenPool::new(2);
        pool.spawn_n(|| fail("pool.spawn_n"));
        drop(pool.spawn(|| fail("pool.spawn")));
        drop(pool.try_spawn(fail_at_once));
        pool.waitall();
        drop(GreenPool::unlimited().try_spawn(|| fail("group")));
        settle();
        assert_events([
            "lost_errors::fail lost \"spawn_n\"",
            "lost_errors::fail lost \"spawn\"",
            "lost_errors::fail lost \"spawn_after\"",
            "lost_errors::fail lost \"spawn_after_local\"",
            "lost_errors::fail lost \"builder\"",
            "lost_errors::fail lost \"pool.spawn_n\"",
            "lost_errors::fail lost \"pool.spawn\"",
            "lost_errors::fail lost \"group\"",
        ]);
    }

    fn an_error_is_reported_when_the_handle_of_the_ended_thread_goes() {
        note_lost_errors();
        let thread = spawn(fail_at_once);
        settle();
        assert_events([]);
        drop(thread);
        assert_events(["lost_errors::fail_at_once lost \"at once\""]);
    }

    fn values_that_are_no_errors_are_not_reported() {
        note_lost_errors();
        spawn_n(|| fail("to be known"));
        spawn_n(succeed);
        drop(spawn(succeed));
        settle();
        assert_events(["lost_errors::fail lost \"to be known\""]);
    }

    fn whoever_takes_the_value_hears_of_the_error_alone() {
        note_lost_errors();
        assert_eq!(spawn(|| fail("waited")).wait(), Err("waited".to_owned()));
        assert_eq!(spawn(|| fail("joined")).join().unwrap(), Err("joined".to_owned()));
        let threads = [spawn(|| fail("one")), spawn(succeed)];
        joinall(&threads);
        drop(threads);
        assert_events([]);
    }

    fn whoever_waits_for_the_end_or_links_for_errors_looks_after_the_thread() {
        note_lost_errors();
        let thread = spawn(|| fail("joined without the value")).thread().clone();
        thread.join().unwrap();
        let linked = spawn(|| fail("linked")).thread().clone();
        linked.link_error(|_, exit| note(exit));
        let other = spawn(|| fail("linked for the end")).thread().clone();
        other.link(|_| note("the end"));
        settle();
        assert_events(["lost_errors::fail lost \"linked for the end\"", "the end"]);
    }

    fn a_detached_thread_may_fail() {
        note_lost_errors();
        spawn(|| fail("detached")).detach();
        let ended = spawn(fail_at_once);
        settle();
        ended.detach();
        assert_events([]);
    }

    fn an_error_is_reported_if_whoever_waited_for_the_value_gave_up() {
        note_lost_errors();
        let thread = spawn(#[green] || -> Result<u32, String> {
            eventlet::sleep(ms(5));
            fail("too late")
        });
        assert!(with_timeout(ms(1), || thread.wait()).is_err());
        eventlet::sleep(ms(10));
        assert_events(["lost_errors::an_error_is_reported_if_whoever_waited_for_the_value_gave_up::scenario lost \"too late\""]);
    }

    fn a_killed_thread_is_no_lost_error() {
        note_lost_errors();
        spawn_n(|| fail("to be known"));
        let killed = spawn(|| fail("never"));
        settle();
        drop(killed);
        let killed = spawn(|| fail("never"));
        killed.kill();
        drop(killed);
        assert_events(["lost_errors::fail lost \"to be known\"", "lost_errors::fail lost \"never\""]);
    }

    fn jobs_of_a_pile_or_a_map_that_nobody_reads_are_reported() {
        note_lost_errors();
        let mut pile = GreenPile::new(2);
        pile.spawn(|| fail("read"));
        pile.spawn(|| fail("unread"));
        assert_eq!(pile.join_next().unwrap().unwrap(), Err("read".to_owned()));
        settle();
        drop(pile);
        let mut results = GreenPool::new(4).imap(fail, ["first", "second"]);
        assert_eq!(results.join_next().unwrap().unwrap(), Err("first".to_owned()));
        settle();
        drop(results);
        assert_events(["lost_errors::fail lost \"unread\"", "lost_errors::fail lost \"second\""]);
    }

    fn a_job_that_its_spawner_runs_in_place_is_reported() {
        note_lost_errors();
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        pool.spawn_n(#[green] move || { inner.spawn_n(|| fail("in place")) });
        settle();
        let events = eventlet_tests::events();
        assert_eq!(events.len(), 1);
        assert!(events[0].ends_with("lost \"in place\""), "{events:?}");
    }

    fn an_error_whose_type_has_a_parameter_is_told_without_its_sources() {
        set_error_hook(|lost| note(format!("{} < {:?}", lost.error(), lost.sources())));
        let text = String::from("a");
        assert_eq!(first_byte(&text[..]).unwrap(), b'a');
        assert_eq!(first_byte(&text[1..]).unwrap_err().0, "");
        spawn_n(|| first_byte(Vec::new()));
        settle();
        assert_events(["rejected: Inner(Custom { kind: Other, error: \"empty\" }) < []"]);
    }

    fn sources_are_told_and_aliases_boxes_and_borrows_seen_through() {
        set_error_hook(|lost| note(format!("{} < {}", lost.error(), lost.sources().join(" < "))));
        spawn_n(fail_with_sources);
        spawn_n(fail_in_a_box);
        drop(spawn(fail_with_an_opaque_value));
        spawn_n(|| fail_of_shown(7_u8));
        spawn_n(|| first_word("lost words"));
        spawn_n(fail_boxed_inside);
        spawn_n(by_box);
        settle();
        assert_events([
            "Outer(Inner(Custom { kind: Other, error: \"the first one\" })) < the inner one < the first one",
            "Outer(Inner(Custom { kind: Other, error: \"the first one\" })) < the inner one < the first one",
            "\"by an alias\" < ",
            "7 < ",
            "\"lost\" < ",
            "\"a box inside\" < ",
            "\"a box\" < ",
        ]);
    }

    fn errors_that_cannot_be_shown_where_they_come_from_are_not_reported() {
        note_lost_errors();
        spawn_n(fail_in_secret);
        spawn_n(|| fail_of::<u8, char>('x'));
        settle();
        assert_events([]);
    }

    fn the_report_names_the_thread_the_function_the_spawn_and_the_error() {
        let told = Rc::new(RefCell::new(String::new()));
        let text = told.clone();
        set_error_hook(move |lost| *text.borrow_mut() = lost.to_string());
        let thread = spawn(|| fail_with_sources());
        thread.set_name("worker");
        let (id, line) = (thread.id(), line!() - 2);
        drop(thread);
        settle();
        let here = "lost_errors::the_report_names_the_thread_the_function_the_spawn_and_the_error::scenario";
        let place = if cfg!(debug_assertions) { format!(" at {}:{line}:", file!()) } else { String::new() };
        let told = told.borrow();
        assert!(told.starts_with(&format!(
            "green thread {id} (worker) ended with an error that nobody can ask for: Outer(Inner(Custom {{ kind: \
             Other, error: \"the first one\" }}))\nnote: caused by: the inner one\nnote: caused by: the first one\n\
             note: it is lost_errors::fail_with_sources, spawned in {here}{place}"
        )), "{told}");
    }

    fn a_panic_of_the_hook_or_of_the_error_harms_nobody() {
        set_error_hook(|lost| {
            note("heard");
            drop(lost.to_string());
            panic!("of the hook");
        });
        spawn_n(fail_at_once);
        spawn_n(explode);
        spawn_n(fail_at_once);
        settle();
        assert_events(["heard", "heard"]);
        assert!(take_error_hook().is_some() && take_error_hook().is_none());
    }

    fn a_hook_may_spawn_what_fails_in_turn() {
        set_error_hook(|lost| {
            note(lost.error());
            if lost.error() == "\"first\"" {
                spawn_n(fail_at_once);
            }
        });
        spawn_n(|| fail("first"));
        settle();
        assert_events(["\"first\"", "\"at once\""]);
    }
}

#[green]
fn handle(mut client: TcpStream, _: std::net::SocketAddr) -> io::Result<()> {
    let mut order = [0];
    client.read_exact(&mut order)?;
    match order[0] {
        b's' => Err(StopServe.into()),
        _ => Err(io::Error::other("an order that is none")),
    }
}

#[green]
fn order(address: std::net::SocketAddr, order: &'static [u8]) {
    use eventlet::green::io::Write;
    let mut client = connect(address).unwrap();
    client.write_all(order).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    while client.read(&mut [0]).is_ok_and(|count| count > 0) {}
}

#[green]
fn serve_and_fail() {
    note_lost_errors();
    let listener = ListenOptions::new().listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(move || serve(listener, handle, 10));
    order(address, b"x");
    order(address, b"");
    order(address, b"s");
    server.wait().unwrap();
    let events = eventlet_tests::events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(
        events[0],
        "lost_errors::handle lost Custom { kind: Other, error: \"an order that is none\" }"
    );
    assert!(
        events[1].starts_with("lost_errors::handle lost") && events[1].contains("UnexpectedEof"),
        "{events:?}"
    );
}

#[test]
fn errors_of_a_handler_are_reported_and_its_wish_to_stop_is_not() {
    eventlet_tests::run_on("default", serve_and_fail);
}

/// Runs a test of this file in a process of its own, and gives what that writes to standard error.
fn stderr_of(test: &str) -> String {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[green]
fn panic_as_told() {
    panic!("as told");
}

#[green]
fn fail_and_panic() {
    drop(Builder::new().name("loser").spawn(fail_at_once));
    let thread = Builder::new().name("worker").spawn(panic_as_told);
    settle();
    assert!(thread.join().is_err());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_fails_and_panics() {
    eventlet::run(fail_and_panic);
}

#[test]
fn standard_error_has_the_lost_errors_and_the_green_threads_that_panic() {
    let said = stderr_of("child_fails_and_panics");
    for part in [
        "eventlet: green thread 2 (loser) ended with an error that nobody can ask for: \"at once\"\n",
        "note: it is lost_errors::fail_at_once",
        "help: wait for its value, or say with `.detach()` that its errors do not matter\n",
        "eventlet: a panic in green thread 3 (worker), which is lost_errors::panic_as_told",
        "as told",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    assert_eq!(said.matches("at once").count(), 1, "{said}");
}
