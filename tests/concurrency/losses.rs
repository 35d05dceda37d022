//! What a branch that loses has taken: nothing.

use std::rc::Rc;
use std::time::Duration;

use eventlet::branch::{Race2, race_all};
use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::lock::Mutex;
use eventlet::{Event, Queue, Semaphore, green, join, race, scope, sleep, spawn, testing, with_timeout};
use eventlet_tests::{give_way, ms};

#[eventlet::test]
fn an_item_for_a_loser_goes_to_the_next_in_line() {
    let (queue, stop) = (Queue::unbounded(), Event::new());
    let racer = spawn({
        let (queue, stop) = (queue.clone(), stop.clone());
        #[green]
        move || matches!(race(|| stop.wait(), || queue.get()), Race2::First(()))
    });
    let next = spawn({
        let queue = queue.clone();
        #[green]
        move || queue.get()
    });
    give_way();
    // Both are ready when the racer runs: the getter of the loser was called for the item already.
    queue.put(7).unwrap();
    stop.send(());
    assert!(racer.wait());
    assert_eq!(next.wait(), Ok(7));
}

#[eventlet::test]
fn an_item_stays_in_the_queue_if_nobody_else_waits() {
    let (queue, stop) = (Queue::unbounded(), Event::new());
    let racer = spawn({
        let (queue, stop) = (queue.clone(), stop.clone());
        #[green]
        move || matches!(race(|| stop.wait(), || queue.get()), Race2::First(()))
    });
    give_way();
    queue.put(7).unwrap();
    stop.send(());
    assert!(racer.wait());
    assert_eq!((queue.len(), queue.getting()), (1, 0));
    assert_eq!(queue.try_get(), Ok(7));
}

#[eventlet::test]
fn a_race_over_one_queue_twice_takes_one_item() {
    let queue = Queue::unbounded();
    let racer = spawn({
        let queue = queue.clone();
        #[green]
        move || race(|| queue.get(), || queue.get())
    });
    give_way();
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    assert_eq!(racer.wait(), Race2::First(Ok(1)));
    assert_eq!(queue.try_get(), Ok(2));
}

#[eventlet::test]
fn an_item_that_a_loser_was_to_put_is_not_in() {
    let queue = Queue::bounded(1);
    queue.put(1).unwrap();
    assert_eq!(race(|| queue.put(2), || sleep(ms(1))), Race2::Second(()));
    assert_eq!((queue.get(), queue.len(), queue.putting()), (Ok(1), 0, 0));
}

#[eventlet::test]
fn a_permit_for_a_loser_goes_to_the_next_in_line() {
    let (semaphore, stop) = (Semaphore::new(0), Event::new());
    let racer = spawn({
        let (semaphore, stop) = (semaphore.clone(), stop.clone());
        #[green]
        move || matches!(race(|| stop.wait(), || semaphore.acquire()), Race2::First(()))
    });
    let next = spawn({
        let semaphore = semaphore.clone();
        #[green]
        move || drop(semaphore.acquire())
    });
    give_way();
    semaphore.release();
    stop.send(());
    assert!(racer.wait());
    next.wait();
    assert!(semaphore.try_acquire().is_some());
}

#[eventlet::test]
fn a_lock_that_a_loser_waited_for_is_free_for_the_next() {
    let lock = Rc::new(Mutex::new(0));
    let guard = lock.lock();
    let racer = spawn({
        let lock = lock.clone();
        #[green]
        move || matches!(race(|| lock.lock(), || sleep(ms(1))), Race2::Second(()))
    });
    assert!(racer.wait());
    drop(guard);
    *lock.lock() += 1;
    assert_eq!(*lock.lock(), 1);
}

#[eventlet::test]
fn an_event_stays_sent_for_those_who_did_not_lose() {
    let (a, b) = (Event::new(), Event::new());
    let racer = spawn({
        let (a, b) = (a.clone(), b.clone());
        #[green]
        move || race(|| a.wait(), || b.wait())
    });
    give_way();
    b.send("b");
    a.send("a");
    assert_eq!(racer.wait(), Race2::First("a"));
    assert_eq!((b.wait(), b.waiting()), ("b", 0));
}

#[eventlet::test]
fn a_thread_that_a_loser_joined_goes_on() {
    let thread = spawn(
        #[green]
        || {
            sleep(ms(5));
            5
        },
    );
    let handle = thread.thread().clone();
    assert!(matches!(race(|| handle.join(), || sleep(ms(1))), Race2::Second(())));
    assert_eq!(thread.wait(), 5);
}

#[eventlet::test]
fn every_item_comes_out_once_however_many_races_are_lost() {
    const ITEMS: u32 = 300;
    let queues = [Queue::unbounded(), Queue::unbounded(), Queue::unbounded()];
    let mut got = vec![];
    scope(
        #[green]
        |s| {
            for (queue, delay) in queues.iter().zip([1, 2, 3]) {
                s.spawn(
                    #[green]
                    move || {
                        for n in 0..ITEMS {
                            queue.put(n).unwrap();
                            if n % delay == 0 {
                                give_way();
                            }
                        }
                    },
                );
            }
            while got.len() < 3 * ITEMS as usize {
                // Every third turn is lost on purpose.
                let limit = if got.len() % 3 == 0 { Duration::ZERO } else { ms(1) };
                if let Ok((from, item)) =
                    with_timeout(limit, || race_all(queues.iter().map(|queue| || queue.get())))
                {
                    got.push((from, item.unwrap()));
                }
            }
        },
    );
    for from in 0..3 {
        let items = got.iter().filter(|(queue, _)| *queue == from).map(|(_, item)| *item);
        assert!(items.eq(0..ITEMS), "queue {from} lost or doubled an item");
    }
}

// Sockets, in real time.

#[green]
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (there, here) = join(|| TcpStream::connect(address), || listener.accept());
    (there.unwrap(), here.unwrap().0)
}

#[test]
fn bytes_for_a_loser_are_read_by_the_next() {
    #[green]
    fn scenario() {
        let (mut there, mut here) = pair();
        let mut text = String::new();
        let mut buf = [0; 4];
        for round in 0..50 {
            let stopped = Event::new();
            // The winner is decided at random by the network, and it does not matter.
            let writer = spawn({
                let stopped = stopped.clone();
                #[green]
                move || {
                    there.write_all(b"abcd").unwrap();
                    stopped.send(());
                    there
                }
            });
            let early = match race(|| stopped.wait(), || here.read(&mut buf)) {
                Race2::First(()) => 0,
                Race2::Second(n) => n.unwrap(),
            };
            here.read_exact(&mut buf[early..]).unwrap();
            text.push_str(std::str::from_utf8(&buf).unwrap());
            assert_eq!(text.len(), 4 * (round + 1));
            there = writer.wait();
        }
        assert_eq!(text, "abcd".repeat(50));
    }
    testing::run_clean(scenario);
}

#[test]
fn a_connection_for_a_loser_is_accepted_by_the_next() {
    #[green]
    fn scenario() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(matches!(
            race(
                || listener.accept(),
                #[green]
                || {}
            ),
            Race2::Second(())
        ));
        let (client, lost) = join(|| TcpStream::connect(address), || race(|| sleep(ms(1)), || sleep(ms(2))));
        client.unwrap();
        assert_eq!(lost, Race2::First(()));
        listener.accept().unwrap();
    }
    testing::run_clean(scenario);
}

#[test]
fn a_datagram_for_a_loser_is_received_by_the_next() {
    #[green]
    fn scenario() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let there = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stop = Event::new();
        let mut buf = [0; 16];
        let (lost, ()) = join(
            || race(|| stop.wait(), || here.recv_from(&mut buf)),
            #[green]
            || stop.send(()),
        );
        assert!(matches!(lost, Race2::First(())));
        there.send_to(b"datagram", here.local_addr().unwrap()).unwrap();
        let (n, _) = here.recv_from(&mut buf).unwrap();
        assert_eq!(&buf[..n], b"datagram");
    }
    testing::run_clean(scenario);
}

#[test]
fn both_directions_of_a_socket_may_be_branches() {
    #[green]
    fn echo(from: &mut TcpStream, send: &[u8]) -> Vec<u8> {
        let (mut reader, mut writer) = from.split();
        let mut got = vec![0; send.len()];
        let (sent, read) = join(|| writer.write_all(send), || reader.read_exact(&mut got));
        sent.unwrap();
        read.unwrap();
        got
    }
    #[green]
    fn scenario() {
        let (mut a, mut b) = pair();
        let (ours, theirs) = (vec![1; 300_000], vec![2; 300_000]);
        let got = join(|| echo(&mut a, &ours), || echo(&mut b, &theirs));
        assert!(got.0 == theirs && got.1 == ours);
    }
    testing::run_clean(scenario);
}
