//! Pools of connections: how many, which one, how old, and what becomes of a dead one.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use eventlet::db_pool::{Builder, ConnectError, ConnectionPool, DatabaseConnector, Target};
use eventlet::tpool::{self, Proxy};
use eventlet::{green, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, ms, note};

/// A connection that notes its end.
#[derive(Debug)]
struct Numbered(u32);

impl Drop for Numbered {
    fn drop(&mut self) {
        note(format!("{} closed", self.0));
    }
}

type Pool = ConnectionPool<Numbered, io::Error>;

#[green]
fn connect(numbers: Rc<Cell<u32>>) -> io::Result<Numbered> {
    let number = numbers.get() + 1;
    numbers.set(number);
    sleep(ms(1));
    Ok(Numbered(number))
}

fn pool(settings: Builder<Numbered>) -> Pool {
    let numbers = Rc::new(Cell::new(0));
    settings.build(move || connect(numbers.clone()))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// One that fails for odd numbers.
#[green]
fn roll_back(connection: Numbered) -> Result<Numbered, &'static str> {
    note(format!("{} rolls back", connection.0));
    sleep(ms(2));
    if connection.0 % 2 == 1 { Err("it is gone") } else { Ok(connection) }
}

#[green]
fn use_one(pool: Pool, name: &'static str) {
    let connection = pool.get().unwrap();
    note(format!("{name} has {}", connection.0));
    sleep(ms(10));
}

#[green]
fn connect_to(target: Target<&'static str>) -> Result<String, ()> {
    Ok(format!("{}@{}/{}", target.credentials.unwrap_or("nobody"), target.host, target.database))
}

#[eventlet::test]
fn connections_are_made_when_needed_and_the_newest_is_lent_first() {
    let pool = pool(Builder::new());
    assert_eq!((pool.len(), pool.free(), pool.max_size()), (0, 4, 4));
    let first = pool.get().unwrap();
    let second = pool.get().unwrap();
    assert_eq!((first.0, second.0, pool.len(), pool.free()), (1, 2, 2, 2));
    drop(first);
    drop(second);
    assert_eq!((pool.len(), pool.idle()), (2, 2));
    assert_eq!(pool.get().unwrap().0, 2);
    assert_eq!(pool.try_get().unwrap().0, 2);
    assert_eq!(testing::now(), ms(2));
}

#[eventlet::test]
fn an_exhausted_connection_pool_makes_getters_wait_in_line() {
    let pool = pool(Builder::new().max_size(1));
    let names = ["a", "b", "c"];
    let threads = names.map(|name| {
        let pool = pool.clone();
        spawn(move || use_one(pool, name))
    });
    sleep(ms(5));
    assert_eq!((pool.waiting(), pool.free(), pool.len()), (2, 0, 1));
    assert!(pool.try_get().is_none());
    threads.map(drop);
    sleep(ms(50));
    assert_events(["a has 1", "b has 1", "c has 1"]);
}

#[eventlet::test]
fn an_idle_connection_is_closed_in_time() {
    let pool = pool(Builder::new().max_idle(seconds(10)).max_age(seconds(30)));
    let first = pool.get().unwrap();
    let second = pool.get().unwrap();
    drop(first);
    sleep(seconds(5));
    drop(second);
    sleep(seconds(6));
    assert_events(["1 closed"]);
    assert_eq!(pool.get().unwrap().0, 2);
    sleep(seconds(11));
    assert_events(["2 closed"]);
    assert!(pool.is_empty());
}

#[eventlet::test]
fn an_old_connection_is_closed_even_if_it_is_used_often() {
    let pool = pool(Builder::new().max_idle(seconds(10)).max_age(seconds(30)));
    for _ in 0..4 {
        assert_eq!(pool.get().unwrap().0, 1);
        sleep(seconds(7));
    }
    sleep(seconds(7));
    assert_events(["1 closed"]);
    let old = pool.get().unwrap();
    sleep(seconds(31));
    assert_events([]);
    drop(old);
    assert_events(["2 closed"]);
    assert_eq!(pool.get().unwrap().0, 3);
}

#[eventlet::test]
fn with_a_time_of_zero_every_connection_is_closed_when_it_comes_back() {
    for settings in [Builder::new().max_idle(Duration::ZERO), Builder::new().max_age(Duration::ZERO)] {
        let pool = pool(settings.max_size(1).min_size(1));
        drop(pool.get().unwrap());
        assert_events(["1 closed"]);
        assert_eq!((pool.len(), pool.free()), (0, 1));
        pool.fill().unwrap();
        assert_events(["2 closed"]);
        drop(pool.get().unwrap());
        assert_events(["3 closed"]);
    }
}

#[eventlet::test]
fn times_beyond_the_clock_close_nothing() {
    let timers = testing::Left::now().timers;
    let pool = pool(Builder::new().max_idle(Duration::MAX).max_age(Duration::MAX));
    drop(pool.get().unwrap());
    assert_eq!(testing::Left::now().timers, timers);
    sleep(seconds(1 << 32));
    assert_eq!(pool.idle(), 1);
}

#[eventlet::test]
fn connections_of_a_pool_that_is_gone_are_closed_and_leave_no_timer() {
    let timers = testing::Left::now().timers;
    let pool = pool(Builder::new());
    let out = pool.get().unwrap();
    drop(pool.get().unwrap());
    drop(pool);
    assert_events([]);
    drop(out);
    assert_events(["2 closed", "1 closed"]);
    sleep(Duration::ZERO);
    assert_eq!(testing::Left::now().timers, timers);
}

#[eventlet::test]
fn filling_makes_the_least_number_and_no_more_than_there_may_be() {
    let pool = pool(Builder::new().min_size(2));
    pool.fill().unwrap();
    assert_eq!((pool.len(), pool.idle()), (2, 2));
    pool.fill().unwrap();
    assert_eq!(pool.len(), 2);
    let small = self::pool(Builder::new().min_size(3).max_size(1));
    small.fill().unwrap();
    assert_eq!(small.len(), 1);
}

#[eventlet::test]
fn a_dead_connection_frees_its_place_and_wakes_the_first_in_line() {
    let pool = pool(Builder::new().max_size(1));
    let dead = pool.get().unwrap();
    let waiter = {
        let pool = pool.clone();
        spawn(move || use_one(pool, "waiter"))
    };
    sleep(ms(1));
    dead.discard();
    waiter.wait();
    assert_events(["1 closed", "waiter has 2"]);
    assert_eq!((pool.len(), pool.idle()), (1, 1));
}

#[eventlet::test]
fn a_cleanup_is_over_before_the_next_one_has_the_connection() {
    let pool = pool(Builder::new().max_size(2).cleanup(roll_back));
    let odd = pool.get().unwrap();
    let even = pool.get().unwrap();
    even.put();
    note("put");
    assert_eq!(pool.idle(), 1);
    drop(odd);
    assert_eq!(pool.len(), 2);
    sleep(ms(5));
    assert_eq!((pool.len(), pool.free()), (1, 2));
    assert_events(["2 rolls back", "put", "1 rolls back", "1 closed"]);
}

#[eventlet::test]
fn a_failed_cleanup_closes_the_connection_and_the_first_in_line_has_a_new_one() {
    let pool = pool(Builder::new().max_size(1).cleanup(roll_back));
    let odd = pool.get().unwrap();
    let waiter = {
        let pool = pool.clone();
        spawn(move || use_one(pool, "waiter"))
    };
    sleep(ms(1));
    drop(odd);
    waiter.wait();
    sleep(ms(5));
    assert_events(["1 rolls back", "1 closed", "waiter has 2", "2 rolls back"]);
}

#[eventlet::test]
fn a_cleanup_that_is_ended_in_the_middle_closes_the_connection() {
    let pool = pool(Builder::new().max_size(1).cleanup(roll_back));
    let connection = pool.get().unwrap();
    assert!(
        with_timeout(
            ms(1),
            #[green]
            move || connection.put()
        )
        .is_err()
    );
    assert_eq!((pool.len(), pool.free()), (0, 1));
    assert_events(["1 rolls back", "1 closed"]);
}

#[eventlet::test]
fn a_cleanup_of_one_put_takes_the_place_of_the_pools() {
    let pool = pool(Builder::new().cleanup(roll_back));
    let mine = #[green]
    |connection: Numbered| {
        note("mine");
        Ok::<_, ()>(connection)
    };
    pool.get().unwrap().put_with(mine);
    let again = pool.get().unwrap();
    assert_eq!(again.0, 1);
    again.put_with(
        #[green]
        |_connection: Numbered| Err("it is gone"),
    );
    assert_eq!((pool.len(), pool.free()), (0, 4));
    assert_events(["mine", "1 closed"]);
}

#[eventlet::test]
fn connections_that_come_back_often_share_one_timer() {
    let pool = pool(Builder::new());
    drop(pool.get().unwrap());
    let timers = testing::Left::now().timers;
    for _ in 0..100 {
        let _pair = (pool.get().unwrap(), pool.get().unwrap());
        sleep(ms(10));
    }
    assert_eq!((pool.idle(), testing::Left::now().timers), (2, timers));
    sleep(seconds(20));
    assert_eq!(pool.idle(), 0);
}

#[eventlet::test]
fn a_cleanup_that_panics_closes_the_connection() {
    let pool = pool(Builder::new().max_size(1).cleanup(|connection: Numbered| async move {
        assert!(connection.0 > 1, "no cleanup today");
        Ok::<_, ()>(connection)
    }));
    drop(pool.get().unwrap());
    sleep(ms(1));
    assert_eq!((pool.len(), pool.free()), (0, 1));
    pool.get().unwrap().put();
    assert_eq!(pool.idle(), 1);
}

#[eventlet::test]
fn connecting_that_takes_too_long_is_an_error_and_frees_the_place() {
    let pool: ConnectionPool<(), io::Error> = Builder::new().max_size(1).build(
        #[green]
        || {
            sleep(Duration::MAX);
            Ok(())
        },
    );
    for _ in 0..2 {
        let error = pool.get().unwrap_err();
        assert!(matches!(error, ConnectError::TimedOut(timeout) if timeout.limit() == seconds(5)));
        assert_eq!(error.to_string(), "connecting timed out after 5s");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    }
    assert_eq!((testing::now(), pool.free()), (seconds(10), 1));
}

#[eventlet::test]
fn connecting_that_fails_is_the_error_of_the_driver_and_frees_the_place() {
    let pool: ConnectionPool<(), io::Error> = ConnectionPool::new(
        #[green]
        || Err(io::Error::new(io::ErrorKind::ConnectionRefused, "nobody is there")),
    );
    let error = pool.get().unwrap_err();
    assert_eq!(error.to_string(), "nobody is there");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::ConnectionRefused);
    assert!(pool.fill().is_ok());
    assert_eq!((pool.len(), pool.free()), (0, 4));
}

#[eventlet::test]
fn a_getter_that_is_ended_leaves_the_line() {
    let pool = pool(Builder::new().max_size(1));
    let held = pool.get().unwrap();
    assert!(with_timeout(ms(1), || pool.get()).is_err());
    assert_eq!(pool.waiting(), 0);
    drop(held);
    assert_eq!(pool.get().unwrap().0, 1);
    pool.clear();
    // Ended while it connects.
    assert!(with_timeout(Duration::ZERO, || pool.get()).is_err());
    assert_eq!((pool.free(), pool.get().unwrap().0), (1, 3));
}

#[eventlet::test]
fn clearing_closes_what_is_idle_and_what_is_out_comes_back() {
    let pool = pool(Builder::new());
    let out = pool.get().unwrap();
    drop(pool.get().unwrap());
    pool.clear();
    assert_events(["2 closed"]);
    assert_eq!(pool.len(), 1);
    drop(out);
    assert_eq!(pool.idle(), 1);
}

#[eventlet::test]
fn a_blocking_driver_is_used_through_a_proxy() {
    let pool = ConnectionPool::new(
        #[green]
        || Ok::<_, ()>(Proxy::new(tpool::execute(Vec::<&'static str>::new))),
    );
    let connection = pool.get().unwrap();
    connection.call(|rows| rows.push("row"));
    connection.put();
    assert_eq!(pool.get().unwrap().with(|rows| rows.len()), 1);
    tpool::killall();
}

#[eventlet::test]
fn each_database_has_a_pool_and_each_host_its_credentials() {
    let plain = DatabaseConnector::new(Builder::new(), connect_to);
    assert_eq!(*plain.get("a", "x").get().unwrap(), "nobody@a/x");
    let databases = DatabaseConnector::new(Builder::new().max_size(1), connect_to)
        .with_credentials("a", "admin")
        .with_default_credentials("reader");
    let connection = databases.get("a", "x").get().unwrap();
    assert_eq!(*connection, "admin@a/x");
    assert_eq!((databases.get("a", "x").free(), databases.get("a", "y").free()), (0, 1));
    assert_eq!(*databases.get("b", "x").get().unwrap(), "reader@b/x");
    assert!(!format!("{databases:?}").contains("admin"));
}

#[test]
fn a_connection_that_is_out_when_its_hub_ends_is_closed() {
    type Shared = ConnectionPool<Arc<()>, Infallible>;

    #[green]
    fn hold(pool: Shared) {
        let _connection = pool.get().unwrap();
        sleep(Duration::MAX);
    }

    #[green]
    fn leave(pool: Shared) {
        let idle = pool.get().unwrap();
        let holder = pool.clone();
        spawn(move || hold(holder));
        sleep(ms(1));
        drop(idle);
        assert_eq!(pool.len(), 2);
    }

    for has_cleanup in [false, true] {
        let connection = Arc::new(());
        let remote = connection.clone();
        let thread = std::thread::spawn(move || {
            let settings = Builder::new();
            let settings = if has_cleanup { settings.cleanup(keep) } else { settings };
            let pool = settings.build(move || std::future::ready(Ok(remote.clone())));
            eventlet::run(move || leave(pool));
        });
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&connection), 1);
    }
}

#[green]
fn keep(connection: Arc<()>) -> Result<Arc<()>, Infallible> {
    sleep(Duration::ZERO);
    Ok(connection)
}

#[eventlet::test]
fn a_connection_that_the_check_refuses_is_not_lent_again() {
    let is_down = Rc::new(Cell::new(false));
    let check = {
        let is_down = is_down.clone();
        move |connection: &Numbered| connection.0 != 1 && !is_down.get()
    };
    let pool = pool(Builder::new().max_size(2).check(check).cleanup(roll_back));
    // On the way back: without the cleanup, and without a thread for it.
    drop(pool.get().unwrap());
    assert_events(["1 closed"]);
    assert_eq!((pool.len(), pool.free()), (0, 2));
    let second = pool.get().unwrap();
    second.put();
    assert_eq!(pool.idle(), 1);
    assert_events(["2 rolls back"]);
    // And one that was idle meanwhile.
    is_down.set(true);
    assert!(pool.try_get().is_none());
    assert_events(["2 closed"]);
    let third = pool.get().unwrap();
    third.put_with(roll_back);
    assert_events(["3 closed"]);
    assert_eq!((pool.len(), pool.free()), (0, 2));
}

#[eventlet::test]
fn with_a_check_on_return_a_connection_is_looked_at_once_a_loan() {
    let is_down = Rc::new(Cell::new(false));
    let look = {
        let is_down = is_down.clone();
        move |connection: &Numbered| {
            note(format!("{} looked at", connection.0));
            !is_down.get()
        }
    };
    let is_settled = |connection: &Numbered| {
        note(format!("{} asked", connection.0));
        connection.0 != 2
    };
    let pool = pool(Builder::new().max_size(1).check(look).check_on_return(is_settled).clone());
    drop(pool.get().unwrap());
    assert_events(["1 asked"]);
    drop(pool.get().unwrap());
    pool.try_get().unwrap().put();
    assert_events(["1 looked at", "1 asked", "1 looked at", "1 asked"]);
    // One that is dead is kept until somebody wants it, and given to nobody.
    let lent = pool.get().unwrap();
    is_down.set(true);
    drop(lent);
    assert_eq!(pool.idle(), 1);
    assert_events(["1 looked at", "1 asked"]);
    drop(pool.get().unwrap());
    assert_events(["1 looked at", "1 closed", "2 asked", "2 closed"]);
    pool.get().unwrap().put_with(roll_back);
    assert_events(["3 asked", "3 rolls back", "3 closed"]);
    assert_eq!((pool.len(), pool.free()), (0, 1));
}
