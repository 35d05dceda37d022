// A glob import brings the attribute `test` along, which is then meant as much as std's.
#![allow(unused_imports)]
use eventlet::*;

#[green]
fn work(n: u32) -> u32 {
    n
}

#[test] //~ ERROR `test` is ambiguous
fn adds() {
    assert_eq!(1 + 1, 2);
}

mod named {
    use eventlet::{green, run};

    #[test]
    fn adds() {
        assert_eq!(run(|| super::work(1)), 1);
    }
}

mod told {
    use std::prelude::v1::test;

    use eventlet::*;

    #[test]
    fn adds() {
        assert_eq!(run(|| super::work(1)), 1);
    }
}

fn main() {}
