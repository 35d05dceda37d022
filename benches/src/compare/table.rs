//! The report, in Markdown.

use std::fmt::Write;

use super::options::Options;
use super::peers::{LIMIT, OURS, TOKIO};
use super::results::{Results, Row, Spread};
use super::workloads::{SIZES, STEPS, Unit};

/// Fewer rounds than this say little of how far they lie apart.
const ENOUGH: usize = 8;

pub(crate) fn report(results: &Results, peers: &[&str], runs: usize, options: &Options) -> String {
    let mut text = String::new();
    let command = format!("cargo run --release -p eventlet-bench --bin compare -- {}", options.typed);
    let _ = writeln!(
        text,
        "# Results\n\nMeasured on {} with `{}`.\n",
        today(),
        command.trim_end().trim_end_matches("--").trim_end()
    );
    let _ = writeln!(
        text,
        "Medians of {} interleaved runs on {}. Less is better, but for `hubs_gain` and `http_workers_gain`. Numbers without a unit are nanoseconds of the process's \
         CPU time. Ratios are formed in each round, and are the medians of these. `best peer` leaves out the limit, which \
         is no runtime. [README.md](README.md) says what each row does.\n\n![The same as bars](results.svg)\n",
        runs,
        machine()
    );
    write_rows(&mut text, results, peers);
    write_idle(&mut text, results);
    write_hubs(&mut text, results);
    write_spreads(&mut text, results);
    write_growth(&mut text, results);
    for (workload, peer, why) in results.failures() {
        let _ = writeln!(text, "* `{workload}`: {peer} failed: {why}");
    }
    text
}

fn write_rows(text: &mut String, results: &Results, peers: &[&str]) {
    let _ = writeln!(text, "| workload | {} | to tokio | to best peer | to limit |", peers.join(" | "));
    let _ = writeln!(text, "|---|{}---:|---:|---:|", "---:|".repeat(peers.len()));
    for row in results.rows.iter().filter(|row| !row.is_growth()) {
        let cells: Vec<String> = peers.iter().map(|peer| cell(row.median(peer), row.unit)).collect();
        let best = best_peer(row, peers).filter(|_| row.unit.compares());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.workload,
            cells.join(" | "),
            ratio(row, Some(TOKIO)),
            best.map_or("–".to_owned(), |peer| format!("{} ({peer})", ratio(row, Some(peer)))),
            ratio(row, Some(LIMIT)),
        );
    }
    text.push('\n');
}

/// This crate's cost as a multiple of another's.
fn ratio(row: &Row, other: Option<&str>) -> String {
    let ratio = other.filter(|_| row.unit.compares()).and_then(|other| row.ratio(OURS, other));
    ratio.map_or("–".to_owned(), |ratio| format!("{:.2}", ratio.median))
}

fn best_peer<'a>(row: &Row, peers: &[&'a str]) -> Option<&'a str> {
    let others = peers.iter().filter(|&&peer| peer != OURS && peer != LIMIT);
    let medians = others.filter_map(|&peer| Some((peer, row.median(peer)?)));
    medians.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(peer, _)| peer)
}

/// How far the rounds lie apart, where there were enough of them.
fn write_spreads(text: &mut String, results: &Results) {
    let rows: Vec<&Row> = results.rows.iter().filter(|row| row.rounds(OURS) >= ENOUGH).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "## Round by round\n\nMedians and quartiles of the rounds: half of them lie between these two.\n\n\
         | workload | rounds | {OURS} | to tokio | to limit |\n|---|---:|---:|---:|---:|"
    );
    for row in rows {
        let ratio = |other| row.unit.compares().then(|| row.ratio(OURS, other)).flatten();
        let [to_tokio, to_limit] = [TOKIO, LIMIT].map(|other| spread(ratio(other), Unit::Times));
        let (rounds, ours) = (row.rounds(OURS), spread(row.spread(OURS), row.unit));
        let _ = writeln!(text, "| {} | {rounds} | {ours} | {to_tokio} | {to_limit} |", row.workload);
    }
    text.push('\n');
}

fn spread(spread: Option<Spread>, unit: Unit) -> String {
    spread.map_or("–".to_owned(), |Spread { low, median, high }| {
        let [low, median, high] = [low, median, high].map(|value| number(value, unit));
        format!("{median} ({low} to {high})")
    })
}

fn write_growth(text: &mut String, results: &Results) {
    let measured = |step: &str| SIZES.map(|size| results.median(&format!("{step} {size}"), OURS));
    if STEPS.iter().all(|step| measured(step) == [None; 4]) {
        return;
    }
    let sizes: Vec<String> = SIZES.iter().map(u64::to_string).collect();
    let _ = writeln!(
        text,
        "## How cost grows\n\nNanoseconds of CPU for a step with so many threads alive.\n\n![Curves of the last run that had these rows](growth.svg)\n"
    );
    let _ = writeln!(text, "| step | {} |\n|---|{}", sizes.join(" | "), "---:|".repeat(sizes.len()));
    for step in STEPS {
        let cells = measured(step).map(|value| cell(value, Unit::Nanoseconds));
        let _ = writeln!(text, "| {step} | {} |", cells.join(" | "));
    }
    text.push('\n');
}

fn write_idle(text: &mut String, results: &Results) {
    if let (Some(all), Some(locals)) =
        (results.median("echo_idle_memory", OURS), results.median("echo_locals", OURS))
    {
        let _ = writeln!(
            text,
            "Of the {all:.0} bytes of an idle connection {locals:.0} are the handler's own locals, its buffer among them: \
             the size of its state machine (`echo_locals`). The other {:.0} are what this crate and the allocator add.\n",
            all - locals
        );
    }
}

fn write_hubs(text: &mut String, results: &Results) {
    if let Some(gain) = results.median("hubs_gain", OURS) {
        let _ = writeln!(
            text,
            "Two hubs, each on a processor of its own, do {gain:.2} times as much in the same time as one does alone \
             (`hubs_gain`: wall time, the median of pairs of runs).\n"
        );
    }
    if let Some(gain) = results.median("http_workers_gain", OURS) {
        let _ = writeln!(
            text,
            "A web server with two workers and a load for each answers {gain:.2} times as many requests in the same time \
             as one with one of each, which share a processor (`http_workers_gain`: wall time, the median of pairs of \
             runs).\n"
        );
    }
    if let Some(share) = results.median("reuse_port", OURS) {
        let _ = writeln!(
            text,
            "Of the connections to a port at which two hubs listen the busier one got {:.1} % (`reuse_port`).\n",
            share * 100.0
        );
    }
}

fn cell(value: Option<f64>, unit: Unit) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let suffix = match unit {
        Unit::Nanoseconds => "",
        Unit::Bytes => " B",
        Unit::Calls => " calls",
        Unit::Times => " ×",
        Unit::Share => " %",
    };
    number(value, unit) + suffix
}

/// As many digits as mean something.
fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds if value < 100.0 => format!("{value:.1}"),
        Unit::Nanoseconds | Unit::Bytes => format!("{value:.0}"),
        Unit::Calls => format!("{value:.2}"),
        Unit::Times => format!("{value:.3}"),
        Unit::Share => format!("{:.1}", value * 100.0),
    }
}

/// The processor's own name.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} × {}", name.map_or("a processor", |(_, name)| name))
}

/// The date, in UTC.
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut days = since.as_secs() / 86_400;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Outcome, Round};

    fn results(name: &str, unit: Unit, values: &[(&'static str, f64)]) -> Results {
        let round: Round = values.iter().map(|&(peer, value)| (peer, Outcome::Value(value))).collect();
        let mut results = Results::default();
        results.add(name, unit, round);
        results
    }

    fn last_line(results: &Results, peers: &[&str]) -> String {
        let mut text = String::new();
        write_rows(&mut text, results, peers);
        text.trim_end().lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_row_has_ratios_to_tokio_to_the_best_peer_and_to_the_limit() {
        let peers = [OURS, LIMIT, TOKIO, "smol"];
        let results =
            results("r", Unit::Nanoseconds, &[(OURS, 60.0), (LIMIT, 40.0), (TOKIO, 120.0), ("smol", 100.0)]);
        assert_eq!(
            last_line(&results, &peers),
            "| r | 60.0 | 40.0 | 120 | 100 | 0.50 | 0.60 (smol) | 1.50 |"
        );
    }

    #[test]
    fn multiples_of_something_else_are_not_set_beside_each_other() {
        let results = results("r", Unit::Times, &[(OURS, 1.02), (TOKIO, 1.03)]);
        assert_eq!(last_line(&results, &[OURS, TOKIO]), "| r | 1.020 × | 1.030 × | – | – | – |");
    }

    #[test]
    fn a_peer_without_a_value_has_a_dash() {
        let results = results("r", Unit::Bytes, &[(OURS, 133.4)]);
        assert_eq!(last_line(&results, &[OURS, TOKIO]), "| r | 133 B | – | – | – | – |");
    }
}
