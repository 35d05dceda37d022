//! What is said at run time, to the word: each message has a section in DIAGNOSTICS.md.
//!
//! What goes to stderr is read from a child process: this program, told by a variable to play one scene.

use std::io;
use std::panic::catch_unwind;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use eventlet::{green, greenthread, sleep, spawn, testing, with_timeout};

/// The text of a panic.
fn panic_of(scene: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = catch_unwind(scene).unwrap_err();
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a panic with a text")).to_owned(),
    }
}

/// The line of this file that ends with a remark.
fn line_of(remark: &str) -> usize {
    let remark = format!("// {remark}");
    let at = include_str!("messages.rs").lines().position(|line| line.ends_with(&remark));
    at.expect("the remark is in this file") + 1
}

/// Plays a scene of this file in a child process, and gives what it wrote to stderr.
fn stderr_of(scene: &str, variable: (&str, &str)) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args([scene, "--exact", "--nocapture", "--test-threads=1"])
        .env("MESSAGES_SCENE", "1")
        .env(variable.0, variable.1)
        .output()
        .expect("the scene can be played");
    String::from_utf8(output.stderr).expect("messages are text")
}

/// Does this process play the scene?
fn is_scene() -> bool {
    std::env::var_os("MESSAGES_SCENE").is_some()
}

#[test]
fn no_hub() {
    thread_local!(static LAST: Last = const { Last(std::cell::OnceCell::new()) });
    struct Last(std::cell::OnceCell<mpsc::Sender<String>>);
    impl Drop for Last {
        fn drop(&mut self) {
            let text = panic_of(|| eventlet::run(|| sleep(Duration::ZERO)));
            let _ = self.0.take().expect("the sender is here").send(text);
        }
    }
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        LAST.with(|last| last.0.set(sender).expect("nobody else set it"));
        eventlet::run(|| sleep(Duration::ZERO));
    });
    thread.join().expect("its panic was caught");
    assert_eq!(
        receiver.recv().expect("the message came"),
        "this OS thread is ending and its hub has ended before it\n\
         note: this ran in the destructor of a thread-local\n\
         help: end what needs green threads before the OS thread ends"
    );
}

#[test]
fn run_inside_run() {
    #[green]
    fn inner() {
        eventlet::run(|| sleep(Duration::ZERO)); // runs inside
    }
    let text = panic_of(|| eventlet::run(inner)); // runs outside
    let (inside, outside) = (line_of("runs inside"), line_of("runs outside"));
    let file = file!();
    assert_eq!(
        text,
        format!(
            "`run` was called inside a green thread\n\
             note: green thread 1 called it, at {file}:{inside}:9\n\
             note: this OS thread's hub runs already, since {file}:{outside}:28\n\
             help: make the call directly from a `#[green]` function, or `spawn` it"
        )
    );
}

#[test]
fn wait_on_itself() {
    #[green]
    fn waits() -> Result<(), eventlet::Exit> {
        greenthread::current().join() // waits for itself
    }
    let line = line_of("waits for itself");
    let text = panic_of(|| drop(eventlet::run(waits)));
    assert_eq!(
        text,
        format!(
            "green thread 1 waits for its own end, which would never come\n\
             note: it waits in green thread 1 at {}:{line}:32\n\
             help: let another green thread wait for it",
            file!()
        )
    );
}

#[test]
fn second_reader() {
    use eventlet::green::io::Read;
    use eventlet::green::net::{TcpListener, TcpStream};
    use std::rc::Rc;

    #[green]
    fn reads(mut stream: &TcpStream) -> io::Result<usize> {
        stream.read(&mut [0]) // reads
    }
    #[green]
    fn test() -> io::Error {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = Rc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let first = stream.clone();
        let first = spawn(
            #[green]
            move || reads(&first),
        );
        sleep(Duration::ZERO);
        let error = reads(&stream).unwrap_err();
        first.kill();
        error
    }
    let text = testing::run_clean(test).to_string();
    let (file, line) = (file!(), line_of("reads"));
    assert_eq!(
        text,
        format!(
            "second simultaneous read on one descriptor\n\
             note: the first waits in green thread 2 at {file}:{line}:16\n\
             note: the second came in green thread 1 at {file}:{line}:16\n\
             help: let one green thread read, and share what it gets through a queue"
        )
    );
}

#[test]
fn deadlock() {
    #[green]
    fn waits() {
        sleep(Duration::MAX);
    }
    #[green]
    fn test() {
        eventlet::GreenPool::new(0).spawn_n(waits); // waits for ever
    }
    let line = line_of("waits for ever");
    let text = panic_of(|| eventlet::run(test));
    let file = file!();
    assert_eq!(
        text,
        format!(
            "deadlock: every green thread waits, and nothing is left that could wake one\n  \
               green thread 1 waits for a free slot of a pool of 0\n      \
                   eventlet::greenpool::GreenPool::spawn_n called at {file}:{line}:37\n      \
                   messages::deadlock::test\n\
             note: there is no timer, no descriptor, no job on another OS thread and no handle or waker elsewhere"
        )
    );
}

#[test]
fn deadlock_in_place() {
    #[green(in_place)]
    fn takes(queue: &eventlet::Queue<u32>) {
        assert!(queue.get().is_err()); // takes in place
    }
    #[green]
    fn test() {
        takes(&eventlet::Queue::unbounded());
    }
    let line = line_of("takes in place");
    let text = panic_of(|| eventlet::run(test));
    let file = file!();
    assert_eq!(
        text,
        format!(
            "deadlock: a call is waited for in place, and nothing is left that could wake it\n  \
               green thread 1 waits for an item of a queue (1 waiting)\n      \
                   eventlet::queue::AnyQueue::get called at {file}:{line}:23\n  \
               green thread 1 runs\n\
             note: the other green threads are not resumed meanwhile, ready or not\n\
             help: make the function that waits `#[green]`, or let nobody else hold what it waits for"
        )
    );
}

#[green]
fn never_run() {}

#[test]
fn undriven_drop() {
    if is_scene() {
        drop(never_run()); // never runs
        // What was driven, what never began, and what a panic drops, is nobody's mistake.
        eventlet::run(|| never_run());
        eventlet::run(|| with_timeout(Duration::ZERO, || sleep(Duration::MAX))).unwrap_err();
        drop(spawn(|| never_run()));
        let thread = spawn(|| sleep(Duration::MAX));
        eventlet::run(|| sleep(Duration::ZERO));
        thread.kill();
        let _ = catch_unwind(|| {
            let _call = never_run();
            std::panic::resume_unwind(Box::new("quietly"));
        });
        return;
    }
    let line = line_of("never runs");
    let text = stderr_of("undriven_drop", ("NOTHING", ""));
    let report = format!(
        "eventlet: a green call was dropped without having run\n\
         note: it was made at {}:{line}:14\n\
         help: make it in a `#[green]` function or closure, or give it to `eventlet::run`\n",
        file!()
    );
    assert_eq!(text, if cfg!(debug_assertions) { report } else { String::new() });
}

#[green]
fn worker(times: u32) {
    for _ in 0..times {
        sleep(Duration::ZERO); // gives way
    }
}

#[green]
fn traced() {
    let thread = spawn(|| worker(2));
    thread.wait(); // waits for the worker
    std::future::ready(()).await;
    Foreign(false).await;
}

/// Waits once, for nothing that eventlet knows of.
struct Foreign(bool);

impl Future for Foreign {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}

#[test]
fn every_switch_is_traced() {
    if is_scene() {
        eventlet::run(traced);
        return;
    }
    let text = stderr_of("every_switch_is_traced", ("EVENTLET_TRACE", "1"));
    let (file, gives_way, waits) = (file!(), line_of("gives way"), line_of("waits for the worker"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            format!(
                "eventlet: green thread 1 suspends in messages::traced at {file}:{waits}:12, \
             and waits for green thread 2 to end"
            ),
            format!(
                "eventlet: green thread 2 suspends in messages::worker at {file}:{gives_way}:9, \
             and waits for its next turn"
            ),
            format!(
                "eventlet: green thread 2 suspends in messages::worker at {file}:{gives_way}:9, \
             and waits for its next turn"
            ),
            "eventlet: green thread 2 ends".to_owned(),
            "eventlet: green thread 1 suspends in messages::traced, and waits for something outside eventlet"
                .to_owned(),
            "eventlet: green thread 1 ends".to_owned(),
        ]
    );
    assert_eq!(stderr_of("every_switch_is_traced", ("EVENTLET_TRACE", "0")), "");
}

#[test]
fn a_test_lists_where_a_call_has_suspended() {
    let points = testing::suspension_points(traced);
    let texts: Vec<String> = points.iter().map(ToString::to_string).collect();
    let file = file!();
    let (in_worker, in_traced) = (line_of("gives way"), line_of("waits for the worker"));
    assert_eq!(
        texts,
        [
            format!("messages::traced at {file}:{in_traced} waits for green thread 2 to end (1×)"),
            format!("messages::worker at {file}:{in_worker} waits for its next turn (2×)"),
            "messages::traced waits for something outside eventlet (1×)".to_owned(),
        ]
    );
    assert!(testing::suspension_points(never_run).is_empty());
}

#[green]
fn computes_between_two_waits() {
    sleep(Duration::from_millis(1)); // it goes on here
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(60) {}
    sleep(Duration::from_millis(1)); // it suspends here
}

#[test]
fn hub_blocked() {
    if is_scene() {
        eventlet::debug::hub_blocking_detection(Some(Duration::from_millis(50)));
        let scene = || async {
            let worker = spawn(computes_between_two_waits);
            worker.set_name("worker");
            worker.wait().await;
        };
        eventlet::run(scene);
        eventlet::debug::hub_blocking_detection(None);
        return eventlet::run(computes_between_two_waits);
    }
    let text = stderr_of("hub_blocked", ("EVENTLET_TRACE", "0"));
    let (from, to) = (line_of("it goes on here"), line_of("it suspends here"));
    let (first, rest) = text.split_once('\n').expect("several lines");
    assert!(first.starts_with("eventlet: green thread 2 (worker) kept the hub for "), "{text}");
    assert_eq!(
        rest,
        format!(
            "note: it went on at {0}:{from}:5\n\
             note: it suspended at {0}:{to}:5\n\
             help: give what computes or blocks to `eventlet::tpool::execute`, \
             or let others run with `sleep(Duration::ZERO)`\n",
            file!()
        )
    );
}
