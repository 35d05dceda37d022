//! The same as bars: one group for each workload, each bar as long as its share of tokio's (or else of the longest).

use std::fmt::Write;

use super::peers::{LIMIT, OURS, TOKIO};
use super::results::{Results, Row};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 170.0;
const BAR: f64 = 11.0;
const GAP: f64 = 14.0;
const TOP: f64 = 64.0;
/// Longer bars are cut, and say how long they are.
const MOST: f64 = 2.0;

pub(crate) fn draw(results: &Results, peers: &[&str]) -> String {
    let rows: Vec<(&Row, f64)> = results.rows.iter().filter_map(|row| Some((row, unit(row)?))).collect();
    let mut bars = String::new();
    let mut y = TOP;
    for (row, unit) in &rows {
        let first = y;
        for peer in peers {
            let Some(value) = row.median(peer) else { continue };
            draw_bar(&mut bars, y, value / unit, peer, value);
            y += BAR;
        }
        let middle = f64::midpoint(first, y) + 4.0;
        let _ = writeln!(
            bars,
            "<text x=\"{:.0}\" y=\"{middle:.1}\" text-anchor=\"end\" font-size=\"12\">{}</text>",
            LEFT - 10.0,
            row.workload
        );
        y += GAP;
    }
    let one = LEFT + (WIDTH - LEFT - 90.0) / MOST;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\" \
         fill=\"#222\">\n<rect width=\"{WIDTH}\" height=\"{height:.0}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">Cost relative to tokio, shorter is better; the number is CPU ns \
         (bytes, calls) for each operation</text>",
        height = y + 10.0
    );
    draw_legend(&mut svg, peers);
    svg.push_str(&bars);
    let _ = writeln!(
        svg,
        "<line x1=\"{one:.0}\" x2=\"{one:.0}\" y1=\"{:.0}\" y2=\"{y:.0}\" stroke=\"#888\" stroke-dasharray=\"3 3\"/>\n\
         </svg>",
        TOP - 8.0
    );
    svg
}

/// What counts as one; a row that only this crate has is not drawn.
fn unit(row: &Row) -> Option<f64> {
    row.median(TOKIO).filter(|value| row.unit.compares() && *value > 0.0)
}

fn draw_bar(bars: &mut String, y: f64, share: f64, peer: &str, value: f64) {
    let length = share.min(MOST) / MOST * (WIDTH - LEFT - 90.0);
    let cut = if share > MOST { format!("  (× {share:.1})") } else { String::new() };
    let digits = if value < 100.0 { 1 } else { 0 };
    let _ = writeln!(
        bars,
        "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"9\">{value:.digits$}{cut}</text>",
        BAR - 1.5,
        colour(peer),
        LEFT + length + 4.0,
        y + BAR - 3.0
    );
}

fn draw_legend(svg: &mut String, peers: &[&str]) {
    let mut x = LEFT;
    for peer in peers {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.0}\" y=\"32\" width=\"10\" height=\"10\" fill=\"{}\"/>\
             <text x=\"{:.0}\" y=\"41\" font-size=\"11\">{peer}</text>",
            colour(peer),
            x + 14.0
        );
        x += 30.0 + 7.0 * peer.len() as f64;
    }
}

fn colour(peer: &str) -> &'static str {
    match peer {
        OURS => "#d1495b",
        LIMIT => "#bbbbbb",
        TOKIO => "#30638e",
        "tokio-no-limit" => "#7fa6c9",
        "axum" => "#3d3a5c",
        "smol" => "#00798c",
        "monoio" => "#edae49",
        "compio" => "#8f5d9e",
        "may" => "#66a182",
        "go" => "#5bc0de",
        "gevent" => "#a67c52",
        _ => "#6b705c",
    }
}
