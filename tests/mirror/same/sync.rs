//! std's `sync`.

use super::std;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{
    Arc, Barrier, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, PoisonError, RwLock,
    RwLockWriteGuard, TryLockError,
};
use std::thread;
use std::time::Duration;

static COUNT: Mutex<u32> = Mutex::new(0);
static NAMES: RwLock<Vec<&str>> = RwLock::new(Vec::new());
static READY: Condvar = Condvar::new();
static IS_READY: Mutex<bool> = Mutex::new(false);
static ONCE: Once = Once::new();
static CALLS: AtomicU32 = AtomicU32::new(0);
static CELL: OnceLock<String> = OnceLock::new();
static LAZY: LazyLock<u32> = LazyLock::new(|| CALLS_OF_LAZY.fetch_add(1, Ordering::SeqCst) + 41);
static FAILING: LazyLock<u32> = LazyLock::new(|| panic!("there is no value"));
static CALLS_OF_LAZY: AtomicU32 = AtomicU32::new(0);

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn for_all_os_threads<T: Send + Sync>() {}
fn to_another_os_thread<T: Send>() {}

#[test]
fn what_is_shared_is_for_all_os_threads() {
    for_all_os_threads::<Mutex<u32>>();
    for_all_os_threads::<RwLock<u32>>();
    for_all_os_threads::<Condvar>();
    for_all_os_threads::<Barrier>();
    for_all_os_threads::<Once>();
    for_all_os_threads::<OnceLock<u32>>();
    for_all_os_threads::<LazyLock<u32>>();
    for_all_os_threads::<std::sync::mpsc::Sender<u32>>();
    for_all_os_threads::<std::sync::mpsc::SyncSender<u32>>();
    to_another_os_thread::<std::sync::mpsc::Receiver<u32>>();
}

#[test]
fn an_unsized_value_may_be_shared() {
    let value: Arc<Mutex<dyn Fn() -> u32>> = Arc::new(Mutex::new(|| 7));
    assert_eq!(format!("{value:?}", value = value.is_poisoned()), "false");
    let value: Box<RwLock<[u32]>> = Box::new(RwLock::new([1, 2]));
    assert_eq!(format!("{value:?}"), "RwLock { data: [1, 2], poisoned: false, .. }");
}

same! {
    fn add_to_the_static() {
        let mut count = COUNT.lock().unwrap();
        let old = *count;
        thread::yield_now();
        *count = old + 1;
    }

    #[test]
    fn a_mutex_in_a_static_lets_one_in_at_a_time() {
        let mut adders = vec![];
        for _ in 0..10 {
            adders.push(thread::spawn(add_to_the_static));
        }
        for adder in adders {
            adder.join().unwrap();
        }
        assert_eq!(*COUNT.lock().unwrap(), 10);
    }

    #[test]
    fn a_mutex_that_is_held_is_not_locked_by_trying() {
        let mutex = Mutex::new(1);
        let guard = mutex.lock().unwrap();
        assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
        assert_eq!(mutex.try_lock().unwrap_err().to_string(), "try_lock failed because the operation would block");
        drop(guard);
        *mutex.try_lock().unwrap() += 1;
        assert_eq!(mutex.into_inner().unwrap(), 2);
    }

    #[test]
    fn a_mutex_shows_its_value_or_that_it_is_locked() {
        let mut mutex = Mutex::new(1);
        assert_eq!(format!("{mutex:?}"), "Mutex { data: 1, poisoned: false, .. }");
        let guard = mutex.lock().unwrap();
        assert_eq!(format!("{mutex:?}"), "Mutex { data: \"<locked>\", poisoned: false, .. }");
        assert_eq!(format!("{guard:?} {guard}"), "1 1");
        drop(guard);
        *mutex.get_mut().unwrap() = 5;
        assert_eq!(*Mutex::from(5).lock().unwrap(), *mutex.lock().unwrap());
        assert_eq!(*Mutex::<u32>::default().lock().unwrap(), 0);
    }

    fn panic_with_the_mutex(mutex: Arc<Mutex<u32>>) {
        let mut value = mutex.lock().unwrap();
        *value = 9;
        panic!("it holds the mutex");
    }

    #[test]
    fn a_panic_of_the_holder_poisons_a_mutex_until_that_is_cleared() {
        let mutex = Arc::new(Mutex::new(0));
        let other = mutex.clone();
        let ended = thread::spawn(move || panic_with_the_mutex(other)).join();
        assert_eq!(ended.unwrap_err().downcast_ref::<&str>(), Some(&"it holds the mutex"));
        assert!(mutex.is_poisoned());
        let poisoned = mutex.lock().unwrap_err();
        assert_eq!(poisoned.to_string(), "poisoned lock: another task failed inside");
        assert_eq!(**poisoned.get_ref(), 9);
        let mut value = poisoned.into_inner();
        *value = 10;
        drop(value);
        assert!(matches!(mutex.try_lock(), Err(TryLockError::Poisoned(_))));
        assert_eq!(format!("{mutex:?}"), "Mutex { data: 10, poisoned: true, .. }");
        mutex.clear_poison();
        assert!(!mutex.is_poisoned());
        assert_eq!(*mutex.lock().unwrap(), 10);
        assert_eq!(Arc::into_inner(mutex).unwrap().into_inner().unwrap(), 10);
    }

    fn read_the_names() -> usize {
        let names = NAMES.read().unwrap();
        let count = names.len();
        thread::yield_now();
        assert_eq!(names.len(), count);
        count
    }

    fn write_a_name() {
        let mut names = NAMES.write().unwrap();
        names.push("half");
        thread::yield_now();
        names.push("whole");
    }

    #[test]
    fn a_rwlock_lets_in_many_readers_or_one_writer() {
        let mut readers = vec![];
        let mut writers = vec![];
        for _ in 0..5 {
            writers.push(thread::spawn(write_a_name));
            readers.push(thread::spawn(read_the_names));
        }
        for writer in writers {
            writer.join().unwrap();
        }
        for reader in readers {
            assert_eq!(reader.join().unwrap() % 2, 0, "no reader sees half of a change");
        }
        let (one, two) = (NAMES.read().unwrap(), NAMES.try_read().unwrap());
        assert_eq!((one.len(), two.len()), (10, 10));
        assert!(matches!(NAMES.try_write(), Err(TryLockError::WouldBlock)));
        drop((one, two));
        let writer = NAMES.try_write().unwrap();
        assert!(matches!(NAMES.try_read(), Err(TryLockError::WouldBlock)));
        assert_eq!(format!("{:?}", RwLock::new(1)), "RwLock { data: 1, poisoned: false, .. }");
        drop(writer);
    }

    #[test]
    fn a_writer_turns_into_a_reader() {
        let lock = RwLock::new(1);
        let mut writer = lock.write().unwrap();
        *writer = 2;
        let reader = RwLockWriteGuard::downgrade(writer);
        assert_eq!(*reader, 2);
        assert_eq!(*lock.try_read().unwrap(), 2);
        assert!(lock.try_write().is_err());
        drop(reader);
        assert!(lock.try_write().is_ok());
    }

    fn panic_with_the_lock(lock: Arc<RwLock<u32>>, is_writing: bool) {
        if is_writing {
            let _value = lock.write().unwrap();
            panic!("it writes");
        }
        let _value = lock.read().unwrap();
        panic!("it reads");
    }

    #[test]
    fn a_panic_of_a_writer_poisons_a_rwlock_and_one_of_a_reader_does_not() {
        let lock = Arc::new(RwLock::new(0));
        let other = lock.clone();
        thread::spawn(move || panic_with_the_lock(other, false)).join().unwrap_err();
        assert!(!lock.is_poisoned());
        let other = lock.clone();
        thread::spawn(move || panic_with_the_lock(other, true)).join().unwrap_err();
        assert!(lock.is_poisoned());
        assert!(lock.read().is_err());
        assert_eq!(*lock.write().unwrap_or_else(PoisonError::into_inner), 0);
        lock.clear_poison();
        assert!(lock.read().is_ok());
    }

    fn get_ready() {
        *IS_READY.lock().unwrap() = true;
        READY.notify_all();
    }

    #[test]
    fn a_condvar_lets_who_waits_go_on_when_it_is_notified() {
        let starter = thread::spawn(get_ready);
        let is_ready = READY.wait_while(IS_READY.lock().unwrap(), |is_ready| !*is_ready).unwrap();
        assert!(*is_ready);
        drop(is_ready);
        starter.join().unwrap();
    }

    #[test]
    fn a_condvar_waits_for_no_longer_than_it_is_told() {
        let mutex = Mutex::new(0);
        let condvar = Condvar::new();
        let (value, result) = condvar.wait_timeout(mutex.lock().unwrap(), SHORT).unwrap();
        assert!(result.timed_out());
        let (value, result) = condvar.wait_timeout_while(value, SHORT, |value| *value == 0).unwrap();
        assert!(result.timed_out());
        let (value, result) = condvar.wait_timeout_while(value, LONG, |value| *value == 1).unwrap();
        assert!(!result.timed_out(), "the condition did not hold from the beginning");
        assert_eq!(*value, 0);
        assert_eq!(format!("{condvar:?}"), "Condvar { .. }");
    }

    fn wait_for_a_turn(pair: Arc<(Mutex<u32>, Condvar)>, waits: Sender<()>) {
        let mut turns = pair.0.lock().unwrap();
        waits.send(()).unwrap();
        while *turns == 0 {
            turns = pair.1.wait(turns).unwrap();
        }
        *turns -= 1;
    }

    #[test]
    fn a_notification_is_for_one_and_another_kind_for_all() {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let (to, from) = channel();
        let mut waiters = vec![];
        for _ in 0..4 {
            let (pair, to) = (pair.clone(), to.clone());
            waiters.push(thread::spawn(move || wait_for_a_turn(pair, to)));
        }
        for _ in 0..4 {
            // Said with the mutex locked: whoever locks it next finds that one waiting.
            from.recv().unwrap();
        }
        *pair.0.lock().unwrap() = 1;
        pair.1.notify_one();
        while *pair.0.lock().unwrap() > 0 {
            thread::yield_now();
        }
        *pair.0.lock().unwrap() = 3;
        pair.1.notify_all();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(*pair.0.lock().unwrap(), 0);
    }

    fn poison_while_another_waits(pair: Arc<(Mutex<u32>, Condvar)>) {
        let _guard = pair.0.lock().unwrap();
        pair.1.notify_all();
        panic!("a waiter finds the poison");
    }

    #[test]
    fn a_wait_for_a_condvar_tells_of_the_poison() {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let guard = pair.0.lock().unwrap();
        let other = pair.clone();
        let poisoner = thread::spawn(move || poison_while_another_waits(other));
        let poisoned = pair.1.wait(guard).unwrap_err();
        assert_eq!(*poisoned.into_inner(), 0);
        poisoner.join().unwrap_err();
    }

    fn arrive(barrier: Arc<Barrier>, arrived: Sender<bool>) {
        for _ in 0..3 {
            arrived.send(barrier.wait().is_leader()).unwrap();
        }
    }

    #[test]
    fn a_barrier_has_one_leader_each_time() {
        let barrier = Arc::new(Barrier::new(4));
        let (to, from) = channel();
        let mut runners = vec![];
        for _ in 0..4 {
            let (barrier, to) = (barrier.clone(), to.clone());
            runners.push(thread::spawn(move || arrive(barrier, to)));
        }
        let mut leaders = 0;
        for _ in 0..12 {
            leaders += u32::from(from.recv().unwrap());
        }
        assert_eq!(leaders, 3);
        for runner in runners {
            runner.join().unwrap();
        }
        assert!(Barrier::new(1).wait().is_leader() && Barrier::new(0).wait().is_leader());
        assert_eq!(format!("{:?}", Barrier::new(1).wait()), "BarrierWaitResult { is_leader: true }");
    }

    fn call_once() {
        ONCE.call_once(|| {
            CALLS.fetch_add(1, Ordering::SeqCst);
        });
        assert!(ONCE.is_completed(), "it is done when the call is over, whoever does it");
    }

    #[test]
    fn what_is_done_once_is_done_when_any_call_is_over() {
        assert!(!ONCE.is_completed());
        let mut callers = vec![];
        for _ in 0..5 {
            callers.push(thread::spawn(call_once));
        }
        ONCE.wait();
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(CALLS.load(Ordering::SeqCst), 1);
        ONCE.call_once_force(|_| unreachable!("it is done"));
    }

    fn fail_at(once: Arc<Once>) {
        once.call_once(|| panic!("it was not done"));
    }

    fn call_after_a_failure(once: Arc<Once>) {
        once.call_once(|| {});
    }

    fn wait_after_a_failure(once: Arc<Once>) {
        once.wait();
    }

    #[test]
    fn a_panic_poisons_a_once_until_somebody_mends_it() {
        let once = Arc::new(Once::new());
        let other = once.clone();
        thread::spawn(move || fail_at(other)).join().unwrap_err();
        assert!(!once.is_completed());
        let other = once.clone();
        let panic = thread::spawn(move || call_after_a_failure(other)).join().unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"Once instance has previously been poisoned"));
        let other = once.clone();
        thread::spawn(move || wait_after_a_failure(other)).join().unwrap_err();
        once.call_once_force(|state| assert!(state.is_poisoned()));
        assert!(once.is_completed());
        once.call_once(|| unreachable!("it is done"));
        once.wait();
        once.wait_force();
        assert_eq!(format!("{once:?}"), "Once { .. }");
    }

    fn wait_for_the_cell() -> usize {
        CELL.wait().len()
    }

    #[test]
    fn a_once_lock_is_set_once_and_waited_for() {
        let waiter = thread::spawn(wait_for_the_cell);
        assert_eq!(CELL.get(), None);
        assert_eq!(CELL.get_or_init(|| String::from("first")), "first");
        assert_eq!(CELL.get_or_init(|| String::from("second")), "first");
        assert_eq!(CELL.set(String::from("third")), Err(String::from("third")));
        assert_eq!(waiter.join().unwrap(), 5);
        let mut cell = OnceLock::from(1);
        assert_eq!(cell, cell.clone());
        assert_eq!(format!("{cell:?} {:?}", OnceLock::<u32>::new()), "OnceLock(1) OnceLock(<uninit>)");
        *cell.get_mut().unwrap() = 2;
        assert_eq!((cell.take(), cell.take()), (Some(2), None));
        cell.set(3).unwrap();
        assert_eq!(cell.into_inner(), Some(3));
    }

    fn fail_to_fill(cell: Arc<OnceLock<u32>>) {
        cell.get_or_init(|| panic!("there is no value"));
    }

    #[test]
    fn a_once_lock_whose_value_could_not_be_made_is_empty() {
        let cell = Arc::new(OnceLock::new());
        let other = cell.clone();
        thread::spawn(move || fail_to_fill(other)).join().unwrap_err();
        assert_eq!(cell.get(), None);
        assert_eq!(*cell.get_or_init(|| 4), 4);
    }

    #[test]
    fn a_lazy_lock_is_made_when_it_is_first_used() {
        assert_eq!(format!("{LAZY:?}"), "LazyLock(<uninit>)");
        assert_eq!(CALLS_OF_LAZY.load(Ordering::SeqCst), 0);
        assert_eq!(*LAZY, 41);
        assert_eq!(*LazyLock::force(&LAZY), 41);
        assert_eq!(CALLS_OF_LAZY.load(Ordering::SeqCst), 1);
        let mut lazy = LazyLock::new(|| 1);
        assert_eq!(LazyLock::get(&lazy), None);
        assert_eq!(LazyLock::get_mut(&mut lazy), None);
        *LazyLock::force_mut(&mut lazy) = 2;
        *lazy += 1;
        assert_eq!((LazyLock::get(&lazy), format!("{lazy:?}")), (Some(&3), String::from("LazyLock(3)")));
        assert_eq!(*LazyLock::<u32>::default(), 0);
    }

    fn use_the_failing() -> u32 {
        *FAILING
    }

    #[test]
    fn a_lazy_lock_whose_value_could_not_be_made_is_poisoned() {
        let panic = thread::spawn(use_the_failing).join().unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"there is no value"));
        let panic = thread::spawn(use_the_failing).join().unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"LazyLock instance has previously been poisoned"));
    }

    fn add_one(mut guard: MutexGuard<'_, u32>) {
        *guard += 1;
    }

    #[test]
    fn a_guard_may_be_handed_on() {
        let mutex = Mutex::new(1);
        add_one(mutex.lock().unwrap());
        assert_eq!(*mutex.lock().unwrap(), 2);
    }
}
