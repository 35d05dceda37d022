//! How cost grows, as curves: nanoseconds for each step over the number of live threads.

use std::fmt::Write;

use super::peers::OURS;
use super::results::Results;
use super::workloads::{SIZES, STEPS};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 5] = ["#d1495b", "#30638e", "#edae49", "#66a182", "#8f5d9e"];

/// `None` if there is nothing to draw.
pub(crate) fn draw(results: &Results) -> Option<String> {
    let value = |step: &str, size: u64| results.median(&format!("{step} {size}"), OURS);
    let all = STEPS.iter().flat_map(|step| SIZES.iter().filter_map(|&size| value(step, size)));
    let highest = all.max_by(f64::total_cmp)?;
    let mut svg = frame((highest / 20.0).ceil() * 20.0);
    let mut labels: Vec<(f64, &str, &str)> = Vec::new();
    for (step, colour) in STEPS.into_iter().zip(COLOURS) {
        let mut points = String::new();
        let mut last = None;
        for (index, size) in SIZES.into_iter().enumerate() {
            let Some(value) = value(step, size) else { continue };
            let (x, y) = place(index, value, (highest / 20.0).ceil() * 20.0);
            let _ = write!(points, "{x:.1},{y:.1} ");
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
            last = Some(y);
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        labels.extend(last.map(|y| (y, step, colour)));
    }
    write_labels(&mut svg, labels);
    svg.push_str("</svg>\n");
    Some(svg)
}

fn place(index: usize, value: f64, highest: f64) -> (f64, f64) {
    let x = LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / (SIZES.len() - 1) as f64;
    (x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / highest)
}

fn frame(highest: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         fill=\"#222\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"14\">CPU ns for a step, over the number of live threads</text>\n"
    );
    for (index, size) in SIZES.into_iter().enumerate() {
        let (x, y) = place(index, 0.0, highest);
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\">{size}</text>",
            y + 20.0
        );
    }
    for part in 0..=4 {
        let value = highest * f64::from(part) / 4.0;
        let (x, y) = place(0, value, highest);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"12\">{value:.0}</text>",
            WIDTH - RIGHT,
            x - 10.0,
            y + 4.0
        );
    }
    svg
}

/// Each beside the end of its curve, and none over another.
fn write_labels(svg: &mut String, mut labels: Vec<(f64, &str, &str)>) {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0_f64;
    for (y, step, colour) in labels {
        let y = y.max(free);
        free = y + 14.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"{colour}\">{step}</text>",
            WIDTH - RIGHT + 10.0,
            y + 4.0
        );
    }
}
