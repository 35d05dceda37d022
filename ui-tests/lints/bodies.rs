// Bodies that lints have something to say about. `#[green]` stands alone on its line, so that a plain copy has the
// same lines.

#[must_use]
pub fn pure(n: u32) -> u32 {
    n
}

#[green]
pub fn fetch(n: u32) -> Result<u32, String> {
    Ok(n)
}

#[green]
pub fn unused_results(text: &str, list: &[u32]) {
    fetch(1);
    pure(9);
    list.iter().map(|n| n + 1);
    text.parse::<u32>();
    let unused = pure(1);
    let mut fixed = pure(2);
    drop(fixed);
}

#[green]
pub fn unused_arguments(a: u32, mut b: u32, _c: u32, (d, e): (u32, u32)) -> u32 {
    d
}

#[green]
fn dead() -> u32 {
    1
}

#[green]
pub fn unreachable() -> u32 {
    return pure(1);
    pure(2)
}

#[green]
pub fn parentheses(n: u32) -> u32 {
    let m = (pure(n));
    if (pure(m) > 2) {
        return (m);
    }
    while (pure(m) > 5) {}
    m
}

#[green]
pub fn assigned_in_vain(n: u32) -> u32 {
    let mut m = pure(n);
    m = pure(m + 1);
    m = 3;
    pure(m)
}

#[green]
pub fn needless(n: u32) -> u32 {
    let m = pure(n);
    return m;
}

#[green]
pub fn redundant(names: Vec<String>, flag: bool) -> usize {
    let copy = names.clone();
    if flag == true {
        return names.len();
    }
    let total = copy.len() as u32;
    let text = format!("{}", total);
    let first = &names[0].to_string();
    text.len() + first.len()
}

#[green]
pub fn looks(list: &Vec<u32>, name: String) -> u32 {
    let mut sum = 0;
    for i in 0..list.len() {
        sum += list[i];
    }
    match name.as_str() {
        "a" => sum,
        _ => 0,
    }
}

#[green]
pub fn shadowed(n: Option<u32>) -> u32 {
    if let Some(m) = n {
        m
    } else {
        0
    }
}

#[green]
pub fn calls(text: &str, list: &[u32], n: Option<u32>) -> u32 {
    if text.len() == 0 {
        return 1;
    }
    let a = n.map(|n| n + 1).unwrap_or(0);
    let b = list.iter().filter(|n| **n > 1).next().is_some();
    let c = n.unwrap_or(pure(1));
    let d = text.chars().next() == Some('x');
    let e = list.get(0).is_none();
    let f = text.to_string().as_str().len() as u32;
    a + c + f + u32::from(b) + u32::from(d) + u32::from(e)
}

#[green]
pub fn quiet(text: &str, list: &[u32]) -> Option<usize> {
    let words: Vec<&str> = text.split(' ').collect();
    let first = words.first()?;
    let found = list.iter().position(|n| *n > 2)?;
    for word in &words {
        fetch(found.try_into().ok()?).ok()?;
        println!("{word}");
    }
    Some(first.len() + found)
}

#[green]
pub fn loops_in_a_line(list: &[u32]) -> u32 {
    let mut sum = 0;
    for n in list { if *n > 2 { sum += n; } }
    for n in list { sum += pure(*n) }
    sum
}
