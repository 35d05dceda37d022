//! All of std, in which what blocks has a green twin by the same name: the root of this crate is
//! [`eventlet::green::std`], and nothing besides.
//!
//! One line at the head of a crate's root puts it in std's place, in all modules of that crate and
//! in what its macros write (edition 2018 or later):
//!
//! ```
//! extern crate eventlet_std as std;
//!
//! mod shop {
//!     use std::sync::{Arc, Mutex};
//!     use std::thread;
//!
//!     #[eventlet::green]
//!     fn sell(stock: Arc<Mutex<u32>>) {
//!         let mut stock = stock.lock().unwrap(); // suspends this green thread, blocks nobody
//!         thread::yield_now();
//!         *stock -= 1;
//!     }
//!
//!     #[eventlet::green]
//!     pub fn open() -> u32 {
//!         let stock = Arc::new(Mutex::new(3));
//!         let sellers: Vec<_> = (0..3)
//!             .map(|_| {
//!                 let stock = stock.clone();
//!                 thread::spawn(move || sell(stock))
//!             })
//!             .collect();
//!         for seller in sellers {
//!             seller.join().unwrap();
//!         }
//!         let left = stock.lock().unwrap();
//!         *left
//!     }
//! }
//!
//! #[eventlet::green]
//! fn main() {
//!     assert_eq!(shop::open(), 0);
//! }
//! ```
//!
//! In a single module `use eventlet::green::std;` does the same, without this crate.

#![deny(unsafe_code)]

pub use eventlet::green::std::*;
