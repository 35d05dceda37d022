// A boxed function's type is written in full, so that a lifetime which a type hides has to be shown.
use eventlet::green;

struct Line<'a>(&'a str);

#[green(boxed)]
fn send(line: Line) -> usize { //~ ERROR explicit lifetime required in the type of `line`
    line.0.len()
}

#[green(boxed)]
fn send_shown(line: Line<'_>) -> usize {
    line.0.len()
}

#[green]
fn send_by_any_other(line: Line) -> usize {
    line.0.len()
}

#[green]
fn main() {
    let text = "one".to_owned();
    send(Line(&text));
    send_shown(Line(&text));
    send_by_any_other(Line(&text));
}
