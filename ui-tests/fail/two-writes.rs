// With std's `Write` and the green one in scope, `write!` could mean either: `fmt_into` names the writer's own.
use std::io::Write as _;

use eventlet::green::io::{self, Write};

fn encode(n: u32) -> io::Result<Vec<u8>> {
    let mut frame = Vec::new();
    write!(frame, "{n}")?; //~ ERROR multiple applicable items in scope
    Ok(frame)
}

fn main() {
    let _ = (encode, |mut writer: Vec<u8>| drop(Write::flush(&mut writer)));
}
