//! Crates that a test writes, builds and looks at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A crate that depends on `eventlet`, in the folder for a test's own files.
pub(crate) struct Generated {
    folder: PathBuf,
}

impl Generated {
    /// Writes the manifest. All of them share one target folder.
    pub(crate) fn new(name: &str, edition: &str, rest: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let runtime = project.join("runtime");
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = {edition:?}\nautobins = false\n\
             [workspace]\n[dependencies]\neventlet = {{ path = {runtime:?} }}\n{rest}"
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("a writable folder");
        fs::copy(project.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file is there");
        Generated { folder }
    }

    /// Where a file of the crate is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs a command of cargo's on it, without the network.
    pub(crate) fn cargo(&self, command: &[&str]) -> Output {
        Command::new(env!("CARGO"))
            .args(command)
            .arg("--offline")
            .arg("--manifest-path")
            .arg(self.path("Cargo.toml"))
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"))
            .output()
            .expect("cargo runs")
    }

    /// Where a program of it is, once built.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("target/debug").join(name)
    }
}
