//! Signs of life and other limits, those on time in virtual time.

use std::time::Duration;

use eventlet::socketio::Options;
use eventlet::testing::{now, run_clean, run_virtual};
use eventlet::websocket::{self, CloseCode};
use eventlet::{green, sleep};

use super::{POLLING, Poller, ask, echoes, heard, joined, opened};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_client_is_asked_for_signs_of_life_and_is_gone_without_them() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        let (ws, _) = joined(&site);
        assert_eq!(heard(&ws), "2");
        assert_eq!(now(), 25 * SECOND);
        ws.send("3").unwrap();
        assert_eq!(heard(&ws), "2");
        assert_eq!(now(), 50 * SECOND);
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(now(), 70 * SECOND);
        assert_eq!(*notes.borrow(), ["ping timeout"]);

        let (poller, _) = Poller::join(&site);
        for number in 1..4 {
            assert_eq!(poller.poll(), "2");
            assert_eq!(now(), (70 + 25 * number) * SECOND);
            poller.send("3");
        }
        // An event is no such sign.
        assert_eq!(poller.poll(), "2");
        poller.send("42[\"echo\"]");
        assert_eq!(poller.poll(), "42[\"echo\"]");
        assert_eq!(poller.poll(), "1");
        assert_eq!(now(), 190 * SECOND);
        assert_eq!(*notes.borrow(), ["ping timeout"; 2]);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_sign_of_life_that_was_not_asked_for_by_the_server_is_none() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        let (ws, _) = joined(&site);
        ws.send("2").unwrap();
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(*notes.borrow(), ["transport error"]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn whoever_joins_nothing_in_time_is_closed() {
    #[green]
    fn scenario() {
        let options = Options::new().connect_timeout(10 * SECOND);
        let (site, notes) = echoes(options);
        let (ws, _) = opened(&site);
        let poller = Poller::open(&site);
        let (there, _) = joined(&site);
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(now(), 10 * SECOND);
        assert_eq!(poller.poll(), "1");
        // Whoever has joined something stays, and may leave it.
        there.send("41").unwrap();
        assert_eq!(heard(&there), "2");
        assert_eq!(*notes.borrow(), ["client namespace disconnect"]);
        there.close().unwrap();
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_move_that_is_not_made_in_time_leaves_the_client_polling() {
    #[green]
    fn scenario() {
        let (site, _) = echoes(Options::new());
        let (poller, _) = Poller::join(&site);
        let before = now();
        let ws = poller.websocket();
        ws.send("2probe").unwrap();
        assert_eq!(heard(&ws), "3probe");
        // Polls come back meanwhile, the first at once.
        assert_eq!(poller.poll(), "6");
        assert_eq!(now(), before);
        assert_eq!(poller.poll(), "6");
        assert_eq!(now() - before, Duration::from_millis(100));
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(now() - before, 10 * SECOND);
        poller.send("42[\"echo\"]");
        assert_eq!(poller.poll(), "42[\"echo\"]");
        // What says something else has not moved either.
        for wrong in ["2", "3probe", "5", "42[\"echo\"]"] {
            let ws = poller.websocket();
            ws.send(wrong).unwrap();
            assert_eq!(heard(&ws), "Ok(None)", "{wrong}");
        }
        let ws = poller.websocket();
        ws.send("2probe").unwrap();
        assert_eq!(heard(&ws), "3probe");
        ws.send("5").unwrap();
        ws.send("42[\"echo\",1]").unwrap();
        assert_eq!(heard(&ws), "42[\"echo\",1]");
        ws.close().unwrap();
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn what_is_too_large_is_not_taken() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new().max_payload(1000));
        let (poller, _) = Poller::join(&site);
        let fits = format!("42[\"echo\",\"{}\"]", "x".repeat(1000 - 12));
        assert_eq!(fits.len(), 1001);
        assert_eq!(poller.post(&fits).0, 413);
        let fits = fits.replacen('x', "", 1);
        poller.send(&fits);
        assert_eq!(poller.poll(), fits);
        let (ws, _) = joined(&site);
        ws.send(fits.as_str()).unwrap();
        assert_eq!(heard(&ws), fits);
        ws.send("x".repeat(1001)).unwrap();
        heard(&ws);
        assert_eq!(ws.close_frame().unwrap().code, CloseCode::TOO_LARGE);
        while notes.borrow().is_empty() {
            sleep(Duration::ZERO);
        }
        assert_eq!(*notes.borrow(), ["transport error"]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_client_that_takes_nothing_is_gone_when_too_much_waits_for_it() {
    #[green]
    fn scenario() {
        for options in [Options::new().max_queue(5), Options::new().max_queued_bytes(5 * 40)] {
            let (io, notes) = super::echoing(options);
            let site = eventlet_web_tests::Site::new(eventlet::wsgi::Server::new(), io.clone());
            let (slow, _) = Poller::join(&site);
            let (quick, _) = Poller::join(&site);
            let line = "x".repeat(27);
            for _ in 0..5 {
                io.emit("line", line.as_str());
            }
            let payload = quick.poll();
            assert_eq!(payload.len(), 5 * 40 + 4, "{payload}");
            io.emit("line", "one more");
            assert_eq!(quick.poll(), "42[\"line\",\"one more\"]");
            assert_eq!(slow.get().0, 400);
            assert_eq!(*notes.borrow(), ["transport error"]);
            assert_eq!(io.clients(), 1);
            site.end();
        }
    }
    run_clean(scenario);
}

#[test]
fn clients_namespaces_and_attachments_are_counted() {
    #[green]
    fn scenario() {
        let options = Options::new().max_clients(2).max_namespaces(2).max_attachments(1);
        let (io, notes) = super::echoing(options);
        for name in ["/a", "/b"] {
            io.of(name);
        }
        let site = eventlet_web_tests::Site::new(eventlet::wsgi::Server::new(), io.clone());
        let (ws, _) = joined(&site);
        let (other, _) = joined(&site);
        assert_eq!(ask(site.address, "GET", POLLING, "").0, 503);
        let third = websocket::connect(&format!("ws://{}/?EIO=4&transport=websocket", site.address));
        assert!(matches!(third, Err(websocket::Error::Refused(_))));
        ws.send("40/a").unwrap();
        heard(&ws);
        ws.send("40/b").unwrap();
        assert_eq!(heard(&ws), "44/b,{\"message\":\"Too many namespaces\"}");
        ws.send("41/a").unwrap();
        ws.send("40/b").unwrap();
        assert!(heard(&ws).starts_with("40/b,{\"sid\""));
        ws.send("452-[\"echo\"]").unwrap();
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(notes.borrow().last().unwrap(), "parse error");
        other.close().unwrap();
        while io.clients() > 0 {
            sleep(Duration::ZERO);
        }
        site.end();
    }
    run_clean(scenario);
}
