//! All that an expansion of `#[green]` may name, and nothing else.
