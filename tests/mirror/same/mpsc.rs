//! std's `sync::mpsc`.

use super::std;

use std::sync::mpsc::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, SyncSender, TryRecvError, TrySendError,
    channel, sync_channel,
};
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

same! {
    fn send_all(to: Sender<u32>, from: u32) {
        for n in from..from + 3 {
            to.send(n).unwrap();
            thread::yield_now();
        }
    }

    #[test]
    fn what_each_sender_sends_comes_in_its_order() {
        let (to, from) = channel();
        let other = to.clone();
        thread::spawn(move || send_all(other, 10));
        thread::spawn(move || send_all(to, 20));
        let (mut tens, mut twenties) = (vec![], vec![]);
        for n in from {
            if n < 20 { tens.push(n) } else { twenties.push(n) }
        }
        assert_eq!((tens, twenties), (vec![10, 11, 12], vec![20, 21, 22]));
    }

    #[test]
    fn what_lies_in_a_channel_outlives_the_senders() {
        let (to, from) = channel();
        to.send(1).unwrap();
        to.send(2).unwrap();
        drop(to);
        assert_eq!(from.recv(), Ok(1));
        assert_eq!(from.try_recv(), Ok(2));
        assert_eq!(from.recv(), Err(RecvError));
        assert_eq!(from.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(from.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_value_that_nobody_can_receive_comes_back() {
        let (to, from) = channel();
        drop(from);
        assert_eq!(to.send(1), Err(SendError(1)));
        let (to, from) = sync_channel(1);
        drop(from);
        assert_eq!(to.send(1), Err(SendError(1)));
        assert_eq!(to.try_send(1), Err(TrySendError::Disconnected(1)));
    }

    #[test]
    fn a_receiver_waits_for_no_longer_than_it_is_told() {
        let (to, from) = channel::<u32>();
        let began = Instant::now();
        assert_eq!(from.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
        assert!(began.elapsed() >= SHORT);
        assert_eq!(from.try_recv(), Err(TryRecvError::Empty));
        to.send(7).unwrap();
        assert_eq!(from.recv_timeout(Duration::ZERO), Ok(7));
    }

    #[test]
    fn trying_takes_what_is_there() {
        let (to, from) = channel();
        for n in 0..3 {
            to.send(n).unwrap();
        }
        assert_eq!(from.try_iter().collect::<Vec<u32>>(), [0, 1, 2]);
        assert_eq!(from.try_iter().next(), None);
    }

    fn receive_all(from: Receiver<u32>) -> Vec<u32> {
        let mut got = vec![];
        for n in &from {
            got.push(n);
        }
        for n in from.iter() {
            got.push(100 + n);
        }
        got
    }

    #[test]
    fn a_channel_with_a_bound_makes_senders_wait() {
        let (to, from) = sync_channel(2);
        to.send(1).unwrap();
        to.try_send(2).unwrap();
        assert_eq!(to.try_send(3), Err(TrySendError::Full(3)));
        let receiver = thread::spawn(move || receive_all(from));
        for n in 3..10 {
            to.send(n).unwrap();
        }
        drop(to);
        assert_eq!(receiver.join().unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    fn receive_one(from: Receiver<u32>, got: Sender<u32>) {
        got.send(from.recv().unwrap()).unwrap();
    }

    #[test]
    fn without_room_a_value_goes_from_hand_to_hand() {
        let (to, from) = sync_channel(0);
        assert_eq!(to.try_send(1), Err(TrySendError::Full(1)));
        let (got, told) = channel();
        let receiver = thread::spawn(move || receive_one(from, got));
        to.send(2).unwrap();
        assert_eq!(told.recv(), Ok(2));
        receiver.join().unwrap();
        assert_eq!(to.send(3), Err(SendError(3)));
    }

    fn send_without_room(to: SyncSender<u32>, begins: Sender<()>) -> Result<(), SendError<u32>> {
        begins.send(()).unwrap();
        to.send(5)
    }

    #[test]
    fn a_sender_that_waits_is_told_that_the_receiver_goes() {
        let (to, from) = sync_channel(0);
        let (begins, begun) = channel();
        let sender = thread::spawn(move || send_without_room(to, begins));
        begun.recv().unwrap();
        drop(from);
        assert_eq!(sender.join().unwrap(), Err(SendError(5)));
    }

    #[test]
    fn the_ends_show_themselves() {
        let (to, from) = channel::<u32>();
        assert_eq!(format!("{to:?} {from:?}"), "Sender { .. } Receiver { .. }");
        let (to, _from) = sync_channel::<u32>(1);
        assert_eq!(format!("{to:?}"), "SyncSender { .. }");
    }

    #[test]
    fn what_is_sent_may_borrow() {
        let text = String::from("a b");
        let (to, from) = channel();
        for word in text.split(' ') {
            to.send(word).unwrap();
        }
        assert_eq!((from.recv(), from.recv()), (Ok("a"), Ok("b")));
    }
}
