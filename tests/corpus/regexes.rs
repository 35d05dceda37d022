//! Regular expressions.

use regex::{Captures, Regex, RegexSet};
use std::collections::HashMap;
use std::sync::LazyLock;

static DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)").expect("a pattern"));

crate::pairs! {
    fn dates(text: &str) -> Vec<(u16, u8, u8)> {
        DATE.captures_iter(text).filter_map(|c| Some((c["y"].parse().ok()?, c["m"].parse().ok()?, c["d"].parse().ok()?))).collect()
    }
    with ("from 2024-01-02 to 2024-12-31"), ("none");

    fn reorder(text: &str) -> String { DATE.replace_all(text, "$d.$m.$y").into_owned() }
    with ("on 2024-01-02."), ("x");

    fn censor(text: &str, words: &[&str]) -> Result<String, regex::Error> {
        let pattern = words.iter().map(|w| regex::escape(w)).collect::<Vec<_>>().join("|");
        let regex = Regex::new(&format!("(?i){pattern}"))?;
        Ok(regex.replace_all(text, |c: &Captures| "*".repeat(c[0].len())).to_string())
    }
    with ("Bad and worse", &["bad", "worse"]), ("a.b", &["."]);

    fn tokens(text: &str) -> Vec<String> {
        let regex = Regex::new(r"\s*(?:(\d+)|([a-z]\w*)|(.))").unwrap();
        let mut out = vec![];
        for c in regex.captures_iter(text) {
            let token = if let Some(n) = c.get(1) { format!("n{}", n.as_str()) }
                else if let Some(id) = c.get(2) { format!("i{}", id.as_str()) }
                else { c[3].to_string() };
            out.push(token);
        }
        out
    }
    with ("x1 + 42*(y-3)"), ("");

    fn template(text: &str, values: &HashMap<&str, i32>) -> Result<String, String> {
        let regex = Regex::new(r"\{(\w+)\}").map_err(|e| e.to_string())?;
        let mut out = String::new();
        let mut last = 0;
        for c in regex.captures_iter(text) {
            let whole = c.get(0).unwrap();
            out.push_str(&text[last..whole.start()]);
            let value = values.get(&c[1]).ok_or_else(|| format!("no {}", &c[1]))?;
            out.push_str(&value.to_string());
            last = whole.end();
        }
        out.push_str(&text[last..]);
        Ok(out)
    }
    with ("a={a}, b={b}", &HashMap::from([("a", 1), ("b", 2)])), ("{c}", &HashMap::new());

    fn kinds(text: &str) -> Vec<usize> {
        let set = RegexSet::new([r"^\d+$", r"^[a-z]+$", r"a"]).unwrap();
        set.matches(text).into_iter().collect()
    }
    with ("12"), ("abc"), ("A");

    fn split(text: &str) -> Vec<&str> {
        let Ok(regex) = Regex::new(r"\s*[,;]\s*") else { return vec![] };
        regex.split(text).collect()
    }
    with ("a , b;c"), ("");

    fn log_line(line: &str) -> Option<(String, u32)> {
        let regex = Regex::new(r#"^(?P<ip>\S+) .* "(?P<what>[A-Z]+ [^"]*)" (?P<status>\d+)"#).ok()?;
        let captures = regex.captures(line)?;
        let status = captures.name("status").map(|m| m.as_str()).unwrap_or("0").parse().ok()?;
        Some((format!("{} {}", &captures["ip"], captures.name("what")?.as_str()), status))
    }
    with (r#"1.2.3.4 - - "GET /x" 200"#), ("bad");

    fn first_match(text: &str) -> std::ops::Range<usize> { DATE.find(text).map_or(0..0, |m| m.range()) }
    with ("at 2020-02-02"), ("");
}
