use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// An order as it comes from a form.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: u64,
    pub customer: String,
    pub lines: Vec<Line>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub article: String,
    pub count: u32,
    pub cents: u64,
}

#[derive(Debug)]
pub enum Failure {
    Syntax { line: usize, text: String },
    Number(std::num::ParseIntError),
    Unknown(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Syntax { line, text } => write!(f, "line {line}: cannot read {text:?}"),
            Failure::Number(error) => write!(f, "not a number: {error}"),
            Failure::Unknown(what) => write!(f, "unknown: {what}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<std::num::ParseIntError> for Failure {
    fn from(error: std::num::ParseIntError) -> Self {
        Failure::Number(error)
    }
}

pub struct Store {
    orders: HashMap<u64, Order>,
    stock: BTreeMap<String, u32>,
    log: Vec<String>,
}

impl Store {
    pub fn new() -> Self {
        Store { orders: HashMap::new(), stock: BTreeMap::new(), log: Vec::new() }
    }

    #[green]
    pub fn load(&mut self, text: &str) -> Result<usize, Failure> {
        let mut loaded = 0;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((article, count)) = line.split_once('=') else {
                return Err(Failure::Syntax { line: index + 1, text: line.to_string() });
            };
            let count = parse_count(count)/*.await*/?;
            let known = self.stock.entry(article.trim().to_string()).or_insert(0);
            *known += count;
            loaded += 1;
        }
        self.remember(format!("loaded {loaded} articles"))/*.await*/;
        Ok(loaded)
    }

    #[green]
    pub fn remember(&mut self, what: String) {
        if self.log.len() > 1000 {
            self.log.drain(..500);
        }
        pause()/*.await*/;
        self.log.push(what);
    }

    #[green]
    pub fn place(&mut self, order: Order) -> Result<u64, Failure> {
        for line in &order.lines {
            match self.stock.get_mut(&line.article) {
                None => return Err(Failure::Unknown(line.article.clone())),
                Some(left) if *left < line.count => {
                    let missing = line.count - *left;
                    return Err(Failure::Unknown(format!("{missing} more of {}", line.article)));
                }
                Some(left) => *left -= line.count,
            }
        }
        let id = order.id;
        let total = self.total(&order)/*.await*/;
        self.remember(format!("order {id} of {} for {total}", order.customer))/*.await*/;
        if let Some(old) = self.orders.insert(id, order) {
            self.remember(format!("replaced {}", old.id))/*.await*/;
        }
        Ok(id)
    }

    #[green]
    pub fn total(&self, order: &Order) -> u64 {
        let sum: u64 = order.lines.iter().map(|line| line.cents * u64::from(line.count)).sum();
        let rebate = if sum > 10_000 { sum / 20 } else { 0 };
        pause()/*.await*/;
        sum.saturating_sub(rebate).max(1)
    }

    #[green]
    pub fn report(&self) -> String {
        let mut customers: Vec<&str> = self.orders.values().map(|order| order.customer.as_str()).collect();
        customers.sort_unstable();
        customers.dedup();
        let mut text = String::with_capacity(customers.len() * 32);
        for customer in customers {
            let mut total = 0;
            for order in self.orders.values().filter(|order| order.customer == customer) {
                total += self.total(order)/*.await*/;
            }
            text.push_str(&format!("{customer:<20} {:>8}.{:02}\n", total / 100, total % 100));
        }
        text
    }

    #[green]
    pub fn cancel(&mut self, id: u64) -> Option<Order> {
        let order = self.orders.remove(&id)?;
        for line in &order.lines {
            *self.stock.entry(line.article.clone()).or_default() += line.count;
        }
        let note = order.note.as_deref().unwrap_or("no reason");
        self.remember(format!("cancelled {id}: {note}"))/*.await*/;
        Some(order)
    }
}

#[green]
pub fn pause() {}

#[green]
pub fn parse_count(text: &str) -> Result<u32, Failure> {
    let text = text.trim();
    let (digits, factor) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1000),
        None => (text, 1),
    };
    pause()/*.await*/;
    let count: u32 = digits.trim_end().parse()?;
    Ok(count.checked_mul(factor).unwrap_or(u32::MAX))
}

#[green]
pub fn parse_order(id: u64, text: &str) -> Result<Order, Failure> {
    let mut customer = None;
    let mut note = None;
    let mut lines = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let broken = || Failure::Syntax { line: index + 1, text: raw.to_string() };
        let (key, value) = raw.split_once(':').ok_or_else(broken)?;
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "customer" => customer = Some(value.to_string()),
            "note" if !value.is_empty() => note = Some(value.to_string()),
            "note" => {}
            "line" => {
                let mut parts = value.splitn(3, ',').map(str::trim);
                let article = parts.next().ok_or_else(broken)?;
                let count = parse_count(parts.next().ok_or_else(broken)?)/*.await*/?;
                let cents = parse_cents(parts.next().ok_or_else(broken)?)/*.await*/?;
                lines.push(Line { article: article.to_string(), count, cents });
            }
            other => return Err(Failure::Unknown(other.to_string())),
        }
    }
    let customer = customer.ok_or_else(|| Failure::Unknown("customer".to_string()))?;
    Ok(Order { id, customer, lines, note })
}

#[green]
pub fn parse_cents(text: &str) -> Result<u64, Failure> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u64 = whole.parse()?;
    let part = match part.len() {
        1 => part.parse::<u64>()? * 10,
        2 => part.parse::<u64>()?,
        _ => return Err(Failure::Syntax { line: 0, text: part.to_string() }),
    };
    pause()/*.await*/;
    Ok(whole * 100 + part)
}

#[green]
pub fn words(text: &str) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if is_stop_word(&word)/*.await*/ {
            continue;
        }
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(10);
    counts
}

#[green]
pub fn is_stop_word(word: &str) -> bool {
    const STOP: [&str; 6] = ["a", "an", "and", "of", "or", "the"];
    pause()/*.await*/;
    STOP.binary_search(&word).is_ok() || word.chars().count() < 2
}

#[green]
pub fn serve(store: &mut Store, request: &str) -> String {
    let mut parts = request.split_whitespace();
    let answer = match (parts.next(), parts.next()) {
        (Some("report"), None) => Ok(store.report()/*.await*/),
        (Some("cancel"), Some(id)) => match id.parse() {
            Ok(id) => store.cancel(id)/*.await*/.map(|order| order.customer).ok_or(Failure::Unknown(id.to_string())),
            Err(error) => Err(Failure::Number(error)),
        },
        (Some("stock"), Some(article)) => {
            let left = store.stock.get(article).copied().unwrap_or_default();
            Ok(left.to_string())
        }
        (Some("order"), Some(id)) => {
            let body = parts.collect::<Vec<_>>().join(" ").replace(';', "\n");
            match parse_order(id.parse().unwrap_or(0), &body)/*.await*/ {
                Ok(order) => store.place(order)/*.await*/.map(|id| format!("placed {id}")),
                Err(failure) => Err(failure),
            }
        }
        (Some(other), _) => Err(Failure::Unknown(other.to_string())),
        (None, _) => Ok(String::new()),
    };
    match answer {
        Ok(text) => text,
        Err(failure) => {
            store.remember(failure.to_string())/*.await*/;
            format!("error: {failure}")
        }
    }
}
