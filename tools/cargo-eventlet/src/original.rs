//! A crate as the registry has it.

use std::path::{Path, PathBuf};

use eventlet_patcher::Source;

use crate::Result;
use crate::folders::{read, write};
use crate::project::metadata;

/// A crate's own files.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) checksum: String,
    /// The URL and the revision, if it is none of the registry's.
    pub(crate) repository: Option<(String, String)>,
    pub(crate) folder: PathBuf,
    pub(crate) source: Source,
}

impl Original {
    /// Finds it, and has Cargo fetch it if it is not there yet. A project that has it patched no
    /// longer knows where it is, so a package of its own is made to ask.
    pub(crate) fn find(
        name: &str,
        version: &str,
        repository: Option<(String, String)>,
        root: &Path,
        is_offline: bool,
    ) -> Result<Original> {
        let from = match &repository {
            None => format!("version = \"={version}\""),
            Some((url, revision)) => format!("git = \"{url}\", rev = \"{revision}\""),
        };
        let asks = root.join("target/eventlet").join(format!("{name}-{version}"));
        let manifest = asks.join("Cargo.toml");
        let text = format!(
            "[package]\nname = \"asks-for-{name}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
             [lib]\npath = \"lib.rs\"\n\n[dependencies]\n{name} = {{ {from}, default-features = false }}\n"
        );
        write(&manifest, text)?;
        write(&asks.join("lib.rs"), "")?;
        // What is here already is not asked for again.
        let found = metadata(&manifest, true)
            .or_else(|error| if is_offline { Err(error) } else { metadata(&manifest, false) })?;
        let packages = found["packages"].as_array().into_iter().flatten();
        let package =
            packages.into_iter().find(|package| package["name"] == name && package["version"] == version);
        let package = package.ok_or_else(|| format!("the registry has no `{name}` {version}"))?;
        let folder =
            Path::new(package["manifest_path"].as_str().unwrap_or("")).parent().unwrap_or(Path::new(""));
        let targets = package["targets"].as_array().into_iter().flatten();
        let kinds = ["lib", "rlib", "cdylib", "dylib", "staticlib"];
        let library = targets.into_iter().find(|target| {
            target["kind"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|kind| kinds.iter().any(|known| kind == known))
        });
        let library = library.and_then(|library| library["src_path"].as_str());
        let library =
            library.ok_or_else(|| format!("`{name}` is no library, so there is nothing to patch"))?;
        let library = Path::new(library).strip_prefix(folder).map_err(|error| error.to_string())?;
        let library = library.to_string_lossy().replace('\\', "/");
        let text_of = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
        let source = Source::read(&library, package["edition"] == "2015", &text_of)
            .map_err(|refusal| format!("{name} {version}: {refusal}"))?;
        let checksum = checksum(&read(&asks.join("Cargo.lock"))?, name, version);
        Ok(Original {
            name: name.to_owned(),
            version: version.to_owned(),
            checksum,
            repository,
            folder: folder.into(),
            source,
        })
    }
}

impl Original {
    /// What `[patch.…]` has behind the point.
    pub(crate) fn registry(&self) -> &str {
        self.repository.as_ref().map_or("crates-io", |(url, _)| url)
    }
}

/// What the lock file says of a crate.
fn checksum(lock: &str, name: &str, version: &str) -> String {
    let mut packages = lock.split("[[package]]");
    let has = |package: &str, key: &str, value: &str| package.contains(&format!("\n{key} = \"{value}\"\n"));
    let package = packages.find(|package| has(package, "name", name) && has(package, "version", version));
    let checksum = package.and_then(|package| package.split("checksum = \"").nth(1)?.split('"').next());
    checksum.unwrap_or("").to_owned()
}
