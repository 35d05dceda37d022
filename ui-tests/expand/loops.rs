//! A `for` loop drives the steps of a green iterator; one over a range stays as it is.

#[green]
fn total(items: Items) -> u32 {
    let mut total = 0;
    'all: for item in items {
        for n in 0..3 {
            total += item * n;
        }
        if total > 100 {
            break 'all;
        }
    }
    total
}
