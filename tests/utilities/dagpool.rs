//! Jobs that wait for each other's results.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use eventlet::dagpool::{Collision, DagPool, PropagateError, Results, UnknownKey};
use eventlet::{GreenIterator, green, sleep, spawn, with_timeout};
use eventlet_tests::{Noted, assert_events, ms, note};

type Key = &'static str;
type Failure = PropagateError<Key>;

/// Notes each result as it arrives, and gives their sum.
#[green]
fn observe(key: Key, results: Results<Key, u32>) -> Result<u32, Failure> {
    note(format!("{key} begins"));
    let mut sum = 0;
    for result in results {
        let (name, value) = result?;
        note(format!("{key} got {name}={value}"));
        sum += value;
    }
    note(format!("{key} returns {sum}"));
    Ok(sum)
}

#[green]
fn after(delay: Duration, value: u32) -> Result<u32, Failure> {
    sleep(delay);
    Ok(value)
}

#[green]
fn fails() -> Result<u32, std::num::ParseIntError> {
    "x".parse::<u32>()
}

#[green]
fn panics() -> Result<u32, Failure> {
    panic!("boom");
}

#[green]
fn waits(noted: &'static str) -> Result<u32, Failure> {
    let _noted = Noted(noted);
    sleep(Duration::MAX);
    Ok(0)
}

fn preloaded() -> DagPool<Key, u32> {
    [("a", 1), ("b", 2)].into_iter().collect()
}

/// The causes of an error, outermost first.
fn path(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut path = vec![];
    let mut next = Some(error);
    while let Some(error) = next {
        path.push(error.downcast_ref::<Failure>().map_or(error.to_string(), |error| error.key().to_string()));
        next = error.source();
    }
    path
}

#[eventlet::test]
fn spawn_does_not_switch_and_results_come_in_the_order_of_arrival() {
    let pool = preloaded();
    pool.spawn("total", ["slow", "b", "fast", "a"], observe).unwrap();
    pool.spawn("slow", [], |_, _| after(ms(20), 20)).unwrap();
    pool.spawn("fast", [], |_, _| after(ms(10), 10)).unwrap();
    note("spawned");
    assert_eq!(pool.get(&"total").unwrap(), 33);
    assert_events([
        "spawned",
        "total begins",
        "total got a=1",
        "total got b=2",
        "total got fast=10",
        "total got slow=20",
        "total returns 33",
    ]);
}

#[eventlet::test]
fn a_key_can_be_waited_for_before_anybody_knows_who_brings_it() {
    let pool = DagPool::<Key, u32>::new();
    let copy = pool.clone();
    let reader = spawn(move || async move { copy.get(&"later").await });
    sleep(ms(1));
    pool.post("later", 7).unwrap();
    assert_eq!(reader.wait().unwrap(), 7);
}

#[eventlet::test]
fn a_key_that_has_a_value_or_a_job_collides() {
    let pool = preloaded();
    assert_eq!(pool.spawn("a", [], observe), Err(Collision("a")));
    pool.spawn("job", [], |_, _| after(ms(1), 5)).unwrap();
    assert_eq!(pool.spawn("job", [], observe), Err(Collision("job")));
    assert_eq!(pool.post("job", 1), Err(Collision("job")));
    assert_eq!(pool.replace("job", 1), Err(Collision("job")));
    assert_eq!(pool.get(&"job").unwrap(), 5);
    assert_eq!(pool.spawn("job", [], observe), Err(Collision("job")));
    assert_eq!(pool.post("a", 9).unwrap_err().to_string(), "\"a\" has a value or a job already");
    assert_events([]);
}

#[eventlet::test]
fn a_value_is_replaced_when_asked_and_arrives_once() {
    let pool = preloaded();
    pool.replace("a", 10).unwrap();
    assert_eq!(pool.keys(), ["a", "b"]);
    assert_eq!(pool.get(&"a").unwrap(), 10);
}

#[eventlet::test]
fn a_job_may_post_its_own_value_and_go_on() {
    let pool = DagPool::<Key, u32>::new();
    let copy = pool.clone();
    pool.spawn("early", [], move |key, _| async move {
        copy.post(key, 1).unwrap();
        sleep(ms(10)).await;
        note("still at work");
        Ok::<u32, Failure>(2)
    })
    .unwrap();
    assert_eq!(pool.get(&"early").unwrap(), 1);
    assert_events([]);
    sleep(ms(11));
    assert_eq!(pool.get(&"early").unwrap(), 1);
    assert_events(["still at work"]);
}

#[eventlet::test]
fn spawn_many_starts_a_graph() {
    let pool = DagPool::<Key, u32>::new();
    let graph: [(Key, Vec<Key>); 3] = [("d", vec!["b", "c"]), ("b", vec!["a"]), ("c", vec!["a"])];
    pool.spawn_many(graph, |key, results| observe(key, results)).unwrap();
    assert_eq!((pool.running(), pool.waiting()), (3, 3));
    pool.post("a", 1).unwrap();
    let values = pool.waitall().unwrap();
    assert_eq!(values, HashMap::from([("a", 1), ("b", 1), ("c", 1), ("d", 2)]));
    assert_eq!(pool.running(), 0);
    assert_eq!(pool.keys().last(), Some(&"d"));
    eventlet_tests::events();
}

#[eventlet::test]
fn what_is_there_already_never_suspends() {
    let pool = preloaded();
    let other = spawn(|| async { note("another thread runs") });
    assert_eq!(pool.get(&"a").unwrap(), 1);
    assert_eq!(pool.wait(["a", "b"]).unwrap().len(), 2);
    assert_eq!(pool.wait([]).unwrap().len(), 0);
    note("not suspended");
    other.wait();
    assert_events(["not suspended", "another thread runs"]);
}

#[eventlet::test]
fn a_failure_goes_down_the_graph_and_says_where_it_began() {
    let pool = DagPool::<Key, u32>::new();
    pool.spawn("root", [], |_, _| fails()).unwrap();
    pool.spawn("middle", ["root"], observe).unwrap();
    pool.spawn("leaf", ["middle"], observe).unwrap();
    let error = pool.get(&"leaf").unwrap_err();
    assert_eq!(path(&error), ["leaf", "middle", "root", "invalid digit found in string"]);
    assert_eq!(*error.key(), "leaf");
    // It stays: every reader gets it.
    assert!(pool.get(&"leaf").is_err());
    assert!(pool.waitall().is_err());
    assert_events(["middle begins", "leaf begins"]);
}

#[eventlet::test]
fn a_panic_is_a_failure() {
    let pool = DagPool::<Key, u32>::new();
    pool.spawn("bad", [], |_, _| panics()).unwrap();
    let error = pool.get(&"bad").unwrap_err();
    assert_eq!(error.to_string(), "the job of \"bad\" failed: the green thread panicked: boom");
}

#[eventlet::test]
fn wait_each_gives_all_or_successes_or_failures() {
    let pool = preloaded();
    pool.spawn("bad", [], |_, _| fails()).unwrap();
    pool.spawn("good", [], |_, _| after(ms(1), 4)).unwrap();
    let keys = ["good", "bad", "a"];
    let mut all = vec![];
    let mut results = pool.wait_each(keys);
    while let Some((key, result)) = results.next_result() {
        all.push((key, result.is_ok()));
    }
    assert_eq!(all, [("a", true), ("bad", false), ("good", true)]);
    let mut good = vec![];
    for success in pool.wait_each_success(keys) {
        good.push(success.unwrap());
    }
    assert_eq!(good, [("a", 1), ("good", 4)]);
    let mut failures = pool.wait_each_exception(keys);
    assert_eq!(*failures.next().unwrap().unwrap_err().key(), "bad");
    assert!(failures.next().is_none());
}

#[eventlet::test]
fn a_job_that_has_begun_is_killed_and_its_key_forgotten() {
    // eventlet raises KeyError here.
    let pool = DagPool::<Key, u32>::new();
    pool.spawn("job", [], |_, _| waits("dropped")).unwrap();
    sleep(ms(1));
    pool.kill(&"job").unwrap();
    assert_events(["dropped"]);
    assert_eq!(pool.kill(&"job"), Err(UnknownKey("job")));
    assert!(pool.known_keys().is_empty());
    pool.post("job", 3).unwrap();
    assert_eq!(pool.get(&"job").unwrap(), 3);
}

#[eventlet::test]
fn a_job_that_has_not_begun_is_killed_too_and_readers_wait_for_the_next() {
    let pool = DagPool::<Key, u32>::new();
    pool.spawn("job", [], |_, _| waits("never begins")).unwrap();
    let copy = pool.clone();
    let reader = spawn(move || async move { copy.get(&"job").await });
    pool.kill(&"job").unwrap();
    sleep(ms(1));
    assert!(!reader.is_finished());
    pool.spawn("job", [], |_, _| after(ms(1), 6)).unwrap();
    assert_eq!(reader.wait().unwrap(), 6);
    assert_events([]);
}

#[eventlet::test]
fn waiting_for_tells_what_a_job_misses() {
    let pool = preloaded();
    pool.spawn("job", ["a", "x", "y"], observe).unwrap();
    assert_eq!(pool.waiting_for(&"job").unwrap(), ["x", "y"]);
    assert_eq!(pool.waiting_for_all(), [("job", vec!["x", "y"])]);
    assert_eq!(pool.waiting_for(&"a").unwrap(), Vec::<Key>::new());
    assert_eq!(pool.waiting_for(&"z"), Err(UnknownKey("z")));
    assert_eq!(pool.running_keys(), ["job"]);
    pool.kill(&"job").unwrap();
    assert_events([]);
}

#[eventlet::test]
fn an_interrupted_wait_loses_nothing_and_leaves_nothing() {
    let pool = DagPool::<Key, u32>::new();
    let mut results = pool.wait_each(["a"]);
    assert!(with_timeout(ms(1), || results.next()).is_err());
    pool.post("a", 1).unwrap();
    assert_eq!(results.next().unwrap().unwrap(), ("a", 1));
    assert!(results.next().is_none());
}
