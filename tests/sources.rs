//! What a short count says of a descriptor, whose a registration is, and who is told what when descriptors are shared,
//! forgotten or given away. On every hub.

#![cfg(target_os = "linux")]

use std::future::Future;
use std::io::{IoSlice, IoSliceMut, Write as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnix;
use std::rc::Rc;
use std::task::{Context, Wake, Waker};

use eventlet::green::io::{PipeReader, PipeWriter, Read, Write, pipe, raw_os_error};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::green::os::unix::net::{UnixDatagram, UnixStream};
use eventlet::green::process::Command;
use eventlet::hubs::{Handle, Interest, Notify, Readiness, get_hub, trampoline};
use eventlet::{Green, green, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, ms, note, tests_on_every_hub};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};

/// What is right comes at once; what is wrong would wait for ever.
const LONG: std::time::Duration = std::time::Duration::from_secs(20);

fn tcp_pair() -> (std::net::TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_nodelay(true).unwrap();
    (listener.accept().unwrap().0, client)
}

/// Waits once, in vain: from here on the hub knows the descriptor.
#[green]
fn register<R: Read>(stream: &mut R) {
    let mut buf = [0; 1];
    assert!(
        with_timeout(
            ms(1),
            #[green]
            || stream.read(&mut buf)
        )
        .is_err()
    );
}

/// Reads so many bytes, in reads that have room for all.
#[green]
fn text_of<R: Read>(mut stream: R, count: usize) -> String {
    let (mut got, mut buf) = (vec![], [0; 4096]);
    while got.len() < count {
        match with_timeout(
            LONG,
            #[green]
            || stream.read(&mut buf),
        ) {
            Ok(Ok(n)) if n > 0 => got.extend_from_slice(&buf[..n]),
            other => panic!("after {:?} came {other:?}", String::from_utf8_lossy(&got)),
        }
    }
    String::from_utf8(got).unwrap()
}

#[green]
fn reads_past_an_urgent_byte(is_inline: bool, expected: &str) {
    let (ours, peer) = tcp_pair();
    socket2::SockRef::from(&ours).set_out_of_band_inline(is_inline).unwrap();
    let mut stream = TcpStream::from_std(ours).unwrap();
    register(&mut stream);
    say(&peer, b"before");
    socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap();
    say(&peer, b"after");
    sleep(ms(5));
    assert_eq!(text_of(stream, expected.len()), expected);
}

#[green]
fn writes_after_many_slices<S: Read + Write>(mut stream: S) {
    register(&mut stream);
    let bytes = [7; 2000];
    let slices: Vec<IoSlice> = bytes.chunks(1).map(IoSlice::new).collect();
    assert_eq!(stream.write_vectored(&slices).unwrap(), 1024);
    let next = with_timeout(
        LONG,
        #[green]
        || stream.write(b"next"),
    );
    assert_eq!(next.unwrap().unwrap(), 4);
}

#[green]
fn reads_after_many_slices<S: Read>(mut stream: S, mut peer: impl std::io::Write) {
    register(&mut stream);
    peer.write_all(&[1; 2000]).unwrap();
    sleep(ms(5));
    let mut bytes = [0; 2000];
    let mut slices: Vec<IoSliceMut> = bytes.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(stream.read_vectored(&mut slices).unwrap(), 1024);
    let mut rest = [0; 2000];
    let next = with_timeout(
        LONG,
        #[green]
        || stream.read(&mut rest),
    );
    assert_eq!(next.unwrap().unwrap(), 976);
}

#[green]
fn read_one(stream: &TcpStream) -> std::io::Result<usize> {
    let mut stream = stream;
    stream.read(&mut [0; 1])
}

/// Writes from outside, which finds room at once.
fn say(mut peer: impl std::io::Write, text: &[u8]) {
    peer.write_all(text).unwrap();
}

fn blocks(fd: impl AsFd) -> bool {
    !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

/// A waker that asks the hub for something when it goes.
struct Nosy;

impl Wake for Nosy {
    fn wake(self: std::sync::Arc<Self>) {}
}

impl Drop for Nosy {
    fn drop(&mut self) {
        get_hub().sources();
    }
}

/// Polls a call once, and forgets it.
fn begin_and_forget<T>(call: Green<impl Future<Output = T>>, waker: &Waker) {
    let mut call = Box::pin(call);
    assert!(call.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    std::mem::forget(call);
}

fn forget_a_wait_for(source: &StdUnix) {
    begin_and_forget(trampoline(source, Interest::READ, None), Waker::noop());
}

fn forget_a_read_of(stream: &UnixStream, waker: &Waker) {
    let (mut stream, mut buf) = (stream, [0; 8]);
    begin_and_forget(stream.read(&mut buf), waker);
}

tests_on_every_hub! {
    fn a_socket_that_std_shares_blocks_again_when_the_last_green_one_of_it_has_gone() {
            let (one, _peer) = StdUnix::pair().unwrap();
            let shared = one.try_clone().unwrap();
            let first = UnixStream::from_std(one).unwrap();
            let second = UnixStream::from_std(shared.try_clone().unwrap()).unwrap();
            let handle = first.try_clone().unwrap();
            assert!(!blocks(&shared));
            drop(first);
            drop(second);
            assert!(!blocks(&shared), "a handle is left");
            drop(handle);
            assert!(blocks(&shared));
            shared.set_nonblocking(true).unwrap();
            drop(UnixStream::from_std(shared.try_clone().unwrap()).unwrap());
            assert!(!blocks(&shared), "it never did");
    }

    fn a_listener_that_std_shares_does_not_block_from_then_on() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = listener.try_clone().unwrap();
        drop(TcpListener::from_std(listener).unwrap());
        assert!(!blocks(&shared));
    }

    fn a_read_that_ends_at_an_urgent_byte_is_not_the_last() {
        reads_past_an_urgent_byte(false, "beforeafter");
        reads_past_an_urgent_byte(true, "before!after");
    }

    fn a_read_that_ends_at_a_passed_descriptor_is_not_the_last() {
        let (ours, mut peer) = StdUnix::pair().unwrap();
        let mut stream = UnixStream::from_std(ours).unwrap();
        register(&mut stream);
        let passed = [peer.as_fd()];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&passed)));
        rustix::net::sendmsg(&peer, &[IoSlice::new(b"with")], &mut ancillary, SendFlags::empty()).unwrap();
        peer.write_all(b"without").unwrap();
        assert_eq!(text_of(stream, 11), "withwithout");
    }

    fn a_read_that_ends_where_another_process_wrote_is_not_the_last() {
        let (ours, mut peer) = StdUnix::pair().unwrap();
        rustix::net::sockopt::set_socket_passcred(&ours, true).unwrap();
        let mut stream = UnixStream::from_std(ours).unwrap();
        register(&mut stream);
        peer.write_all(b"parent").unwrap();
        let theirs = OwnedFd::from(peer.try_clone().unwrap());
        let status = Command::new("printf").arg("child").stdout(theirs).status().unwrap();
        assert!(status.success());
        peer.write_all(b"again").unwrap();
        assert_eq!(text_of(stream, 16), "parentchildagain");
    }

    fn messages_behind_a_stream_come_one_after_the_other() {
        let flags = SocketFlags::CLOEXEC;
        let (ours, peer) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        let (ours, mut peer) = (StdUnix::from(ours), StdUnix::from(peer));
        // Behind the type of another kind of stream as well: std does not look.
        let tcp = std::net::TcpStream::from(OwnedFd::from(ours.try_clone().unwrap()));
        let mut stream = TcpStream::from_std(tcp).unwrap();
        register(&mut stream);
        peer.write_all(b"one").unwrap();
        peer.write_all(b"two").unwrap();
        assert_eq!(text_of(&stream, 6), "onetwo");
        drop(stream);
        let mut stream = UnixStream::from_std(ours).unwrap();
        register(&mut stream);
        peer.write_all(b"three").unwrap();
        peer.write_all(b"four").unwrap();
        assert_eq!(text_of(stream, 9), "threefour");
    }

    fn more_slices_than_one_system_call_takes_are_not_all() {
        let (ours, _peer) = StdUnix::pair().unwrap();
        writes_after_many_slices(UnixStream::from_std(ours).unwrap());
        let (ours, _peer) = tcp_pair();
        writes_after_many_slices(TcpStream::from_std(ours).unwrap());
        let (ours, peer) = StdUnix::pair().unwrap();
        reads_after_many_slices(UnixStream::from_std(ours).unwrap(), peer);
        let (ours, peer) = tcp_pair();
        reads_after_many_slices(TcpStream::from_std(ours).unwrap(), peer);
    }

    fn two_datagrams_that_came_together_are_received_one_after_the_other() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let mut buf = [0; 16];
        assert!(with_timeout(ms(1), #[green] || receiver.recv(&mut buf)).is_err());
        sender.send_to(b"one", to).unwrap();
        sender.send_to(b"second", to).unwrap();
        assert_eq!(with_timeout(LONG, #[green] || receiver.recv(&mut buf)).unwrap().unwrap(), 3);
        assert_eq!(with_timeout(LONG, #[green] || receiver.recv(&mut buf)).unwrap().unwrap(), 6);
    }

    fn a_number_is_registered_anew_while_a_duplicate_of_the_old_one_lives() {
        let (kept, peer) = tcp_pair();
        let first = kept.try_clone().unwrap();
        let mut first = TcpStream::from_std(first).unwrap();
        let number = first.as_raw_fd();
        register(&mut first);
        assert_eq!(get_hub().sources(), 1);
        drop(first);
        assert_eq!(get_hub().sources(), 0);
        // Tests run beside each other, so the number is not always the next one that is free: it is asked for.
        let anew = rustix::io::fcntl_dupfd_cloexec(&kept, number).unwrap();
        let second = TcpStream::from_std(anew.into()).unwrap();
        let reader = spawn(#[green] move || read_one(&second));
        sleep(ms(1));
        say(&peer, b"x");
        assert_eq!(with_timeout(LONG, || reader.join()).unwrap().unwrap().unwrap(), 1);
    }

    fn a_read_that_is_done_before_its_event_comes_leaves_its_place_to_the_next() {
        let (ours, mut theirs) = StdUnix::pair().unwrap();
        let ours = UnixStream::from_std(ours).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut buf = [0; 1];
        {
            let (mut reader, buf) = (&ours, &mut buf);
            let mut read = std::pin::pin!(reader.read(buf));
            assert!(read.as_mut().poll(&mut cx).is_pending());
            theirs.write_all(b"x").unwrap();
            // From now on nobody waits for the hub to look.
            ours.set_nonblocking(true).unwrap();
            assert!(matches!(read.poll(&mut cx), std::task::Poll::Ready(Ok(1))));
        }
        ours.set_nonblocking(false).unwrap();
        let mut reader = &ours;
        assert!(with_timeout(ms(1), || reader.read(&mut buf)).is_err(), "nobody else waits");
    }

    fn a_reader_forgotten_with_a_waker_of_somebody_elses_goes_with_its_stream() {
        let (ours, _theirs) = StdUnix::pair().unwrap();
        let ours = UnixStream::from_std(ours).unwrap();
        forget_a_read_of(&ours, &Waker::from(std::sync::Arc::new(Nosy)));
        drop(ours);
        assert_eq!(get_hub().sources(), 0);
    }

    fn a_clone_of_a_pipe_s_end_that_a_child_gets_does_not_make_ours_block() {
        let (mut reader, writer) = pipe().unwrap();
        let mut ours = writer.try_clone().unwrap();
        let mut child = Command::new("true").stdout(writer).spawn().unwrap();
        child.wait().unwrap();
        assert!(!blocks(&ours));
        // More than a pipe holds: the writer has to suspend.
        let writing = spawn(#[green] move || ours.write_all(&vec![1; 200_000]));
        let mut got = vec![];
        reader.read_to_end(&mut got).unwrap();
        writing.wait().unwrap();
        assert_eq!(got.len(), 200_000);
    }

    fn a_pipe_s_end_that_is_taken_leaves_those_who_share_it_as_they_are() {
        let (reader, writer) = std::io::pipe().unwrap();
        let (kept_reader, kept_writer) = (reader.try_clone().unwrap(), writer.try_clone().unwrap());
        let number = reader.as_raw_fd();
        let mut reader = PipeReader::from_std(reader).unwrap();
        let mut writer = PipeWriter::from_std(writer).unwrap();
        assert_eq!(reader.as_raw_fd(), number);
        assert!(blocks(&kept_reader) && blocks(&kept_writer));
        assert!(!blocks(&reader) && !blocks(&writer));
        writer.write_all(b"through").unwrap();
        let mut buf = [0; 16];
        assert_eq!(reader.read(&mut buf).unwrap(), 7);
        assert!(blocks(&reader.into_std().unwrap()));
        assert!(!blocks(&writer));
    }

    fn a_socket_behind_a_pipe_s_type_is_put_back_as_it_was() {
        let (ours, mut theirs) = StdUnix::pair().unwrap();
        let kept = ours.try_clone().unwrap();
        let mut reader = PipeReader::try_from(OwnedFd::from(ours)).unwrap();
        register(&mut reader);
        // Somebody lets it block: the hub is not blocked.
        kept.set_nonblocking(false).unwrap();
        theirs.write_all(b"x").unwrap();
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 1);
        register(&mut reader);
        drop(reader);
        assert!(blocks(&kept));
    }

    fn a_datagram_socket_that_is_shut_down_gives_what_came_and_then_nothing() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.send(b"last").unwrap();
        let ours = Rc::new(ours);
        ours.shutdown(std::net::Shutdown::Read).unwrap();
        let mut buf = [0; 8];
        assert_eq!(ours.recv(&mut buf).unwrap(), 4);
        assert_eq!(with_timeout(LONG, #[green] || ours.recv(&mut buf)).unwrap().unwrap(), 0);
    }

    fn a_datagram_receiver_that_waits_is_woken_by_a_shutdown() {
        let (ours, _theirs) = UnixDatagram::pair().unwrap();
        let ours = Rc::new(ours);
        let waiting = ours.clone();
        let receiver = spawn(#[green] move || waiting.recv_from(&mut [0; 4]).map(|(count, _)| count));
        sleep(ms(1));
        ours.shutdown(std::net::Shutdown::Read).unwrap();
        assert_eq!(with_timeout(LONG, || receiver.join()).unwrap().unwrap().unwrap(), 0);
    }
}

#[green]
fn forget_a_wait() {
    let (ours, theirs) = StdUnix::pair().unwrap();
    let number = ours.as_raw_fd();
    forget_a_wait_for(&ours);
    drop((ours, theirs));
    sleep(ms(1));
    // A stranger with that number, or a near one: it is waited for as if nothing had been.
    let (near, mut theirs) = StdUnix::pair().unwrap();
    let ours = rustix::io::fcntl_dupfd_cloexec(&near, number).unwrap();
    drop(near);
    let waiter = spawn(
        #[green]
        move || trampoline(&ours, Interest::READ, None),
    );
    sleep(ms(1));
    theirs.write_all(b"x").unwrap();
    with_timeout(LONG, || waiter.join()).unwrap().unwrap().unwrap();
}

/// It stays with the hub, so that this is no test that leaves nothing behind.
#[test]
fn a_wait_that_is_forgotten_leaves_its_number_to_the_next() {
    for hub in ["default", "polling", "poll", "select"] {
        let on_it = move || {
            eventlet::hubs::use_hub(hub).unwrap();
            eventlet::run(forget_a_wait);
        };
        std::thread::spawn(on_it).join().unwrap();
    }
}

/// The limit wakes who waits now, and not who began.
#[test]
fn a_limited_read_may_be_moved_to_another_thread_while_it_waits() {
    for hub in ["default", "polling", "poll", "select"] {
        let on_it = move || {
            eventlet_tests::run_on(hub, || async {
                let (ours, _theirs) = StdUnix::pair().unwrap();
                let mut ours = UnixStream::from_std(ours).unwrap();
                ours.set_read_timeout(Some(ms(20))).unwrap();
                let mut limited = Box::pin(async move { ours.read(&mut [0; 8]).await });
                std::future::poll_fn(|cx| {
                    assert!(limited.as_mut().poll(cx).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
                let reader = spawn(move || limited);
                let read = with_timeout(LONG, || reader.join()).await.unwrap().unwrap();
                assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
            });
        };
        std::thread::spawn(on_it).join().unwrap();
    }
}

#[test]
fn a_signal_that_a_child_gets_before_its_program_is_none_of_ours() {
    use std::cell::Cell;
    use std::os::unix::process::CommandExt;

    use eventlet::signal::{SIGUSR2, signal};
    use rustix::process::{Signal, getpid, kill_process};

    #[green]
    fn count_one(count: Rc<Cell<u32>>) {
        count.set(count.get() + 1);
    }

    eventlet_tests::run_on("default", || async {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let handler = signal(SIGUSR2, move || count_one(counted.clone())).unwrap();
        let mut command = Command::new("true");
        let raise = || Ok(kill_process(getpid(), Signal::USR2)?);
        // SAFETY: between fork and exec this makes two system calls and allocates nothing.
        unsafe { command.as_std_mut().pre_exec(raise) };
        assert!(command.status().await.unwrap().success());
        // Ours comes after the child's in the same queue: when it is there, the other has been refused.
        raise().unwrap();
        while count.get() == 0 {
            sleep(ms(1)).await;
        }
        sleep(ms(2)).await;
        assert_eq!(count.get(), 1);
        handler.cancel();
        eventlet_tests::give_way().await;
    });
}

/// A poller that has no room for anything.
struct Full;

impl eventlet::hubs::Poller for Full {
    fn name(&self) -> &str {
        "full"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn add(&mut self, _: BorrowedFd<'_>, _: usize, _: Interest) -> std::io::Result<()> {
        Err(rustix::io::Errno::NOSPC.into())
    }

    fn modify(&mut self, _: BorrowedFd<'_>, _: usize, _: Interest) -> std::io::Result<()> {
        Ok(())
    }

    fn delete(&mut self, _: BorrowedFd<'_>) -> std::io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: &mut Vec<Readiness>, _: Option<std::time::Duration>) -> std::io::Result<()> {
        Ok(())
    }

    fn notifier(&self) -> std::sync::Arc<dyn Notify> {
        std::sync::Arc::new(Full)
    }
}

impl Notify for Full {
    fn notify(&self) {}
}

#[test]
fn a_descriptor_that_cannot_be_registered_is_refused_alone_and_by_name() {
    eventlet::hubs::use_hub(Full).unwrap();
    eventlet::testing::run_clean(|| async {
        let (ours, mut theirs) = StdUnix::pair().unwrap();
        let mut ours = UnixStream::from_std(ours).unwrap();
        let error = ours.read(&mut [0; 1]).await.unwrap_err();
        let plain = std::io::Error::from(rustix::io::Errno::NOSPC);
        assert_eq!(error.to_string(), format!("cannot register the descriptor with the hub: {plain}"));
        assert_eq!(error.kind(), plain.kind());
        assert_eq!(raw_os_error(&error), plain.raw_os_error());
        assert_eq!(get_hub().sources(), 0);
        // It is of use for what need not wait.
        theirs.write_all(b"x").unwrap();
        assert_eq!(ours.read(&mut [0; 1]).await.unwrap(), 1);
    });
}

#[green]
#[test]
fn what_cannot_be_connected_to_or_listened_at_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let error = TcpListener::bind(address).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen at {address}: ")), "{error}");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    drop(listener);
    let error = TcpStream::connect(address).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot connect to {address}: ")), "{error}");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(raw_os_error(&error), Some(rustix::io::Errno::CONNREFUSED.raw_os_error()));
    let error = UnixStream::connect("/no/such/socket").unwrap_err();
    assert!(error.to_string().starts_with("cannot connect to \"/no/such/socket\": "), "{error}");
}

/// A poller in whose first wait a letter comes from outside.
struct Letterbox(Option<Handle>);

impl eventlet::hubs::Poller for Letterbox {
    fn name(&self) -> &str {
        "letterbox"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn add(&mut self, _: BorrowedFd<'_>, _: usize, _: Interest) -> std::io::Result<()> {
        Ok(())
    }

    fn modify(&mut self, _: BorrowedFd<'_>, _: usize, _: Interest) -> std::io::Result<()> {
        Ok(())
    }

    fn delete(&mut self, _: BorrowedFd<'_>) -> std::io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: &mut Vec<Readiness>, _: Option<std::time::Duration>) -> std::io::Result<()> {
        if let Some(hub) = self.0.take() {
            hub.spawn(|| async { note(format_args!("a letter at {:?}", testing::now())) }).unwrap();
        }
        Ok(())
    }

    fn notifier(&self) -> std::sync::Arc<dyn Notify> {
        std::sync::Arc::new(Full)
    }
}

#[test]
fn virtual_time_does_not_pass_before_mail_that_came_while_the_hub_asked_for_events() {
    eventlet::hubs::use_hub(Letterbox(Some(get_hub().handle()))).unwrap();
    testing::run_virtual(|| async {
        let (ours, _theirs) = StdUnix::pair().unwrap();
        let mut ours = UnixStream::from_std(ours).unwrap();
        let mut buf = [0; 1];
        assert!(with_timeout(ms(5), || ours.read(&mut buf)).await.is_err());
        note(format_args!("over at {:?}", testing::now()));
    });
    assert_events(["a letter at 0ns", "over at 5ms"]);
}
