// What belongs to one hub does not go to another OS thread; `eventlet::sync` has what does.

use std::thread;

use eventlet::green::net::{TcpStream, UdpSocket};
use eventlet::{Event, GreenThread, Queue, Scope, Semaphore};

fn queue(queue: Queue<u32>) {
    thread::spawn(move || queue.try_put(1).is_ok());
}

fn event(event: Event<u32>) {
    thread::spawn(move || event.send(1));
}

fn semaphore(semaphore: Semaphore) {
    thread::spawn(move || semaphore.release());
}

fn green_thread(thread: GreenThread<u32>) {
    thread::spawn(move || thread.kill());
}

fn stream(stream: TcpStream) {
    thread::spawn(move || drop(stream));
}

fn datagrams(socket: UdpSocket) {
    thread::spawn(move || drop(socket));
}

fn scope(scope: Scope<'static>) {
    thread::spawn(move || scope.running());
}

fn main() {}
