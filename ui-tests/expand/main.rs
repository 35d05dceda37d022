//! `main` and tests run their own call; macros of std and green closures follow the rule.

#[green]
fn main() {
    let fetch_all = #[green]
    |urls: Vec<Url>| fetch(urls);
    println!("{} pages", fetch_all(urls()));
    assert!(ready());
    no_switch! {
        count.set(count.get() + 1);
    }
}

#[green]
#[test]
#[should_panic]
fn fails() {
    panic!("{}", reason());
}
