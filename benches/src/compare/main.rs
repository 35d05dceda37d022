//! Runs this crate and its peers side by side: every workload in turn, peers interleaved, medians of several runs.
//!
//! What it finds goes to `benches/results.md` and `benches/results.svg`, and the table to standard output as well.

mod alone;
mod chart;
mod curve;
mod hubs;
mod load;
mod options;
mod peers;
mod program;
mod results;
mod rounds;
mod server;
mod table;
mod workers;
mod workloads;

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use eventlet_bench_measure::Delays;
use options::Options;
use peers::Peer;
use results::{Outcome, Results, Round};
use workloads::{FEWEST_ROUNDS, Kind, ROUNDS, SIZES, STARTS, STEPS, Unit, Workload};

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).map_err(Into::into).and_then(|options| compare(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<(), Box<dyn Error>> {
    server::allow_many_descriptors();
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let peers = peers::build(benches, options)?;
    let ours = peers.first().expect("this crate's own program is always there");
    let mut results = Results::default();
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    let mut shuffle = Delays::default();
    for run in 1..=options.runs {
        measure_growth(&mut results, ours, options);
        for workload in workloads::ALL.iter().filter(|workload| options.wants_workload(workload.name)) {
            eprintln!("run {run} of {}: {}", options.runs, workload.name);
            measure(&mut results, workload, &peers, options.scale, &mut shuffle);
        }
        // After each run, so that one that is interrupted has not been for nothing.
        if options.writes {
            write_files(benches, &results, &names, run, options)?;
        }
    }
    print!("{}", table::report(&results, &names, options.runs, options));
    Ok(())
}

fn write_files(
    benches: &Path,
    results: &Results,
    peers: &[&str],
    run: usize,
    options: &Options,
) -> io::Result<()> {
    if let Some(curve) = curve::draw(results) {
        std::fs::write(benches.join("growth.svg"), curve)?;
    }
    // With the growth alone there is no table of peers to put in the place of the last one.
    if results.has_comparison() {
        std::fs::write(benches.join("results.md"), table::report(results, peers, run, options))?;
        std::fs::write(benches.join("results.svg"), chart::draw(results, peers))?;
    }
    Ok(())
}

/// How cost grows is asked of this crate alone.
fn measure_growth(results: &mut Results, ours: &Peer, options: &Options) {
    for step in STEPS.into_iter().filter(|step| options.wants_workload(step)) {
        for size in SIZES {
            eprintln!("{step} with {size} threads");
            let outcome = program::measure(ours.command().args([step, &size.to_string()]), Unit::Nanoseconds);
            results.add(&format!("{step} {size}"), Unit::Nanoseconds, Round::from([(ours.name, outcome)]));
        }
    }
}

fn measure(results: &mut Results, workload: &Workload, peers: &[Peer], scale: f64, shuffle: &mut Delays) {
    let number = |peer: &Peer, scale: f64| {
        ((workload.n as f64 * scale * peer.share(workload)) as u64).max(workload.least)
    };
    match workload.kind {
        Kind::Rounds(course) => {
            let rounds = ((ROUNDS as f64 * scale) as usize).max(FEWEST_ROUNDS);
            let start = |_| rounds::measure(peers, course, |peer| number(peer, 1.0), rounds, shuffle);
            for round in (0..STARTS).flat_map(start) {
                results.add(workload.name, workload.unit, round);
            }
        }
        Kind::Hubs => hubs::measure(results, &peers[0], number(&peers[0], scale)),
        Kind::Workers => workers::measure(results, &peers[0], number(&peers[0], scale)),
        _ => {
            let all = peers.iter().map(|peer| (peer.name, once(workload, peer, number(peer, scale))));
            results.add(workload.name, workload.unit, all.collect());
        }
    }
}

fn once(workload: &Workload, peer: &Peer, n: u64) -> Outcome {
    if workload.is_ours_alone && peer.name != peers::OURS {
        return Outcome::Unsupported;
    }
    match workload.kind {
        Kind::SystemCalls { serve, load } => alone::system_calls(peer, serve, load, n),
        Kind::IdleMemory { serve, connections } => alone::idle_memory(peer, serve, connections),
        _ => program::measure(peer.command().args([workload.name, &n.to_string()]), workload.unit),
    }
}
