// A `for` loop goes over an `IntoIterator` or a `GreenIterator`.
use eventlet::green;

struct Pool;

#[green]
fn main() {
    let pool = Pool;
    for job in pool { //~ ERROR a `for` loop cannot go over `Pool`
        drop(job);
    }
    let mut sum = 0;
    for n in size() { //~ ERROR a `for` loop cannot go over `u32`
        sum += n;
    }
    assert_eq!(sum, 3);
}

fn size() -> u32 {
    3
}
