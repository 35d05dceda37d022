//! The rounds: write, ask rustc, learn.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use eventlet_patcher::manifest::{patched, with_entry, without_entry};
use eventlet_patcher::{Heard, Marks, Patch, Purpose, Trouble};

use crate::Result;
use crate::arguments::Arguments;
use crate::folders::{self, read, way, write};
use crate::original::Original;
use crate::project::Project;
use crate::record::{Record, line_of};

/// Where green crates lie, from the workspace's folder.
const GREEN: &str = "green";

/// More rounds than any crate has needed; each learns something, so there is an end anyway.
const ROUNDS: usize = 100;

/// `cargo eventlet patch CRATE…`
pub(crate) fn patch(arguments: &Arguments) -> Result<()> {
    for name in &arguments.crates {
        let (name, wanted) = match name.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (name.as_str(), None),
        };
        take_out_dead_entry(arguments, name)?;
        let project = Project::find(arguments)?;
        let version = project.version(name, wanted)?;
        let repository =
            project.repository(name, &version).or_else(|| repository_of_record(&project.root, name));
        let original = Original::find(name, &version, repository, &project.root, arguments.is_offline)?;
        patch_one(arguments, &project, original)?;
    }
    Ok(())
}

/// Where a crate came from that is patched already.
fn repository_of_record(root: &Path, name: &str) -> Option<(String, String)> {
    let record = fs::read_to_string(root.join(GREEN).join(name).join("green.toml")).ok()?;
    Record::parse(&record).ok()?.repository
}

/// An entry whose folder is not there (it is generated, and this is a new checkout) keeps Cargo
/// from saying anything.
fn take_out_dead_entry(arguments: &Arguments, name: &str) -> Result<()> {
    let root = arguments.manifest_path.parent().map_or(PathBuf::new(), Path::to_owned);
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let root =
        root.canonicalize().map_err(|error| format!("{}: {error}", arguments.manifest_path.display()))?;
    let manifest = root.join("Cargo.toml");
    if root.join(GREEN).join(name).join("Cargo.toml").exists() {
        return Ok(());
    }
    let before = read(&manifest)?;
    let after = without_entry(&before, name);
    if before.trim_end() != after.trim_end() {
        write(&manifest, after)?;
    }
    Ok(())
}

fn patch_one(arguments: &Arguments, project: &Project, original: Original) -> Result<()> {
    let folder = project.root.join(GREEN).join(&original.name);
    let manifest = project.root.join("Cargo.toml");
    let before = read(&manifest)?;
    let mut work = Work::begin(arguments, project, original, folder)?;
    let original = &work.original;
    let entry = with_entry(&before, original.registry(), &original.name, &way(&project.root, &work.folder));
    write(&manifest, entry)?;
    match work.rounds() {
        Ok(()) => {
            work.report();
            Ok(())
        }
        Err(message) => {
            if !arguments.keeps {
                write(&manifest, without_entry(&before, &work.original.name))?;
                let _ = fs::remove_dir_all(&work.folder);
            }
            Err(message)
        }
    }
}

/// A crate that is being patched.
struct Work<'a> {
    arguments: &'a Arguments,
    project: &'a Project,
    original: Original,
    folder: PathBuf,
    patch: Patch,
    rounds: usize,
    /// Functions that the check could not look into.
    unchecked: Vec<Trouble>,
}

impl<'a> Work<'a> {
    fn begin(
        arguments: &'a Arguments,
        project: &'a Project,
        original: Original,
        folder: PathBuf,
    ) -> Result<Work<'a>> {
        let patch = Patch::new(original.source.clone(), Marks::new());
        let patch = patch.map_err(|refusal| format!("`{}` cannot be patched: {refusal}", original.name))?;
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
        }
        for (path, text) in all_files(project, &original, &folder)? {
            write(&folder.join(path), text)?;
        }
        let work = Work { arguments, project, original, folder, patch, rounds: 0, unchecked: Vec::new() };
        work.write(Purpose::Ask)?;
        Ok(work)
    }

    fn write(&self, purpose: Purpose) -> Result<()> {
        for (path, text) in self.patch.write(purpose) {
            let path = self.folder.join(path);
            // What stays as it is need not be compiled again.
            if fs::read_to_string(&path).is_ok_and(|before| before == text) {
                continue;
            }
            write(&path, text)?;
        }
        Ok(())
    }

    fn rounds(&mut self) -> Result<()> {
        loop {
            self.until_it_compiles()?;
            // Nothing is lost where rustc has nothing to say. Macros come by themselves: one that does not take what is
            // made of its arguments would hide everything else.
            let (functions, _) = self.ask(Purpose::Check)?;
            if functions.learned > 0 {
                continue;
            }
            let (macros, _) = self.ask(Purpose::CheckMacros)?;
            if macros.learned == 0 {
                self.unchecked = functions.trouble.into_iter().chain(macros.trouble).collect();
                break;
            }
        }
        let (heard, said) = self.ask(Purpose::Use)?;
        if !said.is_empty() {
            return Err(self.failure(&heard.trouble, &said));
        }
        write(&self.folder.join("green.toml"), self.record().to_text())
    }

    fn until_it_compiles(&mut self) -> Result<()> {
        while self.rounds < ROUNDS {
            let (heard, said) = self.ask(Purpose::Ask)?;
            match (heard.learned, said.is_empty()) {
                (0, true) => return Ok(()),
                (0, false) => return Err(self.failure(&heard.trouble, &said)),
                _ => {}
            }
        }
        Err(format!("`{}` has not come to an end after {ROUNDS} rounds", self.original.name))
    }

    /// One round. What it gives besides is what Cargo says if it does not compile.
    fn ask(&mut self, purpose: Purpose) -> Result<(Heard, String)> {
        self.rounds += 1;
        self.write(purpose)?;
        let package = format!("{}@{}", self.original.name, self.original.version);
        let said = self.project.ask_rustc(&package, self.arguments.is_offline)?;
        let prefix = format!("{GREEN}/{}", self.original.name);
        let heard = self.patch.hear(purpose, &said.lines, &prefix);
        let heard =
            heard.map_err(|refusal| format!("`{}` cannot be patched: {refusal}", self.original.name))?;
        Ok((heard, if said.compiles { String::new() } else { said.errors }))
    }

    fn failure(&self, trouble: &[Trouble], said: &str) -> String {
        let name = &self.original.name;
        if trouble.is_empty() {
            return format!("`{name}` cannot be patched; Cargo says:\n{said}");
        }
        let mut message = format!("`{name}` cannot be patched: {} places are left\n", trouble.len());
        for trouble in trouble {
            let place = format!("{}:{}", trouble.file, trouble.line);
            message.push_str(&format!("\n{place}: {}\n{}", trouble.help, trouble.rendered));
        }
        message
    }

    fn record(&self) -> Record {
        Record {
            name: self.original.name.clone(),
            version: self.original.version.clone(),
            checksum: self.original.checksum.clone(),
            repository: self.original.repository.clone(),
            rounds: self.rounds,
            count: self.patch.count(),
            waits: self.patch.waits().iter().map(line_of).collect(),
            marks: self.patch.marks().clone(),
        }
    }

    fn report(&self) {
        let Record { name, version, rounds, count, waits, .. } = self.record();
        println!(
            "{name} {version}: {} of {} functions are green, {} of {} lines differ; rustc was asked {rounds} times",
            count.green, count.functions, count.changed_lines, count.lines
        );
        if !waits.is_empty() {
            println!("waits in place, and holds the other green threads for as long:");
            waits.iter().for_each(|wait| println!("  {wait}"));
        }
        if !self.unchecked.is_empty() {
            println!("not checked for lost calls, since `#[green(no_switch)]` does not compile there:");
            self.unchecked.iter().for_each(|place| println!("  {}:{}", place.file, place.line));
        }
        println!("written to {GREEN}/{name}; Cargo.toml has the entry in [patch.crates-io]");
    }
}

/// All files of a patched crate but those that are edited.
fn all_files(project: &Project, original: &Original, folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for path in folders::files(&original.folder)? {
        let text =
            fs::read(original.folder.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
        files.insert(path, text);
    }
    let manifest = read(&original.folder.join("Cargo.toml"))?;
    files.insert("Cargo.toml".into(), patched(&manifest, &project.runtime(folder)?).into_bytes());
    Ok(files)
}

/// The records of all crates in `green/`, with their folders.
fn records(root: &Path) -> Result<Vec<(PathBuf, Record)>> {
    let mut records = Vec::new();
    for entry in fs::read_dir(root.join(GREEN)).into_iter().flatten().flatten() {
        let path = entry.path().join("green.toml");
        if path.exists() {
            records.push((entry.path(), Record::parse(&read(&path)?)?));
        }
    }
    records.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    Ok(records)
}

/// `cargo eventlet patch --check`
pub(crate) fn check(arguments: &Arguments) -> Result<()> {
    let project = Project::find(arguments)?;
    let records = records(&project.root)?;
    if records.is_empty() {
        return Err(format!("there is nothing in {}", project.root.join(GREEN).display()));
    }
    let mut stale = Vec::new();
    for (folder, record) in records {
        if !arguments.crates.is_empty() && !arguments.crates.contains(&record.name) {
            continue;
        }
        let repository = record.repository.clone();
        let original =
            Original::find(&record.name, &record.version, repository, &project.root, arguments.is_offline)?;
        let is_used = project.version(&record.name, Some(&record.version)).is_ok();
        if !is_used || original.checksum != record.checksum {
            stale.push(format!("{}: another version", record.name));
            continue;
        }
        let mut files = all_files(&project, &original, &folder)?;
        let patch = Patch::new(original.source, record.marks).map_err(|refusal| refusal.to_string())?;
        files.extend(
            patch.write(Purpose::Use).into_iter().map(|(path, text)| (path.into(), text.into_bytes())),
        );
        for (path, text) in files {
            if fs::read(folder.join(&path)).ok().is_none_or(|here| here != text) {
                stale.push(format!("{}/{}", record.name, path.display()));
            }
        }
        println!("{} {}: {} functions are green", record.name, record.version, record.count.green);
    }
    match &*stale {
        [] => Ok(()),
        stale => Err(format!(
            "not what these versions give; run `cargo eventlet patch` again:\n  {}",
            stale.join("\n  ")
        )),
    }
}

/// `cargo eventlet table`
pub(crate) fn table(arguments: &Arguments) -> Result<()> {
    let project = Project::find(arguments)?;
    println!("| crate | lines | that differ | functions | green | rounds | waits in place |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (_, record) in records(&project.root)? {
        let Record { name, version, rounds, count, waits, .. } = record;
        println!(
            "| {name} {version} | {} | {} | {} | {} | {rounds} | {} |",
            count.lines,
            count.changed_lines,
            count.functions,
            count.green,
            waits.len()
        );
    }
    Ok(())
}
