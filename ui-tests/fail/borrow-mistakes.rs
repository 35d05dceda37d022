// The borrow errors of a green body are those of an ordinary one, at the user's own words.
use eventlet::green;

#[green]
fn shown(text: &str) -> usize {
    text.len()
}

#[green]
fn moved(text: String) -> usize {
    drop(text);
    shown(&text) //~ ERROR borrow of moved value
}

#[green]
fn twice(mut list: Vec<usize>) {
    let first = &list[0];
    list.push(shown("one")); //~ ERROR cannot borrow `list` as mutable
    drop(*first);
}

#[green]
fn gone() -> &'static str {
    let text = shown("one").to_string();
    text.as_str() //~ ERROR `text` does not live long enough
}

#[green]
fn not_mut(n: usize) {
    n += shown("one"); //~ ERROR cannot assign to `n`
}

fn main() {}
