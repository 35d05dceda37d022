//! Flags, and events beside other things.

use eventlet::event::Flag;
use eventlet::testing::now;
use eventlet::{Event, green, sleep, spawn};

use crate::support::{Log, ms, scenarios, turn};

#[green]
fn wait_flag(name: u32, flag: Flag, log: Log) {
    flag.wait();
    log.add(name);
}

scenarios! {
    fn a_flag_set_and_cleared_at_once_lets_all_waiters_pass() {
        let (flag, log) = (Flag::new(), Log::new());
        for name in 0..100 {
            let (flag, log) = (flag.clone(), log.clone());
            spawn(move || wait_flag(name, flag, log));
        }
        turn();
        flag.set();
        flag.clear();
        assert!(!flag.is_set());
        turn();
        let all: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(log.take(), all);
    }

    fn a_flag_that_is_set_does_not_suspend_who_comes_while_others_are_woken() {
        let (flag, log) = (Flag::new(), Log::new());
        for name in [1, 2] {
            let (flag, log) = (flag.clone(), log.clone());
            spawn(move || wait_flag(name, flag, log));
        }
        turn();
        flag.set();
        wait_flag(3, flag, log.clone());
        turn();
        log.expect(["3", "1", "2"]);
    }

    fn the_end_of_a_thread_can_be_sent_to_an_event() {
        let results: Event<Result<u32, String>> = Event::new();
        let thread = spawn(#[green] || { sleep(ms(5)); 7 });
        let r = results.clone();
        spawn(#[green] move || r.set(thread.join().map_err(|exit| exit.to_string())));
        assert_eq!(results.wait(), Ok(7));
        results.reset();
        let thread = spawn(#[green] || -> u32 { panic!("no result") });
        let r = results.clone();
        spawn(#[green] move || r.set(thread.join().map_err(|exit| exit.to_string())));
        assert_eq!(results.wait(), Err("the green thread panicked: no result".to_owned()));
    }

    fn a_flag_that_was_cleared_waits_again() {
        let (flag, log) = (Flag::new(), Log::new());
        flag.set();
        flag.wait();
        flag.clear();
        let (f, l) = (flag.clone(), log.clone());
        let waiter = spawn(move || wait_flag(1, f, l));
        turn();
        assert_eq!(flag.waiting(), 1);
        assert!(flag.wait_timeout(ms(3)).is_err());
        log.expect([]);
        flag.set();
        waiter.wait();
        log.expect(["1"]);
        assert_eq!(now(), ms(3));
    }

    fn the_tutorials_event() {
        let (flag, log) = (Flag::new(), Log::new());
        let (f, l) = (flag.clone(), log.clone());
        let setter = spawn(#[green] move || {
            l.add("A: Hey wait for me, I have to do something");
            sleep(ms(3000));
            l.add("Ok, I'm done");
            f.set();
        });
        let waiters = [1, 2, 3, 4, 5].map(|_| {
            let (f, l) = (flag.clone(), log.clone());
            spawn(#[green] move || {
                l.add("I'll wait for you");
                f.wait();
                l.add("It's about time");
            })
        });
        setter.wait();
        for waiter in waiters {
            waiter.wait();
        }
        let mut expected = vec!["A: Hey wait for me, I have to do something"];
        expected.extend(["I'll wait for you"; 5]);
        expected.push("Ok, I'm done");
        expected.extend(["It's about time"; 5]);
        assert_eq!(log.take(), expected);
    }
}
