//! `cargo eventlet patch CRATE…`: makes crates that block run on green threads.
//!
//! ```text
//! arguments.rs   what was asked for
//! project.rs     the user's project, and the crates that it has
//! original.rs    a crate as the registry has it
//! patch.rs       the rounds: write, ask rustc, learn
//! record.rs      `green.toml`: what was done, and how to do it again
//! folders.rs     copying, comparing, and the way from one folder to another
//! ```
#![forbid(unsafe_code)]

mod arguments;
mod folders;
mod original;
mod patch;
mod project;
mod record;

use std::process::ExitCode;

use arguments::{Arguments, Task};

/// An error, in a sentence for whoever has typed the command.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let done = match arguments.task {
        Task::Help => {
            println!("{}", arguments::HELP);
            Ok(())
        }
        Task::Patch => patch::patch(&arguments),
        Task::Check => patch::check(&arguments),
        Task::Table => patch::table(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
