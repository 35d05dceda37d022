// A `for` loop goes over an `IntoIterator` or a `GreenIterator`.
use eventlet::green;

struct Pool;

#[green]
fn main() {
    let pool = Pool;
    for job in pool { //~ ERROR a `for` loop cannot go over `Pool`
        drop(job);
    }
}
