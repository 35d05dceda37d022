//! std's `thread`.

use super::std;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

std::thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(7) };
    /// What has been said.
    static SAID: RefCell<Vec<&'static str>> = RefCell::new(vec!["at first"])
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

same! {
    fn double(n: u32) -> u32 {
        thread::yield_now();
        2 * n
    }

    #[test]
    fn joining_gives_what_the_thread_gave() {
        let handle = thread::spawn(|| double(21));
        assert_eq!(handle.join().unwrap(), 42);
    }

    fn fail(with: u32) {
        if with == 0 {
            panic!("a text");
        }
        std::panic::panic_any(with);
    }

    #[test]
    fn joining_gives_what_the_thread_panicked_with() {
        let ended = thread::spawn(|| fail(0)).join();
        assert_eq!(ended.unwrap_err().downcast_ref::<&str>(), Some(&"a text"));
        let ended = thread::spawn(|| fail(7)).join();
        assert_eq!(*ended.unwrap_err().downcast::<u32>().unwrap(), 7);
    }

    fn wait_for(flag: Arc<AtomicBool>) {
        while !flag.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }

    #[test]
    fn a_thread_is_finished_when_it_has_ended() {
        let flag = Arc::new(AtomicBool::new(false));
        let handle = thread::spawn({
            let flag = flag.clone();
            move || wait_for(flag)
        });
        assert!(!handle.is_finished());
        flag.store(true, Ordering::SeqCst);
        while !handle.is_finished() {
            thread::yield_now();
        }
        handle.join().unwrap();
    }

    fn own_name() -> Option<String> {
        thread::yield_now();
        thread::current().name().map(|name| name.to_string())
    }

    #[test]
    fn a_builder_names_its_thread() {
        let handle = thread::Builder::new().name("a name".into()).stack_size(1 << 20).spawn(own_name).unwrap();
        let name = handle.thread().name().map(|name| name.to_string());
        assert_eq!(name.as_deref(), Some("a name"));
        assert_ne!(handle.thread().id(), thread::current().id());
        assert_eq!(handle.join().unwrap().as_deref(), Some("a name"));
        assert_eq!(thread::spawn(own_name).join().unwrap(), None);
    }

    fn park_until(flag: Arc<AtomicBool>) -> bool {
        while !flag.load(Ordering::SeqCst) {
            thread::park();
        }
        true
    }

    #[test]
    fn a_thread_that_is_parked_goes_on_when_it_is_unparked() {
        let flag = Arc::new(AtomicBool::new(false));
        let handle = thread::spawn({
            let flag = flag.clone();
            move || park_until(flag)
        });
        thread::yield_now();
        flag.store(true, Ordering::SeqCst);
        handle.thread().unpark();
        assert!(handle.join().unwrap());
    }

    #[test]
    fn a_token_lets_one_park_pass() {
        thread::current().unpark();
        thread::current().unpark();
        let began = Instant::now();
        thread::park_timeout(LONG);
        assert!(began.elapsed() < LONG);
        thread::park_timeout(SHORT);
        assert!(began.elapsed() >= SHORT);
    }

    #[test]
    fn sleeping_takes_at_least_its_time() {
        let began = Instant::now();
        thread::sleep(SHORT);
        assert!(began.elapsed() >= SHORT);
    }

    fn count_up(times: u32) -> (u32, usize) {
        for _ in 0..times {
            COUNT.set(COUNT.get() + 1);
            SAID.with_borrow_mut(|said| said.push("again"));
            thread::yield_now();
        }
        (COUNT.replace(0), SAID.take().len())
    }

    #[test]
    fn each_thread_has_its_own_values() {
        COUNT.set(1);
        let one = thread::spawn(|| count_up(1));
        let other = thread::spawn(|| count_up(3));
        assert_eq!((one.join().unwrap(), other.join().unwrap()), ((8, 2), (10, 4)));
        assert_eq!((COUNT.take(), COUNT.get()), (1, 0));
        assert_eq!(SAID.with_borrow(|said| said.clone()), ["at first"]);
        assert_eq!(COUNT.try_with(|count| count.get()).unwrap(), 0);
    }

    fn add(sum: &AtomicU32, n: u32) -> u32 {
        thread::yield_now();
        sum.fetch_add(n, Ordering::SeqCst);
        n
    }

    #[test]
    fn a_scope_waits_for_its_threads_which_borrow_what_is_around_it() {
        let sum = AtomicU32::new(0);
        let first = thread::scope(|scope| {
            let first = scope.spawn(|| add(&sum, 1));
            scope.spawn(|| add(&sum, 2));
            scope.spawn(|| add(&sum, 3));
            first.join()
        });
        assert_eq!((first.unwrap(), sum.into_inner()), (1, 6));
    }

    #[test]
    fn a_panic_in_a_scope_is_told_to_whoever_joins() {
        let ended = thread::scope(|scope| scope.spawn(|| fail(7)).join());
        assert_eq!(*ended.unwrap_err().downcast::<u32>().unwrap(), 7);
    }
}
