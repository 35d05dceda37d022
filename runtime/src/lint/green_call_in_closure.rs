//! Green calls that an ordinary closure gives a name to, and cannot drive.

super::lint! {
    /// A green call.
    Call {
        held: "this is a green call, and an ordinary closure cannot drive it: it has not run
help: write `#[green]` in front of the closure, or a loop; see `green-call-in-closure` in `eventlet::docs::diagnostics`";
    }
}
