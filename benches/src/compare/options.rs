//! The command line.

pub(crate) const USAGE: &str = "\
usage: compare [--workloads a,b] [--peers a,b] [--runs 3] [--scale 1.0] [--dry]
  --workloads   only these; `all`, or names of `benches/README.md`
  --peers       only these, besides this crate
  --runs        of each, of which the median counts
  --scale       of the number of operations
  --dry         print the table and leave `benches/results.*` as they are";

pub(crate) struct Options {
    workloads: Vec<String>,
    peers: Vec<String>,
    pub(crate) runs: usize,
    pub(crate) scale: f64,
    pub(crate) writes: bool,
    /// As it was typed, for the report.
    pub(crate) typed: String,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let arguments: Vec<String> = arguments.collect();
        let mut options = Options {
            workloads: Vec::new(),
            peers: Vec::new(),
            runs: 3,
            scale: 1.0,
            writes: true,
            typed: arguments.join(" "),
        };
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{option}` needs a value\n{USAGE}"));
            match option.as_str() {
                "--workloads" => options.workloads = list(&value()?),
                "--peers" => options.peers = list(&value()?),
                "--runs" => options.runs = number(&value()?)? as usize,
                "--scale" => options.scale = number(&value()?)?,
                "--dry" => options.writes = false,
                _ => return Err(format!("`{option}` is not an option\n{USAGE}")),
            }
        }
        if options.runs == 0 {
            return Err("there must be at least one run".to_owned());
        }
        Ok(options)
    }

    /// Without a list: all.
    pub(crate) fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|wanted| wanted == name)
    }

    pub(crate) fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|wanted| wanted == name)
    }
}

fn list(names: &str) -> Vec<String> {
    if names == "all" { Vec::new() } else { names.split(',').map(str::to_owned).collect() }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("`{text}` is not a number above zero\n{USAGE}")),
    }
}
