use eventlet::{green, no_switch, spawn};

#[green]
fn double(n: u32) -> u32 {
    let add = #[green]
    |m: u32| double(n) + m;
    let owned = #[green]
    move |m: u32| {
        let k = double(m);
        k + 1
    };
    no_switch! {
        let total = n + 1;
        println!("{total}");
    }
    spawn(move || double(3));
    add(1) + owned(2)
}
