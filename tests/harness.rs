//! `#[eventlet::test]`: what makes a test pass and fail.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::{greenthread, hubs, sleep, spawn, testing};
use eventlet_tests::{ms, value_after, wait_with};

#[eventlet::test]
fn time_is_virtual() {
    let started = Instant::now();
    sleep(Duration::from_secs(24 * 3600));
    assert_eq!(testing::now(), Duration::from_secs(24 * 3600));
    assert!(started.elapsed() < Duration::from_secs(3600));
}

#[eventlet::test(real_time)]
fn time_can_be_real() {
    let started = Instant::now();
    sleep(ms(3));
    assert!(started.elapsed() >= ms(3));
}

#[eventlet::test(hub = "select")]
fn a_hub_can_be_chosen() {
    assert_eq!(hubs::get_hub().name(), "select");
}

#[eventlet::test(real_time, hub = "poll")]
fn options_go_together_and_sockets_are_real() -> io::Result<()> {
    let (mut here, mut there) = UnixStream::pair()?;
    let answer = spawn(
        #[eventlet::green]
        move || there.write_all(b"hello"),
    );
    let mut text = String::new();
    here.read_to_string(&mut text)?;
    assert_eq!((text.as_str(), hubs::get_hub().name().as_str()), ("hello", "poll"));
    answer.wait()
}

#[eventlet::test]
fn each_test_has_a_hub_of_its_own() -> Result<(), String> {
    match greenthread::current().id() {
        1 => Ok(()),
        id => Err(format!("this is thread {id} of its hub")),
    }
}

#[eventlet::test(crate = ::eventlet)]
#[should_panic(expected = "there is 1 threads, 1 timers, 0 descriptors")]
fn a_thread_that_is_left_behind_fails_the_test() {
    spawn(|| sleep(ms(1)));
    sleep(Duration::ZERO);
}

#[eventlet::test]
#[should_panic(expected = "a reason of its own")]
fn a_panic_comes_before_what_it_left_behind() {
    spawn(|| wait_with("the end"));
    assert_eq!(value_after(ms(1), 1), 2, "a reason of its own");
}

#[eventlet::test(hub = "no such hub")]
#[should_panic(expected = "the test cannot have the hub `no such hub`")]
fn a_hub_that_is_not_there_fails_the_test() {}

/// Run by the next one.
#[eventlet::test]
#[ignore = "it fails"]
fn fails_with_an_error_and_leaves_a_thread() -> Result<(), String> {
    spawn(|| sleep(ms(1)));
    Err("the reason".to_owned())
}

#[test]
fn an_error_fails_the_test_and_comes_before_what_it_left_behind() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "fails_with_an_error_and_leaves_a_thread", "--ignored"]);
    let ran = command.output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(!ran.status.success());
    assert!(text.contains("Error: \"the reason\""), "{text}");
    assert!(!text.contains("left behind"), "{text}");
    assert!(text.contains("0 passed; 1 failed"), "{text}");
}
