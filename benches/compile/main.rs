//! What `#[green]` costs the compiler: the same source as green functions, twice, the second time with the macro built
//! optimised; as `async` functions with `.await` on the green calls only; and as plain functions.
//!
//!     cargo run --release -p eventlet-bench --bin compile [rounds] [check]
//!
//! With `check` nothing is built, which takes most of the time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How the marked functions are written.
#[derive(Clone, Copy)]
enum Way {
    Green,
    /// The same in a package that asks for an optimised macro.
    GreenOptimised,
    ByHand,
    Plain,
}

const WAYS: [(Way, &str); 4] = [
    (Way::Green, "green"),
    (Way::GreenOptimised, "green-optimised"),
    (Way::ByHand, "by-hand"),
    (Way::Plain, "plain"),
];

fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5).max(1);
    let is_check = std::env::args().nth(2).is_some_and(|word| word == "check");
    let works: &[Work] = if is_check { &[Work::Cold, Work::Edit] } else { &Work::ALL };
    let (built, columns) = if is_check {
        ("", "")
    } else {
        (" release build | … | binary | what it prints |", "---:|---:|---:|---|")
    };
    println!("| source | way | cold check | … | after an edit | … |{built}");
    println!("|---|---|---:|---:|---:|---:|{columns}");
    for (name, source) in [("artificial", artificial()), ("real-looking", real_looking())] {
        let packages = WAYS
            .map(|(way, word)| (word, Package::new(&format!("{name}-{word}"), &written(&source, way), way)));
        let costs = works.iter().map(|work| {
            let rounds = if matches!(work, Work::Build) { rounds.min(3) } else { rounds };
            interleaved(&packages, *work, rounds)
        });
        let costs: Vec<Vec<f64>> = costs.collect();
        for (at, (word, package)) in packages.iter().enumerate() {
            let times = costs.iter().map(|cost| {
                let (seconds, by_hand) = (cost[at], cost[BY_HAND]);
                format!("{seconds:.2} s | {:.2} |", seconds / by_hand)
            });
            let times: Vec<String> = times.collect();
            print!("| {name} | {word} | {}", times.join(" "));
            if !is_check {
                let (bytes, output) = package.result();
                print!(" {} KiB | {output} |", bytes / 1024);
            }
            println!();
        }
    }
}

/// Where the ways stand that all are compared with.
const BY_HAND: usize = 2;

/// What the compiler is asked to do.
#[derive(Clone, Copy)]
enum Work {
    /// `cargo check` of the package, with nothing kept from before.
    Cold,
    /// `cargo check` after one constant in one function has changed, with all that incremental compilation keeps.
    Edit,
    /// `cargo build --release`.
    Build,
}

impl Work {
    const ALL: [Work; 3] = [Work::Cold, Work::Edit, Work::Build];
}

/// Processor seconds of each package's work, the median of so many rounds in which all take their turns.
fn interleaved(packages: &[(&str, Package)], work: Work, rounds: usize) -> Vec<f64> {
    packages.iter().for_each(|(_, package)| package.prepare(work));
    let mut times = vec![Vec::new(); packages.len()];
    for round in 1..=rounds {
        for ((_, package), times) in packages.iter().zip(&mut times) {
            times.push(package.cost(work, round));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

/// Processor seconds of all children that have ended, to a hundredth.
#[cfg(target_os = "linux")]
fn spent_by_children() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").expect("Linux tells of every process");
    let fields = text.rsplit_once(')').expect("the name is in parentheses").1;
    let ticks = fields.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Elsewhere it is the time on the wall.
#[cfg(not(target_os = "linux"))]
fn spent_by_children() -> f64 {
    static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGAN.elapsed().as_secs_f64()
}

/// Writes the marked source in one of the three ways. `/*.await*/` stands behind each green call, and
/// `/*async*/` where a function that makes some begins.
fn written(source: &str, way: Way) -> String {
    match way {
        Way::Green | Way::GreenOptimised => source.replace("/*.await*/", "").replace("/*async*/", ""),
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
    let mut all = String::from("#[green] /*async*/fn all(n: u32) -> u32 { let mut total = n + /*edit*/0;\n");
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
    let mut all =
        String::from("#[green] /*async*/fn all(n: u32) -> u32 { let mut total = n as usize + /*edit*/0;\n");
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
    source: String,
}

impl Package {
    fn new(name: &str, source: &str, way: Way) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = project.join("target/compile-cost");
        let folder = target.join(name);
        fs::create_dir_all(folder.join("src")).expect("a folder");
        let runtime = project.join("runtime");
        let profile = match way {
            Way::GreenOptimised => "[profile.dev.build-override]\nopt-level = 3\n",
            _ => "",
        };
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\neventlet = {{ path = {runtime:?} }}\n{profile}"
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("a writable folder");
        fs::copy(project.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file is there");
        Package { folder, name: name.to_string(), source: format!("#![allow(warnings)]\n{source}") }
    }

    fn cargo(&self, command: &[&str], incremental: bool) {
        let status = Command::new("cargo")
            .args(command)
            .args(["--quiet", "--offline"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.target())
            .env("CARGO_INCREMENTAL", if incremental { "1" } else { "0" })
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{} builds", self.name);
    }

    fn target(&self) -> PathBuf {
        self.folder.with_file_name("target")
    }

    /// Builds what it depends on, and what an edit finds there.
    fn prepare(&self, work: Work) {
        self.write(0);
        self.work(work);
    }

    /// Processor seconds for the package alone.
    fn cost(&self, work: Work, round: usize) -> f64 {
        self.write(if matches!(work, Work::Edit) { round } else { 0 });
        let before = spent_by_children();
        self.work(work);
        spent_by_children() - before
    }

    fn work(&self, work: Work) {
        match work {
            Work::Cold => self.cargo(&["check"], false),
            Work::Edit => self.cargo(&["check"], true),
            Work::Build => self.cargo(&["build", "--release"], false),
        }
    }

    /// Writes the source anew, with this number for the constant that an edit changes.
    fn write(&self, edit: usize) {
        let source = self.source.replace("/*edit*/0", &edit.to_string());
        fs::write(self.folder.join("src/main.rs"), source).expect("a writable folder");
    }

    /// The size of the program, and what it prints.
    fn result(&self) -> (u64, String) {
        let program = self.target().join("release").join(&self.name);
        let bytes = fs::metadata(&program).map_or(0, |file| file.len());
        let output = Command::new(&program).output().expect("it starts");
        (bytes, String::from_utf8_lossy(&output.stdout).trim().to_string())
    }
}
