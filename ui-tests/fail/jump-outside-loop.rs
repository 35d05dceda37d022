// `break` and `continue` leave loops.
use eventlet::green;

#[green]
fn is_done(n: u32) -> bool {
    n > 1
}

#[green]
fn main() {
    for n in 0..3 {
        if is_done(n) {
            break;
        }
        let job = #[green]
        move || {
            if is_done(n) {
                continue; //~ ERROR `continue` outside of a loop
            }
            n
        };
        job();
    }
    if is_done(1) {
        break; //~ ERROR `break` outside of a loop
    }
    let found = 'found: {
        if is_done(2) {
            break 'found 1;
        }
        0
    };
    println!("{found}");
}
