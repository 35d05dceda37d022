//! What `#[green]` costs the compiler: the same source as green functions, as `async` functions with `.await` on the
//! green calls only, and as plain functions.
//!
//!     cargo run --release -p eventlet-bench --bin compile [rounds]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// How the marked functions are written.
#[derive(Clone, Copy)]
enum Way {
    Green,
    ByHand,
    Plain,
}

const WAYS: [(Way, &str); 3] = [(Way::Green, "green"), (Way::ByHand, "by-hand"), (Way::Plain, "plain")];

fn main() {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5);
    println!("| source | way | `cargo check` | release build | binary | what it prints |");
    println!("|---|---|---:|---:|---:|---|");
    for (name, source) in [("artificial", artificial()), ("real-looking", real_looking())] {
        for (way, word) in WAYS {
            let package = Package::new(&format!("{name}-{word}"), &written(&source, way));
            let check = package.median(rounds, &["check"]);
            let build = package.median(rounds.min(3), &["build", "--release"]);
            let (bytes, output) = package.result();
            println!("| {name} | {word} | {check:.0} ms | {build:.0} ms | {} KiB | {output} |", bytes / 1024);
        }
    }
}

/// Writes the marked source in one of the three ways. `/*.await*/` stands behind each green call, and
/// `/*async*/` where a function that makes some begins.
fn written(source: &str, way: Way) -> String {
    match way {
        Way::Green => source.replace("/*.await*/", "").replace("/*async*/", ""),
        Way::ByHand => {
            let source = source.replace("#[green]", "").replace("/*.await*/", ".await");
            source.replace("/*async*/", "async ").replace("use eventlet::green;", "")
        }
        Way::Plain => {
            let source = source.replace("#[green]", "").replace("/*.await*/", "").replace("/*async*/", "");
            let source = source.replace("eventlet::run(|| all(1))", "all(1)");
            source.replace("use eventlet::green;", "")
        }
    }
}

/// 200 functions with 20 calls each, one of them green.
fn artificial() -> String {
    let mut text = String::from(
        "use eventlet::green;\n\
         #[green] /*async*/fn leaf(n: u32) -> u32 { n + 1 }\n\
         #[inline(never)] fn plain(n: u32) -> u32 { n + 1 }\n\
         struct S(u32);\n\
         impl S {\n\
             fn get(&self) -> u32 { self.0 }\n\
             fn name(&self) -> String { self.0.to_string() }\n\
             fn set(&mut self, n: u32) -> Option<u32> { self.0 = n; Some(n) }\n\
         }\n",
    );
    let mut all = String::from("#[green] /*async*/fn all(n: u32) -> u32 { let mut total = n;\n");
    for n in 0..200 {
        text += &format!(
            "#[green] /*async*/fn f{n}(n: u32) -> u32 {{\n\
                 let mut total = n; let mut s = S(n);\n\
                 s.set(plain(total));\n\
                 total += s.get();\n\
                 let text = s.name();\n\
                 total += text.len() as u32;\n\
                 total = plain(total).max(2);\n\
                 if let Some(n) = s.set(3) {{ total += n; }}\n\
                 let v = text.trim().to_string();\n\
                 total += plain(v.len() as u32);\n\
                 total = total.wrapping_add(plain(7));\n\
                 total += s.get().min(plain(2));\n\
                 total += s.name().len() as u32;\n\
                 leaf(total)/*.await*/.min(1_000)\n\
             }}\n"
        );
        all += &format!("total = total.wrapping_add(f{n}(total)/*.await*/);\n");
    }
    text + &all + "total }\n" + MAIN
}

/// Twenty modules of code as people write it.
fn real_looking() -> String {
    let module = include_str!("realistic.rs").replace("#[green]\n", "#[green] ");
    let module = mark(&module);
    let mut text = String::from("use eventlet::green;\n");
    let mut all = String::from("#[green] /*async*/fn all(n: u32) -> u32 { let mut total = n as usize;\n");
    for n in 0..20 {
        text += &format!("pub mod m{n} {{ use eventlet::green;\n{module}\n}}\n");
        all += &format!(
            "let mut store = m{n}::Store::new();\n\
             let loaded = store.load(\"a=1\")/*.await*/;\n\
             total += m{n}::serve(&mut store, \"report\")/*.await*/.len() + loaded.is_ok() as usize;\n"
        );
    }
    text + &all + "total as u32 }\n" + MAIN
}

/// Puts `/*async*/` in front of the `fn` of each marked function.
fn mark(module: &str) -> String {
    let lines = module.lines().map(|line| match line.contains("#[green]") {
        true => line.replacen("fn ", "/*async*/fn ", 1),
        false => line.to_string(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs the whole, and tells how large its state machine is.
const MAIN: &str = "fn main() {\n\
     let size = std::mem::size_of_val(&all(1));\n\
     let start = std::time::Instant::now();\n\
     let value = eventlet::run(|| all(1));\n\
     println!(\"state {size} B, first run {} us, value {value}\", start.elapsed().as_micros());\n\
 }\n";

struct Package {
    folder: PathBuf,
    name: String,
}

impl Package {
    fn new(name: &str, source: &str) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = project.join("target/compile-cost");
        let folder = target.join(name);
        fs::create_dir_all(folder.join("src")).expect("a folder");
        let runtime = project.join("runtime");
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\neventlet = {{ path = {runtime:?} }}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("a writable folder");
        fs::copy(project.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file is there");
        fs::write(folder.join("src/main.rs"), format!("#![allow(warnings)]\n{source}"))
            .expect("a writable folder");
        Package { folder, name: name.to_string() }
    }

    fn cargo(&self, command: &[&str]) {
        let status = Command::new("cargo")
            .args(command)
            .args(["--quiet", "--offline"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.target())
            .env("CARGO_INCREMENTAL", "0")
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{} builds", self.name);
    }

    fn target(&self) -> PathBuf {
        self.folder.with_file_name("target")
    }

    /// Milliseconds for the package alone; what it depends on is built before.
    fn median(&self, rounds: usize, command: &[&str]) -> f64 {
        self.cargo(command);
        let main = self.folder.join("src/main.rs");
        let source = fs::read(&main).expect("it is there");
        let mut times: Vec<f64> = (0..rounds.max(1))
            .map(|_| {
                fs::write(&main, &source).expect("a writable folder");
                let start = Instant::now();
                self.cargo(command);
                start.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    /// The size of the program, and what it prints.
    fn result(&self) -> (u64, String) {
        let program = self.target().join("release").join(&self.name);
        let bytes = fs::metadata(&program).map_or(0, |file| file.len());
        let output = Command::new(&program).output().expect("it starts");
        (bytes, String::from_utf8_lossy(&output.stdout).trim().to_string())
    }
}
