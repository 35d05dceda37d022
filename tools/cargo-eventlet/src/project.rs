//! The user's project, and the crates that it has.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use eventlet_patcher::manifest::Runtime;
use serde_json::Value;

use crate::folders::way;
use crate::{Result, arguments::Arguments};

/// A project that depends on `eventlet`.
#[derive(Debug)]
pub(crate) struct Project {
    /// The workspace's folder.
    pub(crate) root: PathBuf,
    packages: Vec<Value>,
}

impl Project {
    /// Asks Cargo.
    pub(crate) fn find(arguments: &Arguments) -> Result<Project> {
        let metadata = metadata(&arguments.manifest_path, arguments.is_offline)?;
        let root = metadata["workspace_root"].as_str().ok_or("Cargo names no folder of the workspace")?;
        let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
        Ok(Project { root: root.into(), packages })
    }

    /// The version of a crate that the project uses, which may be patched already.
    pub(crate) fn version(&self, name: &str, wanted: Option<&str>) -> Result<String> {
        let all = self.named(name).filter_map(|package| package["version"].as_str());
        let versions: Vec<&str> =
            all.filter(|version| wanted.is_none_or(|wanted| wanted == *version)).collect();
        match versions[..] {
            [version] => Ok(version.to_owned()),
            [] => Err(format!("this project does not depend on `{name}`: `cargo add {name}` first")),
            _ => Err(format!(
                "this project has `{name}` in several versions ({}): say which one is meant, as in \
                 `cargo eventlet patch {name}@{}`",
                versions.join(", "),
                versions[0]
            )),
        }
    }

    /// The repository that a crate comes from, if it is none of the registry's: its URL and the
    /// revision.
    pub(crate) fn repository(&self, name: &str, version: &str) -> Option<(String, String)> {
        let mut packages = self.named(name).filter(|package| package["version"] == version);
        let source = packages.find_map(|package| package["source"].as_str()?.strip_prefix("git+"))?;
        let (url, revision) = source.split_once('#')?;
        Some((url.split('?').next()?.to_owned(), revision.to_owned()))
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.packages.iter().filter(move |package| package["name"] == name)
    }

    /// What a crate in that folder says of `eventlet`, so that it gets the same as this project.
    pub(crate) fn runtime(&self, folder: &Path) -> Result<Runtime> {
        let package = self.named("eventlet").next();
        let package =
            package.ok_or("this project does not depend on `eventlet`: `cargo add eventlet` first")?;
        let version = package["version"].as_str().unwrap_or("*");
        match package["source"].as_str() {
            None => {
                let manifest = Path::new(package["manifest_path"].as_str().unwrap_or(""));
                let runtime = manifest.parent().unwrap_or(Path::new(""));
                let value = |path: &Path| format!("{{ path = \"{}\" }}", way(folder, path));
                Ok(Runtime { eventlet: value(runtime), eventlet_std: value(&runtime.join("std")) })
            }
            Some(source) if source.starts_with("git+") => {
                let (url, revision) = source["git+".len()..].split_once('#').unwrap_or((source, ""));
                let url = url.split('?').next().unwrap_or(url);
                let value = format!("{{ git = \"{url}\", rev = \"{revision}\" }}");
                Ok(Runtime { eventlet: value.clone(), eventlet_std: value })
            }
            Some(_) => {
                let value = format!("{{ version = \"{version}\" }}");
                Ok(Runtime { eventlet: value.clone(), eventlet_std: value })
            }
        }
    }

    /// What rustc says of one crate of the project: the lines of JSON, and whether it compiles.
    pub(crate) fn ask_rustc(&self, package: &str, is_offline: bool) -> Result<Said> {
        let mut cargo = cargo(is_offline);
        cargo.args(["check", "--message-format=json", "--package", package]);
        cargo.arg("--manifest-path").arg(self.root.join("Cargo.toml"));
        // Warnings are what tells of calls that nobody drives, whatever the user thinks of warnings.
        cargo.env_remove("RUSTFLAGS").current_dir(&self.root);
        let output =
            cargo.stdin(Stdio::null()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
        Ok(Said {
            lines: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            compiles: output.status.success(),
        })
    }
}

/// What `cargo check` says.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) lines: String,
    pub(crate) errors: String,
    pub(crate) compiles: bool,
}

/// `cargo metadata`.
pub(crate) fn metadata(manifest_path: &Path, is_offline: bool) -> Result<Value> {
    let mut cargo = cargo(is_offline);
    cargo.args(["metadata", "--format-version=1", "--manifest-path"]).arg(manifest_path);
    let output = cargo.stdin(Stdio::null()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr)
            .trim_start_matches("error: ")
            .trim_end()
            .to_owned());
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("`cargo metadata` is not understood: {error}"))
}

fn cargo(is_offline: bool) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What a `cargo run` around this has set for itself is not meant for the project.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    if is_offline {
        command.arg("--offline");
    }
    command
}
