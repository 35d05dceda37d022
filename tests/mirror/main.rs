//! `eventlet::green::std`: what std documents of what may block, with the same source on std and on the mirror.
//!
//! Each file in `same/` is compiled twice. On std its functions are what is written there; on the mirror each of them is
//! green, and a test of it runs in a green thread.

#![cfg(unix)]
#![expect(clippy::duplicate_mod, reason = "what both are to do stands in one place")]

mod green;
mod table;

#[path = "same"]
mod on_std {
    pub(crate) use ::std;

    macro_rules! same {
        ($($(#[$attribute:meta])* fn $name:ident($($argument:tt)*) $(-> $result:ty)? $body:block)*) => {$(
            $(#[$attribute])*
            fn $name($($argument)*) $(-> $result)? $body
        )*};
    }

    mod fs;
    mod io;
    mod mpsc;
    mod net;
    mod process;
    mod sync;
    mod thread;
}

#[path = "same"]
mod on_the_mirror {
    pub(crate) use eventlet::green::std;

    macro_rules! same {
        ($($(#[$attribute:meta])* fn $name:ident($($argument:tt)*) $(-> $result:ty)? $body:block)*) => {$(
            $(#[$attribute])*
            #[eventlet::green]
            fn $name($($argument)*) $(-> $result)? $body
        )*};
    }

    mod fs;
    mod io;
    mod mpsc;
    mod net;
    mod process;
    mod sync;
    mod thread;
}
