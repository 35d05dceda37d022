//! What std's types can do besides reading, writing and waiting: descriptors, options, parking, groups of processes.

#![cfg(target_os = "linux")]

use std::io::{self, ErrorKind};
use std::net as blocking;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use eventlet::green::fs::{self, File};
use eventlet::green::io::{BufRead, BufReader, PipeReader, Read, Write, pipe, stderr};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::green::os::unix::net::{UnixDatagram, UnixStream};
use eventlet::green::process::{Command, Stdio, kill_group};
use eventlet::green::thread;
use eventlet::greenthread::iwait;
use eventlet::{GreenIterator, branch, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, give_way, ms, note, say_after, value_after};

#[eventlet::green]
fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = spawn(move || TcpStream::connect(address));
    let (accepted, _) = listener.accept().unwrap();
    (client.wait().unwrap(), accepted)
}

#[eventlet::test]
fn a_socket_gives_its_descriptor_away_and_takes_one() -> io::Result<()> {
    let (mut here, mut there) = tcp_pair();
    let mut bytes = [0; 2];
    let reader = spawn({
        let mut there = there.try_clone()?;
        #[eventlet::green]
        move || {
            let mut bytes = [0; 2];
            there.read_exact(&mut bytes).map(|()| bytes)
        }
    });
    here.write_all(b"ab")?;
    assert_eq!(&reader.wait()?, b"ab");

    let number = here.as_raw_fd();
    let fd = OwnedFd::from(here);
    assert_eq!(fd.as_raw_fd(), number);
    // It blocks, as std's do.
    assert!(!rustix::fs::fcntl_getfl(&fd)?.contains(rustix::fs::OFlags::NONBLOCK));
    let mut here = TcpStream::from(fd);
    there.write_all(b"cd")?;
    here.read_exact(&mut bytes)?;
    assert_eq!(&bytes, b"cd");

    let raw = here.into_raw_fd();
    assert_eq!(raw, number);
    // SAFETY: `into_raw_fd` has just given this descriptor away, and nobody else knows it.
    let mut here = unsafe { TcpStream::from_raw_fd(raw) };
    here.write_all(b"ef")?;
    there.read_exact(&mut bytes)?;
    assert_eq!(&bytes, b"ef");
    Ok(())
}

#[eventlet::test]
fn a_socket_with_other_handles_gives_another_descriptor_and_they_go_on() -> io::Result<()> {
    let (one, mut peer) = UnixStream::pair()?;
    let mut other = one.try_clone()?;
    let fd = OwnedFd::from(one);
    assert_ne!(fd.as_raw_fd(), other.as_raw_fd());
    let mut third = UnixStream::from(fd);
    let reader = spawn(
        #[eventlet::green]
        move || {
            let mut bytes = [0; 1];
            other.read_exact(&mut bytes).map(|()| bytes)
        },
    );
    give_way();
    peer.write_all(b"x")?;
    assert_eq!(&reader.wait()?, b"x");
    third.write_all(b"y")?;
    let mut bytes = [0; 1];
    peer.read_exact(&mut bytes)?;
    assert_eq!(&bytes, b"y");
    Ok(())
}

#[eventlet::test]
fn pipes_and_files_give_their_descriptors_away_and_go_to_children() -> io::Result<()> {
    let (reader, mut writer) = pipe()?;
    // SAFETY: `into_raw_fd` has just given this descriptor away, and nobody else knows it.
    let mut reader = unsafe { PipeReader::from_raw_fd(reader.into_raw_fd()) };
    writer.write_all(b"x")?;
    let mut bytes = [0; 1];
    reader.read_exact(&mut bytes)?;
    assert_eq!(&bytes, b"x");

    let path = std::env::temp_dir().join(format!("eventlet-std-api-{}", std::process::id()));
    let output = File::create(&path)?;
    assert!(Command::new("echo").arg("to a file").stdout(output).status()?.success());
    // SAFETY: as above.
    let mut file = unsafe { File::from_raw_fd(File::open(&path)?.into_raw_fd()) };
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    assert_eq!(text, "to a file\n");
    assert!(OwnedFd::try_from(file)?.as_raw_fd() > 2);
    fs::remove_file(&path)?;

    let mut shell = Command::new("sh");
    shell.args(["-c", "test -e /proc/self/fd/1"]);
    assert!(shell.stdout(stderr()).status()?.success());
    Ok(())
}

#[eventlet::test]
fn options_that_are_set_are_read() -> io::Result<()> {
    let (stream, _peer) = tcp_pair();
    assert!(!stream.keepalive()?);
    stream.set_keepalive_time(Duration::from_secs(60))?;
    stream.set_keepalive_interval(Duration::from_secs(7))?;
    stream.set_keepalive_retries(3)?;
    let times = (stream.keepalive_time()?, stream.keepalive_interval()?, stream.keepalive_retries()?);
    assert_eq!(times, (Duration::from_secs(60), Duration::from_secs(7), 3));
    assert!(stream.keepalive()?);
    assert_eq!(stream.set_keepalive_time(ms(1)).unwrap_err().kind(), ErrorKind::InvalidInput);
    stream.set_keepalive(false)?;
    assert!(!stream.keepalive()?);

    stream.set_cork(true)?;
    assert!(stream.cork()?);
    stream.set_quickack(true)?;
    assert!(stream.quickack()?);
    stream.set_user_timeout(Some(ms(2500)))?;
    assert_eq!(stream.user_timeout()?, Some(ms(2500)));
    stream.set_tos_v4(0x10)?;
    assert_eq!(stream.tos_v4()?, 0x10);
    stream.set_linger(Some(Duration::from_secs(2)))?;
    assert_eq!(stream.linger()?, Some(Duration::from_secs(2)));
    // No packet filter is here, so that the error says what there is not.
    assert!(stream.original_dst().is_err());

    // The system gives twice what was asked for.
    stream.set_recv_buffer_size(16 << 10)?;
    stream.set_send_buffer_size(8 << 10)?;
    assert_eq!((stream.recv_buffer_size()?, stream.send_buffer_size()?), (32 << 10, 16 << 10));
    let (datagrams, _peer) = UnixDatagram::pair()?;
    datagrams.set_send_buffer_size(8 << 10)?;
    assert_eq!(datagrams.send_buffer_size()?, 16 << 10);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_recv_buffer_size(8 << 10)?;
    assert_eq!(listener.recv_buffer_size()?, 16 << 10);
    Ok(())
}

#[eventlet::test]
fn corked_bytes_go_out_when_the_cork_does() -> io::Result<()> {
    let (mut stream, mut peer) = tcp_pair();
    stream.set_cork(true)?;
    stream.write_all(b"head ")?;
    stream.write_all(b"body")?;
    stream.set_cork(false)?;
    let mut text = [0; 9];
    peer.read_exact(&mut text)?;
    assert_eq!(&text, b"head body");
    Ok(())
}

#[eventlet::test]
fn udp_sockets_share_a_port_if_all_of_them_say_so() -> io::Result<()> {
    let one = UdpSocket::bind_shared("127.0.0.1:0")?;
    let address = one.local_addr()?;
    let other = UdpSocket::bind_shared(address)?;
    assert_eq!(UdpSocket::bind(address).unwrap_err().kind(), ErrorKind::AddrInUse);
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    sender.send_to(b"datagram", address)?;
    // Which of them gets it is the system's choice.
    let receive = |socket: UdpSocket| {
        #[eventlet::green]
        move || socket.recv_from(&mut [0; 16])
    };
    let (one, other) = (spawn(receive(one)), spawn(receive(other)));
    let both = [one.thread().clone(), other.thread().clone()];
    let first = iwait([one, other]).next();
    let (count, from) = first.expect("one of them gets it").wait()?;
    both.map(|thread| thread.kill());
    assert_eq!((count, from), (8, sender.local_addr()?));
    Ok(())
}

#[eventlet::test(real_time)]
fn a_line_from_a_socket_is_whole_whatever_cut_it_off() -> io::Result<()> {
    let (mut stream, peer) = tcp_pair();
    peer.set_read_timeout(Some(ms(1)))?;
    let mut peer = BufReader::new(peer);
    let mut line = String::from("> ");
    stream.write_all(b"first ")?;
    while peer.fill_buf()?.len() < 6 {}
    // The limit of the socket, and that of a call.
    assert_eq!(peer.read_line(&mut line).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(line, "> ");
    assert!(with_timeout(Duration::ZERO, || peer.read_line(&mut line)).is_err());
    assert_eq!((line.as_str(), peer.buffer()), ("> ", &b"first "[..]));
    peer.get_ref().set_read_timeout(None)?;
    stream.write_all(b"line\nsecond")?;
    peer.read_line(&mut line)?;
    assert_eq!(line, "> first line\n");
    Ok(())
}

#[test]
fn a_standard_socket_comes_back_from_another_os_thread() {
    let listener = blocking::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    #[eventlet::green]
    fn connect(address: blocking::SocketAddr) -> OwnedFd {
        TcpStream::connect(address).unwrap().into()
    }
    let fd = std::thread::spawn(move || eventlet::run(|| connect(address)));
    let (mut accepted, _) = listener.accept().unwrap();
    let mut stream = blocking::TcpStream::from(fd.join().unwrap());
    io::Write::write_all(&mut stream, b"x").unwrap();
    let mut bytes = [0; 1];
    io::Read::read_exact(&mut accepted, &mut bytes).unwrap();
    assert_eq!(&bytes, b"x");
}

#[eventlet::green]
fn parks(name: &str) {
    thread::park();
    note(name);
}

#[eventlet::test]
fn a_parked_thread_goes_on_when_it_is_unparked() {
    let one = spawn(|| parks("one"));
    let other = spawn(|| parks("other"));
    give_way();
    assert_events([]);
    other.unpark();
    other.unpark();
    give_way();
    assert_events(["other"]);
    one.unpark();
    one.wait();
    other.unpark();
    assert_events(["one"]);
}

#[eventlet::test]
fn one_unpark_that_comes_first_is_kept_and_several_are_one() {
    let me = thread::current();
    me.unpark();
    me.unpark();
    thread::park();
    assert_eq!(testing::now(), Duration::ZERO);
    thread::park_timeout(ms(5));
    assert_eq!(testing::now(), ms(5));
    // A limit that was over leaves nothing behind, and takes nothing away.
    me.unpark();
    thread::park_timeout(ms(5));
    assert_eq!(testing::now(), ms(5));
    assert!(with_timeout(ms(5), thread::park).is_err());
    me.unpark();
    thread::park();
    assert_eq!(testing::now(), ms(10));
}

#[eventlet::test]
fn an_unpark_reaches_every_branch_that_is_parked() {
    let me = thread::current();
    spawn({
        #[eventlet::green]
        move || {
            say_after(ms(1), "unparked");
            me.unpark();
        }
    });
    branch::join_all([|| parks("a branch"), || parks("a branch")]);
    assert_events(["unparked", "a branch", "a branch"]);
}

#[eventlet::test]
fn a_parked_thread_can_be_killed() {
    let parked = spawn(|| parks("never"));
    give_way();
    parked.kill();
    parked.unpark();
    assert!(parked.join().is_err());
    assert_events([]);
}

#[eventlet::test]
fn threads_in_a_scope_of_std_borrow_and_are_joined() {
    let mut words = vec!["a".to_owned(), "bc".to_owned()];
    let lengths = thread::scope(
        #[eventlet::green]
        |s| {
            let handles = [0, 1].map(|index| {
                let word = &words[index];
                s.spawn(
                    #[eventlet::green]
                    move || {
                        sleep(ms(1));
                        word.len()
                    },
                )
            });
            let [one, two] = handles;
            (one.join().unwrap(), two.join().unwrap())
        },
    );
    words.push(format!("{lengths:?}"));
    assert_eq!(words[2], "(1, 2)");
}

#[eventlet::green]
fn fails_after(delay: Duration) -> u32 {
    sleep(delay);
    panic!("a scoped thread fails, which the test wants");
}

#[eventlet::test]
fn a_panic_in_a_scope_of_std_ends_its_thread_alone() {
    let sum = thread::scope(
        #[eventlet::green]
        |s| {
            let named = thread::Builder::new().name("fails".to_owned());
            let fails = named.spawn_scoped(&s, || fails_after(ms(1))).unwrap();
            let works = s.spawn(|| value_after(ms(5), 7));
            let panic = fails.join().unwrap_err();
            let text = *panic.downcast::<&str>().unwrap();
            works.join().unwrap() + text.len() as u32
        },
    );
    assert_eq!((sum, testing::now()), (7 + 43, ms(5)));
}

#[eventlet::test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_panic_that_nobody_joined_for_comes_out_of_the_scope() {
    thread::scope(
        #[eventlet::green]
        |s| {
            s.spawn(|| fails_after(ms(1)));
            say_after(ms(2), "the body ends");
        },
    );
}

#[eventlet::test]
fn a_panic_of_the_body_waits_for_the_threads() {
    let scope = spawn(
        #[eventlet::green]
        || {
            thread::scope(
                #[eventlet::green]
                |s| {
                    s.spawn(|| say_after(ms(3), "the thread ends"));
                    fails_after(ms(1));
                },
            )
        },
    );
    let exit = scope.join().unwrap_err();
    note(testing::now().as_millis());
    assert!(matches!(exit, eventlet::Exit::Panicked(_)));
    assert_events(["the thread ends", "3"]);
}

#[eventlet::test(real_time)]
fn a_signal_reaches_all_of_a_process_group() -> io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 1000 & sleep 1000 & echo begun; wait"]);
    let mut child = shell.process_group(0).stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let mut line = String::new();
    output.read_line(&mut line)?;
    assert_eq!(child.send_signal_to_group(12345).unwrap_err().kind(), ErrorKind::InvalidInput);
    child.send_signal_to_group(15)?;
    assert!(!child.wait()?.success());
    // The end comes when nobody is left who could write.
    output.read_to_string(&mut line)?;
    assert_eq!(line, "begun\n");
    for everybody in [0, 1, u32::MAX] {
        assert_eq!(kill_group(everybody, 15).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    Ok(())
}

#[eventlet::test(real_time)]
fn a_program_can_take_the_place_of_this_one() -> io::Result<()> {
    const IN_CHILD: &str = "EVENTLET_TEST_EXEC";
    if std::env::var_os(IN_CHILD).is_some() {
        let error = Command::new("/no/such/program").exec();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        return Err(Command::new("echo").arg("in its place").exec());
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["a_program_can_take_the_place_of_this_one", "--exact", "--nocapture"]);
    let output = command.env(IN_CHILD, "").output()?;
    assert!(output.status.success());
    assert!(output.stdout.ends_with(b"in its place\n"), "{:?}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
