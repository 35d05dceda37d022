//! Servers in turn: all of them are up and connected, and the load goes round them in short slices.
//!
//! Whatever makes the machine slower for a second or a minute hits all of them alike, and what it hits unevenly is one
//! round among many. So the medians repeat, where one long run of each, minutes apart, does not.

use std::collections::BTreeMap;
use std::io;

use eventlet_bench_measure::Delays;

use super::load::Generator;
use super::peers::Peer;
use super::results::{Outcome, Round};
use super::server::Server;
use super::workloads::Course;

/// CPU nanoseconds for a message, of each peer in each round.
pub(crate) fn measure(
    peers: &[Peer],
    course: Course,
    messages: impl Fn(&Peer) -> u64,
    rounds: usize,
    shuffle: &mut Delays,
) -> Vec<Round> {
    let mut results = vec![Round::new()];
    let mut entrants = Vec::new();
    for peer in peers {
        match Entrant::all_of(peer, course, messages(peer).max(course.load.least())) {
            Ok(several) => entrants.extend(several),
            Err(error) => drop(results[0].insert(peer.name, Outcome::Failed(error.to_string()))),
        }
    }
    for _ in 0..rounds {
        // In another order each time, so that nobody always comes after the same one.
        entrants.sort_by_cached_key(|_| shuffle.next());
        let costs = entrants.iter_mut().map(|entrant| (entrant.key(), entrant.slice())).collect();
        let round = judge(course, &costs);
        entrants.retain(|entrant| !matches!(round[entrant.peer], Outcome::Failed(_)));
        results.push(round);
    }
    results
}

type Costs = BTreeMap<(&'static str, &'static str), io::Result<f64>>;

/// What the costs of one round say of each peer.
fn judge(course: Course, costs: &Costs) -> Round {
    let served = costs.iter().filter(|((_, serve), _)| *serve == course.serve);
    let value =
        |peer, cost: &io::Result<f64>| match (cost, course.beside.map(|beside| &costs[&(peer, beside)])) {
            (Ok(cost), None) => Outcome::Value(*cost),
            (Ok(cost), Some(Ok(beside))) => Outcome::Value(cost / beside),
            (Err(error), _) | (_, Some(Err(error))) => Outcome::Failed(error.to_string()),
        };
    served.map(|((peer, _), cost)| (*peer, value(*peer, cost))).collect()
}

/// A server with its own load, connected and at rest.
struct Entrant {
    peer: &'static str,
    serve: &'static str,
    messages: u64,
    generator: Generator,
    server: Server,
}

impl Entrant {
    /// What a peer enters: one server, or two to be set beside each other; none if it cannot serve that.
    fn all_of(peer: &Peer, course: Course, messages: u64) -> io::Result<Vec<Entrant>> {
        let mut all = Vec::new();
        for serve in [Some(course.serve), course.beside].into_iter().flatten() {
            let Some(server) = Server::start(peer, serve)? else { return Ok(Vec::new()) };
            let generator = Generator::start(course.load, server.port, course.one_cpu)?;
            all.push(Entrant { peer: peer.name, serve, messages, generator, server });
        }
        Ok(all)
    }

    fn key(&self) -> (&'static str, &'static str) {
        (self.peer, self.serve)
    }

    /// A short run, and what a message of it cost the server.
    fn slice(&mut self) -> io::Result<f64> {
        // The caches are full of what the last one needed.
        self.generator.go(self.messages / 10)?;
        let before = self.server.cpu_nanoseconds()?;
        let messages = self.generator.go(self.messages)?;
        // Less than before only if an OS thread has ended, which costs one round.
        let spent = self.server.cpu_nanoseconds()?.saturating_sub(before);
        Ok(spent as f64 / messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::Load;

    fn course(beside: Option<&'static str>) -> Course {
        Course { serve: "echo_timeout", beside, load: Load::Churn, one_cpu: false }
    }

    #[test]
    fn without_another_server_beside_it_the_cost_counts() {
        let costs = Costs::from([
            (("a", "echo_timeout"), Ok(5.0)),
            (("b", "echo_timeout"), Err(io::Error::other("no"))),
        ]);
        let round = judge(course(None), &costs);
        assert_eq!(round["a"], Outcome::Value(5.0));
        assert_eq!(round["b"], Outcome::Failed("no".to_owned()));
    }

    #[test]
    fn beside_another_server_the_multiple_counts() {
        let costs = Costs::from([
            (("a", "echo"), Ok(4.0)),
            (("a", "echo_timeout"), Ok(5.0)),
            (("b", "echo"), Err(io::Error::other("no"))),
            (("b", "echo_timeout"), Ok(5.0)),
        ]);
        let round = judge(course(Some("echo")), &costs);
        assert_eq!(round["a"], Outcome::Value(1.25));
        assert_eq!(round["b"], Outcome::Failed("no".to_owned()));
    }
}
