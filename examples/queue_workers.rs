//! Three workers take tasks from one queue, in turn. From gevent's tutorial.

use std::time::Duration;

use eventlet::{Queue, green, scope, sleep};

#[green]
fn worker(tasks: &Queue<u32>, name: &str) {
    while !tasks.is_empty() {
        let task = tasks.get().expect("nobody shuts the queue down");
        println!("Worker {name} got task {task}");
        sleep(Duration::ZERO);
    }
    println!("Quitting time!");
}

#[green]
fn boss(tasks: &Queue<u32>) {
    for i in 1..25 {
        tasks.try_put(i).expect("there is room for any number of tasks");
    }
}

#[green]
fn main() {
    let tasks = &Queue::unbounded();
    scope(
        #[green]
        |s| {
            s.spawn(|| boss(tasks)).wait();
            for name in ["steve", "john", "nancy"] {
                s.spawn(move || worker(tasks, name));
            }
        },
    );
}
