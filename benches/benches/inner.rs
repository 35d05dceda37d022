//! The inner steps, timed by Criterion: `cargo bench -p eventlet-bench`. How to read it is in `benches/README.md`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use eventlet_bench_steps::STEPS;

fn inner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inner");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for step in &STEPS {
        group.bench_function(step.name, |bencher| bencher.iter_custom(step.run));
    }
    group.finish();
}

criterion_group!(benches, inner);
criterion_main!(benches);
