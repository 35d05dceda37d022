//! Three workers and one queue: gevent's tutorial.

use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::queue::ShutDown;
use eventlet::{Queue, green, sleep, spawn};

#[green]
fn worker(name: &str, tasks: Queue<u32>) -> Result<(), ShutDown> {
    while !tasks.is_empty() {
        let task = tasks.get()?;
        println!("Worker {name} got task {task}");
        sleep(Duration::ZERO);
    }
    println!("Quitting time!");
    Ok(())
}

#[green]
fn boss(tasks: Queue<u32>) -> Result<(), ShutDown<u32>> {
    for i in 1..25 {
        tasks.put(i)?;
    }
    Ok(())
}

#[green]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tasks = Queue::unbounded();
    let to_fill = tasks.clone();
    spawn(move || boss(to_fill)).wait()?;

    let workers = ["steve", "john", "nancy"].map(|name| {
        let tasks = tasks.clone();
        spawn(move || worker(name, tasks))
    });
    for result in joinall(workers) {
        result??;
    }
    Ok(())
}
