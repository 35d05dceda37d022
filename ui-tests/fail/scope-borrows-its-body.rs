// A thread of a scope may borrow what is around the scope, not what is in its body, which may be dropped before it.

use eventlet::{green, scope};

#[green]
fn len(text: &str) -> usize {
    text.len()
}

#[green]
fn main() {
    let outside = String::from("outside");
    scope(#[green] |s| {
        let inside = String::from("inside");
        s.spawn(|| len(&outside));
        s.spawn(|| len(&inside));
    });
}
