//! Two hubs beside one: pairs of runs, one after the other, for other load on the machine to hit both.

use super::peers::Peer;
use super::program;
use super::results::{Outcome, Results, Round};
use super::workloads::Unit;

const PAIRS: usize = 5;

/// CPU for an operation of one hub and of two, and how much more two do in the same time.
pub(crate) fn measure(results: &mut Results, ours: &Peer, n: u64) {
    for pair in 0..PAIRS {
        // Now one goes first, now the other.
        let order = if pair % 2 == 0 { ["hubs1", "hubs2"] } else { ["hubs2", "hubs1"] };
        let lines =
            order.map(|workload| (workload, program::line(ours.command().args([workload, &n.to_string()]))));
        for (workload, line) in &lines {
            let value = program::read(line, Unit::Nanoseconds);
            results.add(workload, Unit::Nanoseconds, Round::from([(ours.name, value)]));
        }
        let pace = |workload| {
            let (_, line) = lines.iter().find(|(name, _)| *name == workload)?;
            program::field(line.as_ref().ok()?, "ops_per_s")
        };
        if let (Some(one), Some(two)) = (pace("hubs1"), pace("hubs2")) {
            results.add("hubs_gain", Unit::Times, Round::from([(ours.name, Outcome::Value(two / one))]));
        }
    }
}
