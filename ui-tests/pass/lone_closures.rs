//! Green closures in ordinary functions: `green_closure!`.
#![deny(warnings)]

use eventlet::{GreenPool, GreenThread, green, green_closure, spawn};

struct Meter {
    unit: u32,
}

impl Meter {
    #[green]
    fn read(&self, n: u32) -> u32 {
        self.unit * n
    }

    /// An ordinary method whose thread borrows from what the closure owns.
    fn start(unit: u32) -> GreenThread<Result<u32, String>> {
        let meter = Meter { unit };
        spawn(green_closure!(move || -> Result<u32, String> {
            let first = meter.read(1);
            let second = check(meter.read(2))?;
            Ok(first + second)
        }))
    }
}

#[green]
fn check(n: u32) -> Result<u32, String> {
    if n < 100 { Ok(n) } else { Err(format!("{n} is too much")) }
}

/// Without `move` it borrows, and patterns are parameters.
fn sums(pairs: Vec<(u32, u32)>) -> Vec<u32> {
    let unit = 10;
    let job = green_closure!(move |(a, b): (u32, u32)| {
        let mut sum = 0;
        for n in [a, b] {
            sum += check(n).unwrap_or(0);
        }
        sum * unit
    });
    eventlet::run(green_closure!(move || GreenPool::new(2).map(job, pairs)))
}

/// One that makes no green call is a green closure as well.
fn plain() -> u32 {
    eventlet::run(green_closure!(|| 3))
}

fn main() {
    eventlet::run(green_closure!(|| {
        assert_eq!(Meter::start(7).wait(), Ok(21));
        assert_eq!(Meter::start(70).wait(), Err("140 is too much".to_owned()));
    }));
    assert_eq!(sums(vec![(1, 2), (3, 200)]), [30, 30]);
    assert_eq!(plain(), 3);
}
