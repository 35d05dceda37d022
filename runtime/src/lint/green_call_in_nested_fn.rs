//! Green calls that an ordinary function inside a green one gives a name to, and cannot drive.

super::lint! {
    /// A green call.
    Call {
        held: "this is a green call, and an ordinary function cannot drive it: it has not run
help: write `#[green]` in front of the inner function; see `green-call-in-nested-fn` in `eventlet::docs::diagnostics`";
    }
}
