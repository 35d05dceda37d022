//! The report, in Markdown.

use std::fmt::Write;

use super::options::Options;
use super::peers::{LIMIT, OURS, TOKIO};
use super::results::{Results, Row};
use super::workloads::{SIZES, STEPS, Unit};

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
        "Medians of {} interleaved runs on {}. Less is better. Numbers without a unit are nanoseconds of the process's CPU time. `best peer` leaves out the limit, which is no runtime. \
         [README.md](README.md) says what each row does.\n\n![The same as bars](results.svg)\n",
        runs,
        machine()
    );
    write_rows(&mut text, results, peers);
    write_growth(&mut text, results);
    write_hubs(&mut text, results);
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
        let ours = row.median(OURS);
        let best = best_peer(row, peers);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.workload,
            cells.join(" | "),
            ratio(ours, row.median(TOKIO)),
            best.map_or("–".to_owned(), |(peer, value)| format!("{} ({peer})", ratio(ours, Some(value)))),
            ratio(ours, row.median(LIMIT)),
        );
    }
    text.push('\n');
}

fn best_peer<'a>(row: &Row, peers: &[&'a str]) -> Option<(&'a str, f64)> {
    let others = peers.iter().filter(|&&peer| peer != OURS && peer != LIMIT);
    others.filter_map(|&peer| Some((peer, row.median(peer)?))).min_by(|a, b| a.1.total_cmp(&b.1))
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

fn write_hubs(text: &mut String, results: &Results) {
    if let (Some(one), Some(two)) = (results.median("hubs1", OURS), results.median("hubs2", OURS)) {
        let _ = writeln!(
            text,
            "With two hubs at work an operation takes {:.2} times the CPU that it takes with one. If each had a processor of \
             its own, that would be {:.2} times the work of one; wall time was not compared.\n",
            two / one,
            2.0 * one / two
        );
    }
}

fn cell(value: Option<f64>, unit: Unit) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let digits = if value < 100.0 { 1 } else { 0 };
    match unit {
        Unit::Nanoseconds => format!("{value:.digits$}"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::Calls => format!("{value:.2} calls"),
    }
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> String {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if theirs > 0.0 => format!("{:.2}", ours / theirs),
        _ => "–".to_owned(),
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
