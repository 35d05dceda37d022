// Inside `no_switch!` nothing may wait.
use eventlet::{green, no_switch};

#[green]
fn update(total: &mut u32) {
    no_switch! {
        *total += 1;
        std::future::ready(()).await; //~ ERROR `.await` inside `no_switch!`
    }
}

fn main() {}
