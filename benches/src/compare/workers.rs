//! Two workers of the web server beside one: pairs of runs, as with hubs.
//!
//! There are as many loads as workers, each on a processor of its own that it shares with whichever worker is there. So
//! there is twice as much of everything, and twice as many requests is all that there can be.

use std::io;
use std::time::Instant;

use super::load::Generator;
use super::peers::Peer;
use super::results::{Outcome, Results, Round};
use super::server::Server;
use super::workloads::{Load, Unit};

const PAIRS: usize = 5;
/// Of each load. They are dealt out by a hash, so more of them lie closer to one half for each worker.
const CONNECTIONS: usize = 200;

/// CPU for a request with one worker and with two, and how many more two answer in the same time.
pub(crate) fn measure(results: &mut Results, ours: &Peer, requests: u64) {
    for pair in 0..PAIRS {
        // Now one goes first, now the other.
        let order = if pair % 2 == 0 { [1, 2] } else { [2, 1] };
        let runs = order.map(|workers| (workers, run(ours, workers, requests)));
        for (workers, run) in &runs {
            let outcome = match run {
                Ok(Some(run)) => Outcome::Value(run.cpu),
                Ok(None) => Outcome::Unsupported,
                Err(error) => Outcome::Failed(error.to_string()),
            };
            let name = format!("http_workers{workers}");
            results.add(&name, Unit::Nanoseconds, Round::from([(ours.name, outcome)]));
        }
        let pace = |wanted| {
            let (_, run) = runs.iter().find(|(workers, _)| *workers == wanted)?;
            Some(run.as_ref().ok()?.as_ref()?.pace)
        };
        if let (Some(one), Some(two)) = (pace(1), pace(2)) {
            let gain = Round::from([(ours.name, Outcome::Value(two / one))]);
            results.add("http_workers_gain", Unit::Times, gain);
        }
    }
}

struct Run {
    /// Nanoseconds of the server's for a request.
    cpu: f64,
    /// Requests in a second.
    pace: f64,
}

fn run(ours: &Peer, workers: usize, requests: u64) -> io::Result<Option<Run>> {
    let server = match workers {
        1 => Server::start(ours, "http"),
        // The operating system moves them about, so that neither processor waits for the other's connections.
        _ => Server::start_anywhere(ours, "http_workers"),
    };
    let Some(server) = server? else { return Ok(None) };
    let load = Load::Requests { connections: CONNECTIONS, together: 1 };
    let start = |cpu| Generator::start_on(cpu, load, server.port, false);
    let mut generators: Vec<Generator> = (0..workers).map(start).collect::<io::Result<_>>()?;
    go(&mut generators, requests / 5)?;
    let (before, began) = (server.cpu_nanoseconds()?, Instant::now());
    let done = go(&mut generators, requests)?;
    let seconds = began.elapsed().as_secs_f64();
    let spent = server.cpu_nanoseconds()?.saturating_sub(before);
    Ok(Some(Run { cpu: spent as f64 / done, pace: done / seconds }))
}

/// Lets each of them do so many.
fn go(generators: &mut [Generator], requests: u64) -> io::Result<f64> {
    generators.iter_mut().try_for_each(|generator| generator.begin(requests))?;
    generators.iter_mut().map(Generator::finish).sum()
}
