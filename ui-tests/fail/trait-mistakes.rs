// Green methods of traits: what cannot be is reported at the trait, the impl, or the use.
use eventlet::{green, spawn};
use std::rc::Rc;

trait Pages {
    #[green]
    fn page(&self, id: u32) -> u32;
}

struct Site;

impl Pages for Site {
    #[green]
    fn page(&self, id: String) -> u32 { //~ ERROR method `page` has an incompatible type for trait
        id.len() as u32
    }
}

#[green]
fn object(pages: &dyn Pages) -> u32 { //~ ERROR the trait `Pages` is not dyn compatible
    pages.page(1)
}

#[green]
fn count(list: Rc<Vec<u32>>) -> usize {
    eventlet::sleep(std::time::Duration::ZERO);
    list.len()
}

fn needs_send<T: Send>(_: T) {}

#[green]
fn send_needed() {
    let list = Rc::new(vec![1]);
    needs_send(#[green] move || count(list.clone())); //~ ERROR `Rc<Vec<u32>>` cannot be sent between threads safely
}

#[green]
fn not_display(site: Site) {
    println!("{site}"); //~ ERROR `Site` doesn't implement `std::fmt::Display`
    spawn(|| count(Rc::new(vec![])));
}

fn main() {}
