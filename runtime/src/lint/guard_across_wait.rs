//! Borrows of a `RefCell` and guards of std's locks that are held while a green call waits.

super::lint! {
    /// A [`std::cell::Ref`].
    SharedBorrow {
        held: "it is borrowed while a green call waits, and panics another green thread that borrows it for writing
help: copy out what is needed, or end the borrow with a block or `drop`, before the call; see `guard-across-wait` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::cell::RefMut`].
    MutableBorrow {
        held: "it is borrowed while a green call waits, and panics another green thread that borrows it
help: copy out what is needed, or end the borrow with a block or `drop`, before the call; see `guard-across-wait` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::sync::MutexGuard`].
    MutexGuard {
        held: "it is locked while a green call waits, and whoever locks it then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::sync::RwLockReadGuard`].
    RwLockReadGuard {
        held: "it is locked while a green call waits, and whoever locks it for writing then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in `eventlet::docs::diagnostics`";
    }

    /// A [`std::sync::RwLockWriteGuard`].
    RwLockWriteGuard {
        held: "it is locked while a green call waits, and whoever locks it then stops the whole hub
help: end the guard with a block or `drop` before the call, or use `eventlet::lock`; see `guard-across-wait` in `eventlet::docs::diagnostics`";
    }
}
