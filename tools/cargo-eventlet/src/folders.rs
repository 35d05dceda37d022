//! Folders: what lies in one, and the way from one to another.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::Result;

/// What a patched crate does not need of the registry's.
const LEFT_OUT: [&str; 12] = [
    ".cargo-ok",
    ".cargo_vcs_info.json",
    ".git",
    ".github",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "benches",
    "examples",
    "target",
    "tests",
];

/// The files of a crate, but for its tests and manifest, by their paths from its folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(folder, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let here = folder.join(below);
    let entries = fs::read_dir(&here).map_err(|error| format!("cannot read {}: {error}", here.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("cannot read {}: {error}", here.display()))?;
        let name = entry.file_name();
        if below == Path::new("") && LEFT_OUT.iter().any(|left| name == *left) {
            continue;
        }
        let path = below.join(&name);
        if entry.path().is_dir() {
            walk(folder, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Writes a file, and the folder that it lies in.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// Reads a text.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The way from one folder to another, written with `/`. Both are absolute.
pub(crate) fn way(from: &Path, to: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let normal = path.components().filter(|part| !matches!(part, Component::CurDir));
        normal.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let way: Vec<String> = up.chain(to[common..].iter().cloned()).collect();
    way.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_and_down() {
        let way = |from: &str, to: &str| super::way(Path::new(from), Path::new(to));
        assert_eq!(way("/a/b/green/c", "/a/runtime"), "../../../runtime");
        assert_eq!(way("/a/b", "/a/b/green/c"), "green/c");
        assert_eq!(way("/a/b", "/c"), "../../c");
    }
}
