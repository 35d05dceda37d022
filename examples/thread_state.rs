//! What can be asked of a green thread. From gevent's tutorial; the panic of the loser is printed
//! to standard error.

use eventlet::greenthread::joinall;
use eventlet::{Exit, green, spawn};

#[green]
fn win() -> &'static str {
    "You win!"
}

#[green]
fn fail() -> &'static str {
    panic!("You fail at failing.");
}

#[green]
fn main() {
    let (winner, loser) = (spawn(win), spawn(fail));
    // They are on their way, and neither has ended.
    println!("{}", !winner.is_finished());
    println!("{}", !loser.is_finished());

    // A panic in a thread stays in the thread.
    joinall([&winner, &loser]);
    println!("{}", winner.is_finished());
    println!("{}", loser.is_finished());

    let (winner, loser) = (winner.join(), loser.join());
    println!("{:?}", winner.as_ref().ok());
    println!("{:?}", loser.as_ref().ok());
    println!("{}", winner.is_ok());
    println!("{}", loser.is_ok());
    if let Err(Exit::Panicked(panic)) = loser {
        println!("{}", panic.message().unwrap_or_default());
    }
}
