//! Bounds of callbacks that no call can satisfy which borrows from its argument.

super::lint! {
    /// A bound that gives a [`Green`](crate::Green) of one type, and has a reference among its
    /// arguments.
    Bound {
        one_for_all_borrows: "this is one type for all references that the callback is given, so no call can borrow from one
help: write `AsyncFnOnce(&mut T) -> U` (or `AsyncFnMut`, `AsyncFn`), and call it as before; see `callback-with-reference` in `eventlet::docs::diagnostics`";
    }
}
