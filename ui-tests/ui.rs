//! What the macro accepts, and what it says about the rest.

mod generated;
mod lints;

use std::path::Path;
use std::process::Command;

use generated::Generated;

#[test]
fn what_compiles_also_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

/// The crates whose macros are known ones.
const LOGGING: &str = "log = { version = \"0.4\", features = [\"kv\"] }\n\
                       tracing = { version = \"0.1\", default-features = false, features = [\"std\"] }\n";

/// The files of `pass/` again, as programs of earlier editions. A name that ends in `_2024` is
/// about that edition.
#[test]
fn earlier_editions_have_it_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![folder.join("editions.rs")];
    for entry in folder.join("pass").read_dir().expect("the folder is there") {
        files.push(entry.expect("a readable entry").path());
    }
    files.retain(|file| !file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("_2024")));
    for edition in ["2018", "2021"] {
        let programs: Vec<(String, String)> = files
            .iter()
            .map(|file| {
                let name = format!("{}_{edition}", file.file_stem().expect("a name").to_string_lossy());
                let entry = format!("[[bin]]\nname = {name:?}\npath = {file:?}\n");
                (name, entry)
            })
            .collect();
        let programs_too = programs.iter().map(|(_, entry)| entry.as_str());
        let entries: String = std::iter::once(LOGGING).chain(programs_too).collect();
        let package = Generated::new(&format!("editions-{edition}"), edition, &entries);
        let built = package.cargo(&["build", "--quiet"]);
        assert!(built.status.success(), "{edition}:\n{}", String::from_utf8_lossy(&built.stderr));
        for (name, _) in programs {
            let ran = Command::new(package.program(&name)).output().expect("it starts");
            assert!(ran.status.success(), "{name}:\n{}", String::from_utf8_lossy(&ran.stderr));
        }
    }
}
