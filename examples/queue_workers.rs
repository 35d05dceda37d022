//! Three workers take tasks from one queue, in turn. From gevent's tutorial.

use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::{Queue, green, sleep, spawn};

#[green]
fn worker(tasks: Queue<u32>, name: &str) {
    while !tasks.is_empty() {
        let task = tasks.get().expect("nobody shuts the queue down");
        println!("Worker {name} got task {task}");
        sleep(Duration::ZERO);
    }
    println!("Quitting time!");
}

#[green]
fn boss(tasks: Queue<u32>) {
    for i in 1..25 {
        tasks.try_put(i).expect("there is room for any number of tasks");
    }
}

#[green]
fn main() {
    let tasks = Queue::unbounded();
    let for_boss = tasks.clone();
    spawn(move || boss(for_boss)).wait();
    joinall(["steve", "john", "nancy"].map(|name| {
        let tasks = tasks.clone();
        spawn(move || worker(tasks, name))
    }));
}
