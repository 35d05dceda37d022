//! Every example whose output is always the same prints what stands in its `.out` file, in which a
//! port that the operating system chose is `PORT`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The examples are built before the tests of their package, beside them: `…/deps/outputs-…`,
/// `…/examples/NAME`.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent).expect("a test stands in the folder of its profile");
    profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn run(name: &str, arguments: &[&str]) -> Output {
    let program = program(name);
    Command::new(&program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", program.display()))
}

#[track_caller]
fn assert_success(name: &str, output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} failed: {}\n{errors}", output.status);
}

#[track_caller]
fn assert_prints_its_out_file(name: &str) {
    let output = run(name, &[]);
    assert_success(name, &output);
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join(name).with_extension("out");
    let expected = std::fs::read_to_string(expected).expect("an example that is compared has an .out file");
    let printed = without_ports(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(printed, expected, "{name} prints something else");
}

fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "127.0.0.1:PORT" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

macro_rules! prints_its_out_file {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                assert_prints_its_out_file(stringify!($name));
            }
        )*
    };
}

prints_its_out_file! {
    five_tasks pool_of_five greeting_server echo_server coroutine foo_bar web_crawler port_forwarder chat_server use_hub
    greenlet_tasks actors async_result determinism event group group_map hi_there locals pool_of_two queue_bounded
    queue_workers semaphore spawning telnet thread_state timeouts two_pollers connect producer_consumer recursive_crawler
    shutdown download_pages downloads wsgi_hello shared_cache tls_echo https_client redis_counter
    dns_lookup websocket_echo websocket_chat server_sent_events socketio_chat daemon
    feed_dispatcher streaming web_proxy long_polling_chat
}

#[test]
fn sync_async_runs_the_first_half_in_order_and_all_of_the_second() {
    let output = run("sync_async", &[]);
    assert_success("sync_async", &output);
    let text = String::from_utf8_lossy(&output.stdout);
    let (first, second) = text.split_once("Asynchronous:\n").expect("two halves");
    let in_order: String = (1..10).map(|n| format!("Task {n} done\n")).collect();
    assert_eq!(first, format!("Synchronous:\n{in_order}"));
    let mut second: Vec<&str> = second.lines().collect();
    second.sort_unstable();
    assert_eq!(second, (0..10).map(|n| format!("Task {n} done")).collect::<Vec<_>>());
}

#[test]
fn network_request_fetches_the_same_pages_twice() {
    let output = run("network_request", &[]);
    assert_success("network_request", &output);
    let text = without_ports(&String::from_utf8_lossy(&output.stdout));
    let (first, second) = text.split_once("Asynchronous:\n").expect("two halves");
    let pages = |half: &str| -> Vec<String> {
        half.lines().filter(|line| line.starts_with("200 ")).map(str::to_owned).collect()
    };
    let in_order: Vec<String> = (1..=4).map(|n| format!("200 http://127.0.0.1:PORT/{n}")).collect();
    assert_eq!(pages(first), in_order);
    let mut second = pages(second);
    second.sort_unstable();
    assert_eq!(second, in_order);
}

#[test]
fn echo_storm_reports_what_it_did() {
    let output = run("echo_storm", &["--clients", "20", "--messages", "5", "--size", "10"]);
    assert_success("echo_storm", &output);
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap_or_else(|| panic!("no {key} in {text}"));
        line.split_whitespace().next().map(str::to_owned)
    };
    assert_eq!(value("connections").as_deref(), Some("20"));
    assert_eq!(value("messages ").as_deref(), Some("100"));
    for key in ["messages per second", "bytes per green thread", "peak memory"] {
        assert!(value(key).is_some());
    }
}

#[test]
fn echo_storm_explains_bad_arguments() {
    for bad in [["--clients", "0"], ["--clients", "many"], ["--size", "2000000"], ["--speed", "9"]] {
        let output = run("echo_storm", &bad);
        assert!(!output.status.success(), "{bad:?} was accepted");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("error:") && errors.contains(bad[0]), "{bad:?}: {errors}");
    }
    let help = run("echo_storm", &["--help"]);
    assert_success("echo_storm --help", &help);
    assert!(String::from_utf8_lossy(&help.stdout).contains("--clients"));
}

#[test]
#[cfg(unix)]
fn echo_storm_says_how_many_descriptors_there_are_when_there_are_too_few() {
    let program = program("echo_storm");
    let script = format!("ulimit -n 200; exec {} --clients 1000", program.display());
    let output = Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("needs 2032 file descriptors, and the process may open 200"), "{errors}");
    assert!(errors.contains("--clients 84"), "{errors}");
}
