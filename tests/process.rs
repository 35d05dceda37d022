//! Child processes and pipes. The children are programs that every Unix has; where order matters, pipes make it.

#![cfg(unix)]

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use eventlet::green::io::{BufRead, BufReader, Read, Write, pipe, stderr, stdin, stdout};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use eventlet::greenthread::iwait;
use eventlet::signal::{SIGCHLD, SIGTERM, signal};
use eventlet::testing::run_clean;
use eventlet::{green, sleep, spawn, tpool, with_timeout};
use eventlet_tests::{assert_events, ms, note, tests_on_every_hub};

const SIGKILL: i32 = 9;
/// More than any pipe holds.
const MUCH: usize = 1 << 20;
/// Longer than any of these tests should take.
const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// A child with all three pipes.
fn piped(script: &str) -> Child {
    shell(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[green]
fn nap() -> ExitStatus {
    Command::new("sleep").arg("0.5").status().unwrap()
}

tests_on_every_hub! {
    fn children_are_waited_for_side_by_side() {
        let begun = Instant::now();
        let naps = [(); 4].map(|()| spawn(nap));
        let ticks = spawn(#[green] || for _ in 0..10 { sleep(ms(1)) });
        ticks.wait();
        note("others run");
        for nap in naps {
            assert!(nap.wait().success());
        }
        assert_events(["others run"]);
        assert!(begun.elapsed() >= ms(500));
        assert!(begun.elapsed() < ms(2000), "one after the other takes that long");
    }

    fn a_wait_that_timed_out_can_be_repeated() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        assert_eq!(child.wait_timeout(ms(5)).unwrap(), None);
        assert_eq!(child.wait_timeout(Duration::ZERO).unwrap(), None);
        assert!(with_timeout(ms(5), || child.wait()).is_err());
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        let status = child.wait_timeout(LONG).unwrap().unwrap();
        assert_eq!(status.signal(), Some(SIGKILL));
        assert_eq!(child.wait().unwrap(), status);
        assert_eq!(child.try_wait().unwrap(), Some(status));
        child.kill().unwrap();
        child.send_signal(SIGTERM).unwrap();
    }

    fn both_outputs_are_read_at_once_however_much_it_is() {
        let script = format!("head -c {MUCH} /dev/zero >&2; head -c {MUCH} /dev/zero; head -c {MUCH} /dev/zero >&2");
        let output = shell(&script).output().unwrap();
        assert!(output.status.success());
        assert_eq!((output.stdout.len(), output.stderr.len()), (MUCH, 2 * MUCH));
    }

    fn input_and_output_pass_each_other() {
        let input: Vec<u8> = (0..MUCH).map(|n| (n % 251) as u8).collect();
        let output = piped("tee /dev/stderr").communicate(&input).unwrap();
        assert!(output.stdout == input);
        assert!(output.stderr == input);
    }

    fn an_interrupted_communicate_goes_on_and_nothing_is_missing() {
        let input: Vec<u8> = (0..MUCH).map(|n| (n % 251) as u8).collect();
        // It pauses in the middle, for longer than the limit.
        let mut child = piped("echo begin; echo so far >&2; sleep 0.1; cat");
        let expected = [b"begin\n", &input[..]].concat();
        let mut interruptions = 0;
        let mut more = &input[..];
        let output = loop {
            let result = with_timeout(ms(20), || child.communicate(more));
            more = b"";
            match result {
                Ok(output) => break output.unwrap(),
                Err(_) => interruptions += 1,
            }
            let (stdout, _) = child.received();
            assert!(expected.starts_with(stdout));
        };
        assert!(interruptions >= 1);
        assert!(output.stdout == expected);
        assert_eq!(output.stderr, b"so far\n");
        assert_eq!(child.received(), (&b""[..], &b""[..]));
    }

    fn a_process_left_behind_does_not_hold_up_a_limited_call() {
        // The shell ends at once; what it leaves behind keeps the pipes.
        let mut child = piped("echo said; sleep 1000 & echo $! >&2");
        let begun = Instant::now();
        loop {
            assert!(with_timeout(ms(20), || child.communicate(b"")).is_err());
            if child.received().1.ends_with(b"\n") {
                break;
            }
        }
        assert!(begun.elapsed() < LONG);
        assert_eq!(child.received().0, b"said\n");
        assert!(child.wait().unwrap().success(), "the shell itself has ended");
        let left_behind = String::from_utf8(child.received().1.to_vec()).unwrap();
        Command::new("kill").arg(left_behind.trim()).status().unwrap();
        // Now the pipes end.
        assert_eq!(child.communicate(b"").unwrap().stdout, b"said\n");
    }

    fn a_pipe_carries_bytes_between_green_threads() {
        let (mut reader, mut writer) = pipe().unwrap();
        let writing = spawn(#[green] move || {
            for round in 0..4u8 {
                writer.write_all(&vec![round; MUCH / 4]).unwrap();
            }
        });
        let mut bytes = vec![];
        assert_eq!(reader.read_to_end(&mut bytes).unwrap(), MUCH);
        assert!(bytes.is_sorted());
        writing.wait();
    }

    fn a_read_suspends_and_can_be_given_up() {
        let (mut reader, mut writer) = pipe().unwrap();
        let mut buf = [0; 8];
        assert!(with_timeout(ms(1), || reader.read(&mut buf)).is_err());
        writer.write_all(b"late").unwrap();
        assert_eq!(reader.read(&mut buf).unwrap(), 4);
        let another = writer.try_clone().unwrap();
        drop(writer);
        assert!(with_timeout(ms(1), || reader.read(&mut buf)).is_err());
        drop(another);
        assert_eq!(reader.read(&mut buf).unwrap(), 0);
    }
}

#[test]
fn a_program_that_cannot_be_started_is_an_error() {
    #[green]
    fn scenario() {
        assert_eq!(Command::new("/no/such/program").spawn().unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(Command::new("/no/such/program").output().unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(Command::new("/").status().unwrap_err().kind(), ErrorKind::PermissionDenied);
        let error = Command::new("true").current_dir("/no/such/folder").status().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    run_clean(scenario);
}

#[test]
fn exit_codes_and_signals_are_told() {
    #[green]
    fn scenario() {
        assert!(Command::new("true").status().unwrap().success());
        assert_eq!(shell("exit 7").status().unwrap().code(), Some(7));
        let killed = shell("kill -9 $$").status().unwrap();
        assert_eq!((killed.code(), killed.signal()), (None, Some(SIGKILL)));

        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        child.terminate().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGTERM));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert_eq!(child.send_signal(12345).unwrap_err().kind(), ErrorKind::InvalidInput);
        child.send_signal(SIGKILL).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
    }
    run_clean(scenario);
}

#[test]
fn wait_closes_the_input_of_the_child() {
    #[green]
    fn scenario() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(child.wait().unwrap().success());
    }
    run_clean(scenario);
}

#[test]
fn a_killed_waiter_leaves_the_child_to_others() {
    #[green]
    fn scenario() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let shared = eventlet::lock::Mutex::new(child);
        let shared = std::rc::Rc::new(shared);
        let waiter = {
            let shared = shared.clone();
            spawn(
                #[green]
                move || shared.lock().wait(),
            )
        };
        sleep(ms(1));
        waiter.kill();
        drop(input);
        assert!(shared.lock().wait().unwrap().success());
    }
    run_clean(scenario);
}

#[test]
fn children_come_in_the_order_in_which_they_end_and_handlers_of_their_signal_go_on() {
    #[green]
    fn handler() {
        note("a child has ended");
    }

    #[green]
    fn wait_for(mut child: Child) -> u32 {
        let id = child.id();
        assert!(child.wait().unwrap().success());
        id
    }

    #[green]
    fn scenario() {
        let handle = signal(SIGCHLD, handler).unwrap();
        let mut children: Vec<Child> =
            (0..3).map(|_| Command::new("cat").stdin(Stdio::piped()).spawn().unwrap()).collect();
        let mut inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
        let ids: Vec<u32> = children.iter().map(Child::id).collect();
        let waits: Vec<_> = children.into_iter().map(|child| spawn(move || wait_for(child))).collect();
        let mut ended = vec![];
        let mut order = vec![2, 0, 1];
        inputs[order[0]] = None;
        for wait in iwait(waits) {
            ended.push(wait.wait());
            order.remove(0);
            if let Some(next) = order.first() {
                inputs[*next] = None;
            }
        }
        assert_eq!(ended, [ids[2], ids[0], ids[1]]);
        let heard = with_timeout(
            LONG,
            #[green]
            || {
                while eventlet_tests::events().is_empty() {
                    sleep(ms(1));
                }
            },
        );
        assert!(heard.is_ok());
        handle.cancel();
        // Children of other tests end in this process, too: their handlers run to their ends.
        sleep(Duration::ZERO);
    }
    drop(eventlet_tests::events());
    run_clean(scenario);
}

#[test]
fn input_without_a_pipe_is_an_error_and_unwanted_input_is_none() {
    #[green]
    fn scenario() {
        let mut child = Command::new("true").spawn().unwrap();
        assert_eq!(child.communicate(b"text").unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(child.communicate(b"").unwrap().status.success());
        let output = piped("exec true").communicate(&vec![0; MUCH]).unwrap();
        assert!(output.status.success());
    }
    run_clean(scenario);
}

#[test]
fn output_collects_what_was_not_sent_elsewhere() {
    #[green]
    fn scenario() {
        let mut command = shell("cat; echo out; echo err >&2");
        let output = command.output().unwrap();
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
        let output = command.stderr(Stdio::null()).output().unwrap();
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b""[..]));
        let mut from_std = std::process::Command::new("echo");
        from_std.arg("from std");
        assert_eq!(Command::from(from_std).output().unwrap().stdout, b"from std\n");
    }
    run_clean(scenario);
}

#[test]
fn the_builder_is_std_s() {
    #[green]
    fn scenario() {
        let mut command = shell("echo $KEY $OTHER $(pwd)");
        command.env_clear().env("KEY", "value").envs([("OTHER", "more")]).current_dir("/");
        assert_eq!(command.get_program(), "sh");
        assert_eq!(command.get_args().count(), 2);
        assert_eq!(command.get_current_dir(), Some("/".as_ref()));
        assert_eq!(command.output().unwrap().stdout, b"value more /\n");
        command.env_remove("OTHER");
        assert_eq!(command.get_envs().count(), 1);
        assert_eq!(command.into_std().get_args().count(), 2);
        let named = shell("echo $0").arg0("another name").output().unwrap();
        assert!(named.status.success());
    }
    run_clean(scenario);
}

#[test]
fn a_conversation_goes_line_by_line() {
    #[green]
    fn scenario() {
        let mut child = piped("while read line; do echo got $line; done");
        let mut input = child.stdin.take().unwrap();
        let mut answers: BufReader<ChildStdout> = BufReader::new(child.stdout.take().unwrap());
        for word in ["one", "two"] {
            writeln!(input, "{word}").unwrap();
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            note(line.trim());
        }
        drop(input);
        assert_eq!(answers.read_line(&mut String::new()).unwrap(), 0);
        assert!(child.wait().unwrap().success());
        assert_events(["got one", "got two"]);
    }
    run_clean(scenario);
}

#[test]
fn children_are_chained_by_their_pipes() {
    #[green]
    fn scenario() {
        let mut first = Command::new("echo").arg("chained").stdout(Stdio::piped()).spawn().unwrap();
        let mut second = Command::new("cat");
        second.stdin(first.stdout.take().unwrap());
        assert_eq!(second.output().unwrap().stdout, b"chained\n");
        assert!(first.wait().unwrap().success());

        let (mut reader, writer) = pipe().unwrap();
        let mut child = Command::new("echo").arg("into a pipe").stdout(writer).spawn().unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "into a pipe\n");
        child.wait().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn a_pipe_without_a_reader_is_broken_and_ends_go_to_std_and_back() {
    #[green]
    fn scenario() {
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"text").unwrap_err().kind(), ErrorKind::BrokenPipe);

        let (reader, mut writer) = pipe().unwrap();
        let reader = reader.into_std().unwrap();
        let blocked = spawn(move || tpool::execute(move || std::io::read_to_string(reader).unwrap()));
        sleep(ms(1));
        writer.write_vectored(&[std::io::IoSlice::new(b"bl"), std::io::IoSlice::new(b"ocked")]).unwrap();
        let writer = OwnedFd::try_from(writer).unwrap();
        drop(writer);
        assert_eq!(blocked.wait(), "blocked");
    }
    run_clean(scenario);
}

/// The program below reads its stdin; the test is its parent, and says more when it hears that others go on there.
#[test]
fn stdin_is_read_while_others_go_on() {
    const TEST: &str = "stdin_is_read_while_others_go_on";
    const IN_CHILD: &str = "EVENTLET_TEST_READS_STDIN";

    #[green]
    fn child() {
        let mut input = BufReader::new(stdin());
        let reader = spawn(
            #[green]
            move || {
                let mut text = String::new();
                input.read_to_string(&mut text).unwrap();
                text
            },
        );
        sleep(ms(1));
        eprintln!("others go on");
        eprintln!("read {:?}", reader.wait());
    }

    #[green]
    fn parent() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([TEST, "--exact", "--nocapture"]).env(IN_CHILD, "");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert_eq!(line, "others go on\n");
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"some ").unwrap();
        sleep(ms(5));
        input.write_all(b"input").unwrap();
        drop(input);
        line.clear();
        lines.read_line(&mut line).unwrap();
        assert_eq!(line, "read \"some input\"\n");
        assert!(child.wait().unwrap().success());
    }

    if std::env::var_os(IN_CHILD).is_some() { run_clean(child) } else { run_clean(parent) }
}

/// This test again, in a process of its own.
fn again(test: &str, variable: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(variable, "");
    command
}

#[green]
fn next_line(lines: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line
}

/// The program below reads its stdin, with limits that are over in the middle of a line.
#[test]
fn lines_of_stdin_are_whole_whatever_cut_them_off_and_one_thread_at_a_time_reads() {
    const TEST: &str = "lines_of_stdin_are_whole_whatever_cut_them_off_and_one_thread_at_a_time_reads";
    const IN_CHILD: &str = "EVENTLET_TEST_READS_LINES";

    #[green]
    fn child() {
        let mut line = String::new();
        // The lock has the buffer, and gives it back.
        let mut lock = stdin().lock();
        while lock.fill_buf().unwrap() != b"first, " {}
        assert!(with_timeout(ms(1), || lock.read_line(&mut line)).is_err());
        let other = spawn(
            #[green]
            || {
                let mut line = String::new();
                stdin().read_line(&mut line).unwrap();
                line
            },
        );
        sleep(Duration::ZERO);
        assert_eq!((line.as_str(), lock.fill_buf().unwrap()), ("", &b"first, "[..]));
        drop(lock);
        writeln!(stderr(), "cut off").unwrap();
        assert_eq!(other.wait(), "first, whole\n");
        let mut rest = vec![];
        for line in stdin().lines() {
            rest.push(line.unwrap());
        }
        assert_eq!(rest, ["second", "third"]);
        writeln!(stderr(), "all read").unwrap();
    }

    #[green]
    fn parent() {
        let mut command = again(TEST, IN_CHILD);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut input, mut lines) =
            (child.stdin.take().unwrap(), BufReader::new(child.stderr.take().unwrap()));
        input.write_all(b"first, ").unwrap();
        assert_eq!(next_line(&mut lines), "cut off\n");
        input.write_all(b"whole\nsecond\nthird").unwrap();
        drop(input);
        assert_eq!(next_line(&mut lines), "all read\n");
        assert!(child.wait().unwrap().success());
    }

    if std::env::var_os(IN_CHILD).is_some() { run_clean(child) } else { run_clean(parent) }
}

/// The program of the tests below, whose stdout nobody reads at first.
#[green]
fn writes_much() {
    let writer = spawn(
        #[green]
        || stdout().write_all(&[b'x'; MUCH]),
    );
    let behind = spawn(
        #[green]
        || writeln!(stdout(), "{}", ["behind", "it"].join(" ")),
    );
    sleep(ms(1));
    assert!(!writer.is_finished());
    let flags = rustix::fs::fcntl_getfl(std::io::stdout()).unwrap();
    let is_shared_as_it_was = !flags.contains(rustix::fs::OFlags::NONBLOCK);
    writeln!(stderr(), "others go on, and it blocks for others: {is_shared_as_it_was}").unwrap();
    writer.wait().unwrap();
    behind.wait().unwrap();
}

/// What came before `xxx…` is of the test harness.
#[green]
fn reads_much<R: Read>(mut child: Child, mut output: R) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    assert_eq!(next_line(&mut lines), "others go on, and it blocks for others: true\n");
    let mut bytes = vec![];
    output.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(&format!("{}behind it\n", "x".repeat(MUCH))), "{} bytes", text.len());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_pipe_that_is_full_behind_stdout_holds_up_nobody_else() {
    const TEST: &str = "a_pipe_that_is_full_behind_stdout_holds_up_nobody_else";
    const IN_CHILD: &str = "EVENTLET_TEST_FILLS_A_PIPE";

    #[green]
    fn parent() {
        let mut command = again(TEST, IN_CHILD);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        reads_much(child, output);
    }

    if std::env::var_os(IN_CHILD).is_some() { run_clean(writes_much) } else { run_clean(parent) }
}

#[test]
fn a_socket_that_is_full_behind_stdout_holds_up_nobody_else() {
    const TEST: &str = "a_socket_that_is_full_behind_stdout_holds_up_nobody_else";
    const IN_CHILD: &str = "EVENTLET_TEST_FILLS_A_SOCKET";

    #[green]
    fn parent() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut command = again(TEST, IN_CHILD);
        let child = command.stdout(OwnedFd::from(theirs)).stderr(Stdio::piped()).spawn().unwrap();
        // The command has the other end, too.
        drop(command);
        reads_much(child, UnixStream::from(ours));
    }

    if std::env::var_os(IN_CHILD).is_some() { run_clean(writes_much) } else { run_clean(parent) }
}

/// Two hubs of the program below read one stdin that does not block: what one of them was told of, the other takes.
#[test]
fn stdin_that_does_not_block_and_is_shared_is_waited_for_again() {
    const TEST: &str = "stdin_that_does_not_block_and_is_shared_is_waited_for_again";
    const IN_CHILD: &str = "EVENTLET_TEST_SHARES_STDIN";
    const COUNT: usize = 3000;

    #[green]
    fn count_bytes() -> usize {
        let (mut count, mut bytes) = (0, [0; 8]);
        loop {
            match stdin().read(&mut bytes).unwrap() {
                0 => return count,
                read => count += read,
            }
        }
    }

    #[green]
    fn parent() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).unwrap();
        let mut command = again(TEST, IN_CHILD);
        let mut child = command.stdin(reader).stdout(Stdio::null()).spawn().unwrap();
        drop(command);
        for _ in 0..COUNT {
            std::io::Write::write_all(&mut writer, b"x").unwrap();
            std::thread::yield_now();
        }
        drop(writer);
        assert!(child.wait().unwrap().success());
    }

    if std::env::var_os(IN_CHILD).is_some() {
        let counters = [(); 2].map(|()| std::thread::spawn(|| eventlet::run(count_bytes)));
        let counts = counters.map(|counter| counter.join().unwrap());
        assert_eq!(counts.iter().sum::<usize>(), COUNT);
    } else {
        run_clean(parent);
    }
}
