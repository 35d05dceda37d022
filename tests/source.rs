//! The project's own files, as text: what the house promises of them can be looked up.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project's root").to_owned()
}

/// Every source below a folder, with its text.
pub fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// A function whose calls are green.
#[derive(Debug)]
pub struct GreenFunction {
    /// The file, seen from `runtime/src`, and the name: `event/mod.rs::wait`.
    pub name: String,
    /// What stands in its `#[green(…)]`.
    pub options: Option<String>,
    /// Whether it is documented.
    pub is_documented: bool,
    /// Whether users can call it: it is `pub`, or a trait's.
    pub is_public: bool,
    /// Whether it is one of a trait's, or of a trait's implementation.
    pub is_of_trait: bool,
    /// Whether its documentation says what a kill or timeout loses.
    pub tells_losses: bool,
    /// Whether it has the macro write its body and its result.
    pub is_by_macro: bool,
}

impl GreenFunction {
    /// The reason for which it is written by hand.
    pub fn reason(&self) -> Option<&str> {
        let reason = self.options.as_deref()?.strip_prefix("by_hand = \"")?;
        reason.strip_suffix('"')
    }
}

/// The functions of the runtime whose calls are green, but for those that the macro's expansions
/// alone name.
pub fn green_functions() -> Vec<GreenFunction> {
    let home = root().join("runtime/src");
    let mut found = vec![];
    for (path, text) in sources("runtime/src") {
        let file = path.strip_prefix(&home).unwrap().to_str().unwrap().replace('\\', "/");
        if file.starts_with("macro_support/") || file.starts_with("call/") {
            continue;
        }
        let lines: Vec<&str> = text.lines().collect();
        // What a module tests itself with is nobody else's.
        let end = lines.iter().position(|line| *line == "#[cfg(test)]").unwrap_or(lines.len());
        for at in 0..end {
            found.extend(green_function(&file, &lines, at));
        }
    }
    found
}

/// The function that begins in a line, if its calls are green.
fn green_function(file: &str, lines: &[&str], at: usize) -> Option<GreenFunction> {
    let line = lines[at].trim_start();
    let (before, rest) = line.split_once("fn ").filter(|_| !line.starts_with("//"))?;
    let words = before.trim();
    if !["", "pub", "unsafe", "pub unsafe"].contains(&words) && !words.starts_with("pub(") {
        return None;
    }
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_$".contains(*c)).collect();
    let signature = lines[at..].join("\n");
    let gives_green = result_of(signature.split_once(&format!("fn {name}"))?.1)
        .is_some_and(|result| result.starts_with("Green<") || result.starts_with("GreenBox<"));
    let above = || lines[..at].iter().rev().map(|line| line.trim_start());
    let attributes: Vec<&str> =
        above().take_while(|line| line.starts_with("#[") || line.starts_with("//")).collect();
    let option = |line: &str| {
        let (path, options) = line.strip_prefix("#[")?.strip_suffix(']')?.split_once('(').unzip();
        let path = path.unwrap_or(line.strip_prefix("#[")?.strip_suffix(']')?);
        let is_green = path == "green" || path.ends_with("::green");
        is_green.then(|| options.and_then(|options| options.strip_suffix(')')).unwrap_or("").to_owned())
    };
    let options = attributes.iter().find_map(|line| option(line));
    if options.is_none() && !gives_green {
        return None;
    }
    // The block that it stands in begins further up, and further left.
    let indent = lines[at].len() - line.len();
    let around = lines[..at].iter().rev().find(|line| {
        let inner = line.trim_start();
        !inner.is_empty()
            && line.len() - inner.len() < indent
            && ["impl", "pub trait", "trait", "unsafe impl"].iter().any(|word| inner.starts_with(word))
    });
    let of_trait = words.is_empty()
        && indent > 0
        && around.is_some_and(|line| line.contains("trait ") || line.contains(" for "));
    Some(GreenFunction {
        name: format!("{file}::{name}"),
        is_documented: attributes.iter().any(|line| line.starts_with("///") || line.starts_with("#[doc = ")),
        is_public: words.starts_with("pub") && !words.starts_with("pub(") || of_trait,
        is_of_trait: of_trait,
        tells_losses: attributes.iter().any(|line| line.trim_end() == "/// # Cancel safety"),
        is_by_macro: options.is_some() && !gives_green,
        options,
    })
}

/// What stands behind the arrow of a signature that begins behind the function's name.
fn result_of(signature: &str) -> Option<&str> {
    let mut depth = 0;
    let mut last = ' ';
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if last != '-' => depth -= 1,
            '>' if depth == 0 => {
                let result = signature[at + 1..].trim_start();
                return Some(result.strip_prefix("$crate::").unwrap_or(result));
            }
            '{' | ';' if depth == 0 => return None,
            _ => {}
        }
        last = c;
    }
    None
}
