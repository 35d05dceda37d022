//! Green calls that the closure of `Iterator::map` gives, which drives none.

super::lint! {
    /// A green call.
    Call {
        held: "this is a green call, and `map` of an ordinary iterator does not drive it
help: write `green_map`, which `use eventlet::prelude::*;` brings, or a loop; see `green-call-in-combinator` in `eventlet::docs::diagnostics`";
    }
}
