//! Two actors, each with an inbox: what one says the other one answers. From gevent's tutorial,
//! where they go on for ever; here they do so for five rounds.

use eventlet::greenthread::joinall;
use eventlet::{Queue, green, spawn};

/// A green thread that takes messages from its inbox.
struct Actor {
    inbox: Queue<&'static str>,
    friend: Queue<&'static str>,
}

impl Actor {
    #[green]
    fn run(self, word: &'static str, rounds: u32) {
        for _ in 0..rounds {
            let message = self.inbox.get().expect("nobody shuts the inbox down");
            println!("{message}");
            self.friend.put(word).expect("nobody shuts the inbox down");
        }
    }
}

#[green]
fn main() {
    let (ping, pong) = (Queue::unbounded(), Queue::unbounded());
    let pinger = Actor { inbox: ping.clone(), friend: pong.clone() };
    let ponger = Actor { inbox: pong, friend: ping.clone() };
    ping.put("start").expect("nobody shuts the inbox down");
    joinall([spawn(move || pinger.run("ping", 5)), spawn(move || ponger.run("pong", 5))]);
}
