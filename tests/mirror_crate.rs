//! A crate whose `std` is the mirror: one line redirects every module of it, and what its macros write.

#[macro_use]
extern crate eventlet_std as std;

mod inner {
    pub(crate) mod deeper {
        use std::sync::{Arc, Mutex};
        use std::thread;

        #[eventlet::green]
        fn add(sum: Arc<Mutex<u32>>, n: u32) {
            let mut sum = sum.lock().unwrap();
            let old = *sum;
            thread::yield_now();
            *sum = old + n;
        }

        #[eventlet::green]
        pub(crate) fn add_up() -> u32 {
            let sum = Arc::new(Mutex::new(0));
            let adders: Vec<_> = (1..=4)
                .map(|n| {
                    let sum = sum.clone();
                    thread::spawn(move || add(sum, n))
                })
                .collect();
            for adder in adders {
                adder.join().unwrap();
            }
            let sum = sum.lock().unwrap();
            *sum
        }
    }
}

macro_rules! type_of_a_mutex {
    () => {
        std::any::type_name::<::std::sync::Mutex<u32>>()
    };
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Derived {
    name: String,
    numbers: Vec<u32>,
}

thread_local! {
    static SEEN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[eventlet::test]
fn modules_inside_modules_see_the_mirror() {
    assert_eq!(inner::deeper::add_up(), 10);
}

#[test]
fn what_a_macro_writes_sees_the_mirror() {
    assert_eq!(type_of_a_mutex!(), "eventlet::green::sync::mutex::Mutex<u32>");
}

#[test]
fn derives_and_macros_of_std_go_on_working() {
    let made = Derived { name: format!("{}", 1), numbers: vec![1, 2] };
    assert_eq!(made.clone(), made);
    assert!(Derived::default() < made && matches!(made.numbers[..], [1, 2]));
    assert_eq!(format!("{made:?}"), r#"Derived { name: "1", numbers: [1, 2] }"#);
    SEEN.set(3);
    assert_eq!(SEEN.get(), 3);
    println!("{}", std::env!("CARGO_PKG_NAME"));
}

#[eventlet::green]
fn see(times: u32) -> u32 {
    for _ in 0..times {
        SEEN.set(SEEN.get() + 1);
        std::thread::yield_now();
    }
    SEEN.get()
}

#[eventlet::test]
fn with_macro_use_a_thread_local_is_the_green_threads_without_its_path_too() {
    let (one, other) = (std::thread::spawn(|| see(1)), std::thread::spawn(|| see(2)));
    assert_eq!((one.join().unwrap(), other.join().unwrap(), SEEN.get()), (1, 2, 0));
}
