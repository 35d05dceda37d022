//! Strings and characters.

use std::borrow::Cow;
use std::fmt::Write as _;

crate::pairs! {
    fn title_case(text: &str) -> String {
        text.split(' ').map(|word| {
            let mut chars = word.chars();
            match chars.next() {
                Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
                None => String::new(),
            }
        }).collect::<Vec<_>>().join(" ")
    }
    with ("the quick  brown fox"), (""), ("ßtraße über");

    fn is_palindrome(text: &str) -> bool {
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        letters.iter().eq(letters.iter().rev())
    }
    with ("A man, a plan, a canal: Panama"), ("no"), ("");

    fn caesar(text: &str, shift: u8) -> String {
        let turn = |c: char, base: u8| char::from((c as u8 - base + shift) % 26 + base);
        text.chars().map(|c| match c {
            'a'..='z' => turn(c, b'a'),
            'A'..='Z' => turn(c, b'A'),
            _ => c,
        }).collect()
    }
    with ("Hello, World", 3), ("xyz", 29);

    fn snake_case(name: &str) -> String {
        let mut out = String::with_capacity(name.len() + 4);
        for (i, c) in name.char_indices() {
            if c.is_uppercase() {
                if i > 0 {
                    out.push('_');
                }
                out.extend(c.to_lowercase());
            } else {
                out.push(c);
            }
        }
        out
    }
    with ("HelloWorldFooBar"), ("x"), ("");

    fn escape_html(text: &str) -> Cow<'_, str> {
        if !text.contains(['<', '>', '&', '"']) {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out += "&amp;",
                '"' => out += "&quot;",
                other => out.push(other),
            }
        }
        out.into()
    }
    with ("a < b && \"c\""), ("plain");

    fn wrap(text: &str, width: usize) -> Vec<String> {
        let mut lines = vec![];
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() { line.push(' '); }
            line.push_str(word);
        }
        if !line.is_empty() { lines.push(line) }
        lines
    }
    with ("the quick brown fox jumps over the lazy dog", 10), ("", 3), ("longwordhere x", 4);

    fn paragraph(text: &str) -> String {
        let lines = wrap(text, 12);
        let widest = lines.iter().map(String::len).max().unwrap_or_default();
        let mut out = String::new();
        for (number, line) in lines.iter().enumerate().skip(0) {
            writeln!(out, "{:>2} |{line:<widest$}|", number + 1).unwrap();
        }
        write!(&mut out, "{}", "-".repeat(widest + 5)).expect("a string");
        out
    }
    with ("one two three four five six seven"), ("");

    fn run_length(text: &str) -> String {
        let mut chars = text.chars().peekable();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            let mut n = 1;
            while chars.next_if_eq(&c).is_some() {
                n += 1;
            }
            if n > 1 { let _ = write!(out, "{n}"); }
            out.push(c);
        }
        out
    }
    with ("aaabccdddd"), (""), ("x");

    fn unquote(text: &str) -> Result<String, String> {
        let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).ok_or_else(|| format!("{text} is not quoted"))?;
        let mut out = String::new();
        let mut escaped = false;
        for c in inner.chars() {
            match (escaped, c) {
                (false, '\\') => { escaped = true; continue }
                (true, 'n') => out.push('\n'),
                (true, '\\' | '"') | (false, _) => out.push(c),
                (true, other) => return Err(format!("unknown escape \\{other}")),
            }
            escaped = false;
        }
        Ok(out)
    }
    with (r#""a\nb""#), ("x"), (r#""\q""#), (r#""\\""#);

    fn longest_common_prefix<'a>(words: &[&'a str]) -> &'a str {
        let Some((first, rest)) = words.split_first() else { return "" };
        let mut end = first.len();
        for word in rest {
            end = end.min(first.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count());
        }
        &first[..end]
    }
    with (&["flower", "flow", "flight"]), (&[]), (&["a", "b"]);

    fn key_values(text: &str) -> Vec<(&str, Option<&str>)> {
        text.split('&')
            .filter(|part| !part.is_empty())
            .map(|part| match part.split_once('=') {
                Some((key, value)) => (key, Some(value)),
                None => (part, None),
            })
            .collect()
    }
    with ("a=1&b&c=2=3&"), ("");

    fn percent_decode(text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut out = Vec::with_capacity(bytes.len());
        let mut i = 0;
        while i < bytes.len() {
            if bytes[i] == b'%' {
                let hex = bytes.get(i + 1..i + 3)?;
                let hex = std::str::from_utf8(hex).ok()?;
                out.push(u8::from_str_radix(hex, 16).ok()?);
                i += 3;
            } else {
                out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
                i += 1;
            }
        }
        String::from_utf8(out).ok()
    }
    with ("a%20b+c"), ("%"), ("%ff"), ("%zz");

    fn query(text: &str) -> Option<Vec<(String, String)>> {
        let mut all = Vec::new();
        for (key, value) in key_values(text) {
            let value = percent_decode(value.unwrap_or_default())?;
            all.push((percent_decode(key)?, value));
        }
        Some(all)
    }
    with ("a=%41&b"), ("a=%x");

    fn acronym(text: &str) -> String {
        text.split(|c: char| c.is_whitespace() || c == '-').filter_map(|w| w.chars().next()).map(|c| c.to_ascii_uppercase()).collect()
    }
    with ("portable network-graphics"), ("");

    fn pig_latin(word: &str) -> String {
        match word.find(|c| "aeiou".contains(c)) {
            Some(0) => format!("{word}ay"),
            Some(at) => { let (head, tail) = word.split_at(at); format!("{tail}{head}ay") }
            None => word.to_owned() + "ay",
        }
    }
    with ("apple"), ("quick"), ("rhythm");

    fn count_vowels(text: &str) -> [usize; 5] {
        let mut counts = [0; 5];
        for c in text.chars() {
            if let Some(i) = "aeiou".find(c.to_ascii_lowercase()) {
                counts[i] += 1;
            }
        }
        counts
    }
    with ("Education"), ("");

    fn mask(card: String) -> String {
        let n = card.chars().filter(char::is_ascii_digit).count();
        let mut seen = 0;
        card.chars().map(|c| if c.is_ascii_digit() { seen += 1; if seen + 4 <= n { '*' } else { c } } else { c }).collect()
    }
    with ("1234-5678-9012".to_string()), (String::new());

    fn table(rows: &[(&str, f64)]) -> String {
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut out = String::new();
        for &(name, value) in rows {
            out.push_str(&format!("{name:width$} {value:>8.2}\n", width = width));
        }
        out += &format!("{:=<1$}", "", width + 9);
        out
    }
    with (&[("apples", 1.5), ("pears", 22.333)]), (&[]);

    fn utf8_widths(text: &str) -> Vec<(usize, char, usize)> {
        text.char_indices().map(|(at, c)| (at, c, c.len_utf8())).collect()
    }
    with ("aé€😀");

    fn panics_on_boundary(text: &str, at: usize) -> &str {
        assert!(text.is_char_boundary(at), "{at} is inside a character");
        &text[at..]
    }
    with ("aé", 1), ("aé", 2);
}
