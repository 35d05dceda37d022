//! Timeouts, and the mode that does not wait.

use std::io::ErrorKind;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::{sleep, spawn, with_timeout};
use eventlet_tests::{ms, tests_on_every_hub};

use super::{pattern, read_text, tcp_pair};

tests_on_every_hub! {
    fn a_read_that_takes_too_long_is_timed_out_and_loses_nothing() {
        let (mut one, mut other) = tcp_pair();
        other.set_read_timeout(Some(ms(5))).unwrap();
        assert_eq!(other.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(other.peek(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        one.write_all(b"late").unwrap();
        assert_eq!(read_text(&other, 4), "late");
        assert_eq!(other.read_timeout().unwrap(), Some(ms(5)));
        other.set_read_timeout(None).unwrap();
        assert!(with_timeout(ms(10), #[green] || other.read(&mut [0; 8])).is_err());
    }

    fn a_write_that_takes_too_long_is_timed_out() {
        let (mut one, _other) = tcp_pair();
        one.set_write_timeout(Some(ms(5))).unwrap();
        let error = one.write_all(&pattern(32 << 20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    fn the_limit_of_a_write_is_for_each_wait_and_another_is_for_the_whole() {
        let (mut one, mut other) = tcp_pair();
        one.set_write_timeout(Some(ms(500))).unwrap();
        // Somebody reads now and then: no wait is long, and the whole takes more than a second.
        let reader = spawn(#[green] move || {
            let mut buf = vec![0; 1 << 18];
            loop {
                other.read(&mut buf).unwrap();
                sleep(ms(5));
            }
        });
        let data = vec![0; 64 << 20];
        let begun = std::time::Instant::now();
        let whole = with_timeout(ms(700), #[green] || one.write_all(&data));
        // The limit of a wait was over long ago, if it were one for the whole.
        assert!(whole.is_err());
        assert!(begun.elapsed() >= ms(700));
        reader.kill();
    }

    fn a_timeout_of_zero_is_refused() {
        let (one, _other) = tcp_pair();
        assert_eq!(one.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(one.set_write_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        let address = one.peer_addr().unwrap();
        let error = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    fn timeouts_and_the_nonblocking_mode_can_be_changed_back_and_forth() {
        let (mut one, mut other) = tcp_pair();
        let mut buf = [0; 8];
        other.set_read_timeout(Some(ms(2))).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        other.set_nonblocking(true).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        other.set_nonblocking(false).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        other.set_nonblocking(true).unwrap();
        one.write_all(b"x").unwrap();
        assert_eq!(other.read(&mut buf).unwrap(), 1);
        other.set_nonblocking(false).unwrap();
        other.set_read_timeout(None).unwrap();
        one.write_all(b"y").unwrap();
        assert_eq!(read_text(&other, 1), "y");
    }

    /// recv(0) waits for something to read, and so can time out.
    #[cfg(target_os = "linux")]
    fn a_read_into_nothing_has_the_timeout() {
        let (mut one, mut other) = tcp_pair();
        other.set_read_timeout(Some(ms(5))).unwrap();
        assert_eq!(other.read(&mut []).unwrap_err().kind(), ErrorKind::TimedOut);
        one.write_all(b"x").unwrap();
        assert_eq!(other.read(&mut []).unwrap(), 0);
        assert_eq!(read_text(&other, 1), "x");
    }
}
