// A callback that is called with a reference gives a call that borrows from it: `AsyncFn` bounds can say that.
use eventlet::{Green, green};

#[green]
fn with_list<F, G>(f: F) -> usize
where
    F: FnOnce(&mut Vec<u32>) -> Green<G>, //~ WARN this is one type for all references
    G: Future<Output = usize>,
{
    let mut list = vec![1];
    f(&mut list)
}

#[green]
fn add(list: &mut Vec<u32>) -> usize {
    list.push(2);
    list.len()
}

#[green]
fn main() {
    with_list(|list| add(list)); //~ ERROR lifetime may not live long enough
}
