//! Runs this crate and its peers side by side: every workload in turn, peers interleaved, medians of several runs.
//!
//! What it finds goes to `benches/results.md` and `benches/results.svg`, and the table to standard output as well.

mod chart;
mod curve;
mod options;
mod peers;
mod program;
mod results;
mod server;
mod table;
mod workloads;

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use options::Options;
use peers::Peer;
use results::{Outcome, Results};
use workloads::{Kind, SIZES, STEPS, Unit, Workload};

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
    let mut results = Results::default();
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    for run in 1..=options.runs {
        measure_growth(&mut results, &peers, options);
        for workload in workloads::ALL.iter().filter(|workload| options.wants_workload(workload.name)) {
            for peer in &peers {
                eprintln!("run {run} of {}: {} {}", options.runs, workload.name, peer.name);
                results.add(workload, peer.name, once(workload, peer, options.scale));
            }
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
fn measure_growth(results: &mut Results, peers: &[Peer], options: &Options) {
    let Some(ours) = peers.iter().find(|peer| peer.name == peers::OURS) else { return };
    for step in STEPS.into_iter().filter(|step| options.wants_workload(step)) {
        for size in SIZES {
            eprintln!("{step} with {size} threads");
            let outcome = program::value(ours.command().args([step, &size.to_string()]), Unit::Nanoseconds);
            results.add_named(format!("{step} {size}"), Unit::Nanoseconds, peers::OURS, outcome);
        }
    }
}

fn once(workload: &Workload, peer: &Peer, scale: f64) -> Outcome {
    if workload.is_ours_alone && peer.name != peers::OURS {
        return Outcome::Unsupported;
    }
    let n = ((workload.n as f64 * scale * peer.share(workload)) as u64).max(workload.least);
    match workload.kind {
        Kind::Program => program::measure(peer, workload, n),
        Kind::Server(load) => server::measure(peer, load, n),
    }
}
