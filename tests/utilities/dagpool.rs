//! Jobs with names that wait for each other.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use eventlet::dagpool::{Collision, DagPool, PropagateError, Results, UnknownKey};
use eventlet::{Exit, GreenIterator, green, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, ms, note, virtual_tests};

type Key = &'static str;

/// Notes what arrives, and gives the sum.
#[green]
fn sum(key: Key, results: Results<Key, u32>) -> Result<u32, PropagateError<Key>> {
    note(format!("{key} begins"));
    let mut sum = 0;
    for result in results {
        let (name, value) = result?;
        note(format!("{key} gets {name}"));
        sum += value;
    }
    Ok(sum)
}

#[green]
fn after(delay: Duration, value: u32) -> Result<u32, Infallible> {
    sleep(delay);
    Ok(value)
}

#[green]
fn fails(_key: Key, _results: Results<Key, u32>) -> Result<u32, &'static str> {
    sleep(ms(1));
    Err("out of luck")
}

virtual_tests! {
    fn a_job_begins_at_once_and_gets_results_in_the_order_of_their_arrival() {
        let pool = DagPool::new();
        pool.spawn("total", ["slow", "fast", "posted"], sum).unwrap();
        pool.spawn("slow", [], |_, _| after(ms(20), 20)).unwrap();
        pool.spawn("fast", [], |_, _| after(ms(10), 10)).unwrap();
        note("spawned");
        sleep(ms(5));
        pool.post("posted", 3).unwrap();
        assert_eq!(pool.get(&"total").unwrap(), 33);
        assert_eq!(pool.keys(), ["posted", "fast", "slow", "total"]);
        assert_eq!((pool.running(), testing::now()), (0, ms(20)));
        assert_events(["spawned", "total begins", "total gets posted", "total gets fast", "total gets slow"]);
    }

    fn what_is_there_is_given_without_suspending() {
        let pool: DagPool<Key, u32> = [("a", 1), ("b", 2)].into_iter().collect();
        let other = spawn(#[green] || note("other"));
        assert_eq!(pool.get(&"a").unwrap(), 1);
        assert_eq!(pool.wait(["a", "b"]).unwrap().len(), 2);
        assert_eq!(pool.wait([]).unwrap().len(), 0);
        assert_eq!(pool.waitall().unwrap().len(), 2);
        assert_eq!(pool.try_get(&"a").unwrap().unwrap(), 1);
        assert!(pool.try_get(&"c").is_none());
        note("had all");
        other.wait();
        assert_events(["had all", "other"]);
    }

    fn a_key_may_be_waited_for_before_it_is_known() {
        let pool = DagPool::new();
        let waiter = { let pool = pool.clone(); spawn(#[green] move || pool.get(&"late").unwrap()) };
        assert!(with_timeout(ms(5), || pool.get(&"late")).is_err());
        pool.post("late", 7).unwrap();
        assert_eq!(waiter.wait(), 7);
    }

    fn a_key_that_has_a_value_or_a_job_is_refused() {
        let pool: DagPool<Key, u32> = [("preloaded", 1)].into_iter().collect();
        pool.spawn("job", [], |_, _| after(ms(1), 2)).unwrap();
        for key in ["preloaded", "job"] {
            assert_eq!(pool.spawn(key, [], sum), Err(Collision(key)));
            assert_eq!(pool.post(key, 3), Err(Collision(key)));
        }
        assert_eq!(pool.replace("job", 3), Err(Collision("job")));
        pool.waitall().unwrap();
        assert_eq!(pool.post("job", 3), Err(Collision("job")));
        pool.replace("job", 3).unwrap();
        assert_eq!(pool.get(&"job").unwrap(), 3);
        let others = [("new", vec![]), ("job", vec![]), ("never", vec![])];
        assert_eq!(pool.spawn_many(others, sum), Err(Collision("job")));
        assert_eq!(pool.running_keys(), ["new"]);
        pool.waitall().unwrap();
        assert_events(["new begins"]);
    }

    fn a_job_may_post_its_own_value_and_go_on() {
        let pool = DagPool::new();
        let inner = pool.clone();
        pool.spawn("early", [], #[green] move |key, _| {
            inner.post(key, 1).unwrap();
            sleep(ms(10));
            note("goes on");
            Ok::<u32, Infallible>(2)
        }).unwrap();
        assert_eq!((pool.get(&"early").unwrap(), testing::now()), (1, ms(0)));
        sleep(ms(10));
        assert_eq!(pool.get(&"early").unwrap(), 1);
        assert_events(["goes on"]);
    }

    fn a_failure_goes_down_the_graph() {
        let pool = DagPool::new();
        pool.spawn("root", [], fails).unwrap();
        pool.spawn("middle", ["root"], sum).unwrap();
        pool.spawn("leaf", ["middle"], sum).unwrap();
        pool.spawn("good", [], |_, _| after(ms(2), 2)).unwrap();
        let error = pool.get(&"leaf").unwrap_err();
        let text = r#"the job of "leaf" failed: the job of "middle" failed: the job of "root" failed: out of luck"#;
        assert_eq!(error.to_string(), text);
        assert_eq!(error.source().unwrap().downcast_ref::<PropagateError<Key>>().unwrap().key(), &"middle");
        assert!(pool.waitall().is_err());
        let mut failed = vec![];
        let mut failures = pool.wait_each_exception(["good", "leaf", "root", "middle"]);
        while let Some((key, result)) = failures.next_result() {
            assert!(result.is_err());
            failed.push(key);
        }
        assert_eq!(failed, ["root", "middle", "leaf"]);
        let mut successes = pool.wait_each_success(["good", "leaf", "root", "middle"]);
        assert_eq!(successes.next().unwrap().unwrap(), ("good", 2));
        assert!(successes.next().is_none());
        assert_events(["middle begins", "leaf begins"]);
    }

    fn a_panic_of_a_job_is_the_failure_of_its_key() {
        let pool: DagPool<Key, u32> = DagPool::new();
        pool.spawn("panics", [], #[green] |_, _| -> Result<u32, Infallible> { panic!("on purpose") }).unwrap();
        let error = pool.get(&"panics").unwrap_err();
        assert!(matches!(error.cause().downcast_ref(), Some(Exit::Panicked(_))));
    }

    fn a_killed_job_is_forgotten_whether_it_had_begun_or_not() {
        let pool = DagPool::new();
        pool.spawn("begun", ["nothing"], sum).unwrap();
        sleep(ms(1));
        pool.spawn("not begun", ["nothing"], sum).unwrap();
        for key in ["begun", "not begun"] {
            pool.kill(&key).unwrap();
            assert_eq!(pool.kill(&key), Err(UnknownKey(key)));
        }
        assert_eq!(pool.running(), 0);
        pool.post("begun", 5).unwrap();
        assert_eq!(pool.get(&"begun").unwrap(), 5);
        assert_events(["begun begins"]);
    }

    fn what_a_job_waits_for_can_be_asked() {
        let pool = DagPool::new();
        pool.spawn("job", ["a", "b"], sum).unwrap();
        pool.post("a", 1).unwrap();
        sleep(ms(1));
        assert_eq!(pool.waiting_for(&"job"), Ok(vec!["b"]));
        assert_eq!((pool.waiting(), pool.waiting_for_all()), (1, vec![("job", vec!["b"])]));
        assert_eq!(pool.waiting_for(&"stranger"), Err(UnknownKey("stranger")));
        pool.post("b", 2).unwrap();
        assert_eq!(pool.get(&"job").unwrap(), 3);
        assert_eq!(pool.waiting(), 0);
        assert_events(["job begins", "job gets a", "job gets b"]);
    }
}
