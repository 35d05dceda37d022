//! A boss hands out work as fast as three workers take it: the queue holds three tasks at most.
//! From gevent's tutorial.

use std::time::Duration;

use eventlet::{Queue, green, scope, sleep};

#[green]
fn worker(tasks: &Queue<u32>, name: &str) {
    while let Ok(task) = tasks.get_timeout(Duration::from_secs(1)) {
        println!("Worker {name} got task {task}");
        sleep(Duration::ZERO);
    }
    println!("Quitting time!");
}

/// Waits with the next piece of work until there is room for it.
#[green]
fn boss(tasks: &Queue<u32>) {
    for (iteration, work) in [(1, 1..10), (2, 10..20)] {
        for i in work {
            println!("Assigned work {i} in iteration {iteration}");
            tasks.put(i).expect("nobody shuts the queue down");
        }
        println!("Assigned all work in iteration {iteration}");
    }
}

#[green]
fn main() {
    let tasks = &Queue::bounded(3);
    scope(
        #[green]
        |s| {
            s.spawn(|| boss(tasks));
            for name in ["steve", "john", "bob"] {
                s.spawn(move || worker(tasks, name));
            }
        },
    );
}
