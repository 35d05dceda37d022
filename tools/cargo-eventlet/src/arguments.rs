//! What was asked for.

use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Makes crates that block run on the green threads of eventlet.

    cargo eventlet patch CRATE...    write a green copy of each into green/, and have Cargo use it
    cargo eventlet patch --check     whether green/ is what its crates and this command give
    cargo eventlet table             a table of what is patched

A crate whose interface has the streams of another (tungstenite has byteorder's) comes after that one.

    --manifest-path PATH    the project's Cargo.toml, if it is not in this folder
    --offline               ask no registry
    --keep                  leave what was written even if the crate cannot be patched";

/// What the command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Patch,
    Check,
    Table,
}

/// The command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) task: Task,
    pub(crate) crates: Vec<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) is_offline: bool,
    pub(crate) keeps: bool,
}

impl Arguments {
    /// Reads what stands behind the program's name. Cargo puts the word `eventlet` first.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut words = words.skip_while(|word| word == "eventlet").peekable();
        let mut arguments = Arguments {
            task: Task::Help,
            crates: Vec::new(),
            manifest_path: PathBuf::from("Cargo.toml"),
            is_offline: false,
            keeps: false,
        };
        match words.next().as_deref() {
            None | Some("--help" | "-h" | "help") => return Ok(arguments),
            Some("patch") => arguments.task = Task::Patch,
            Some("table") => arguments.task = Task::Table,
            Some(word) => return Err(format!("there is no `cargo eventlet {word}`\n\n{HELP}")),
        }
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Arguments { task: Task::Help, ..arguments }),
                "--check" => arguments.task = Task::Check,
                "--offline" => arguments.is_offline = true,
                "--keep" => arguments.keeps = true,
                "--manifest-path" => {
                    arguments.manifest_path =
                        words.next().ok_or("`--manifest-path` has a path behind it")?.into();
                }
                word if word.starts_with('-') => {
                    return Err(format!("there is no option `{word}`\n\n{HELP}"));
                }
                _ => arguments.crates.push(word),
            }
        }
        if arguments.task == Task::Patch && arguments.crates.is_empty() {
            return Err(format!("which crate? `cargo eventlet patch CRATE`\n\n{HELP}"));
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_is_read_with_and_without_cargo() {
        for line in ["eventlet patch minreq --offline", "patch --offline minreq"] {
            let arguments = parsed(line).unwrap();
            assert_eq!((arguments.task, arguments.is_offline), (Task::Patch, true));
            assert_eq!(arguments.crates, ["minreq"]);
        }
        assert_eq!(parsed("eventlet patch --check").unwrap().task, Task::Check);
        assert_eq!(parsed("").unwrap().task, Task::Help);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(parsed("patch").unwrap_err().starts_with("which crate?"));
        assert!(parsed("patch a --fast").unwrap_err().starts_with("there is no option `--fast`"));
        assert!(parsed("mend a").unwrap_err().starts_with("there is no `cargo eventlet mend`"));
    }
}
