//! Small programs: parsers, state machines, simulations.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Op(char),
    Open,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Light {
    Red,
    Green,
    Yellow,
}

crate::pairs! {
    fn lex(text: &str) -> Result<Vec<Token>, String> {
        let mut chars = text.chars().peekable();
        let mut tokens = Vec::new();
        while let Some(&c) = chars.peek() {
            tokens.push(match c {
                ' ' => { chars.next(); continue }
                '0'..='9' | '.' => Token::Number(number(&mut chars)?),
                '+' | '-' | '*' | '/' => { chars.next(); Token::Op(c) }
                '(' | ')' => { chars.next(); if c == '(' { Token::Open } else { Token::Close } }
                _ => return Err(format!("unexpected {c:?}")),
            });
        }
        Ok(tokens)
    }
    with ("1 + 2.5*(3)"), ("1..2"), ("?");

    fn number(chars: &mut Peekable<Chars<'_>>) -> Result<f64, String> {
        let mut text = String::new();
        while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || *c == '.') { text.push(c); }
        text.parse().map_err(|_| format!("bad number {text}"))
    }
    with (&mut "12.5x".chars().peekable()), (&mut "".chars().peekable());

    fn expression(tokens: &[Token], at: &mut usize) -> Result<f64, String> {
        let mut value = term(tokens, at)?;
        while let Some(Token::Op(op @ ('+' | '-'))) = tokens.get(*at) {
            *at += 1;
            let right = term(tokens, at)?;
            value = if *op == '+' { value + right } else { value - right };
        }
        Ok(value)
    }
    with (&[Token::Number(1.0), Token::Op('+'), Token::Number(2.0)], &mut 0);

    fn term(tokens: &[Token], at: &mut usize) -> Result<f64, String> {
        let mut value = factor(tokens, at)?;
        while let Some(Token::Op(op @ ('*' | '/'))) = tokens.get(*at) {
            *at += 1;
            let right = factor(tokens, at)?;
            match op { '/' if right == 0.0 => return Err("division by zero".into()), '/' => value /= right, _ => value *= right }
        }
        Ok(value)
    }
    with (&[Token::Number(6.0), Token::Op('/'), Token::Number(0.0)], &mut 0);

    fn factor(tokens: &[Token], at: &mut usize) -> Result<f64, String> {
        let token = tokens.get(*at).ok_or_else(|| "unexpected end".to_string())?;
        *at += 1;
        Ok(match token {
            Token::Number(n) => *n,
            Token::Op('-') => -factor(tokens, at)?,
            other => return Err(format!("unexpected {other:?}")),
        })
    }
    with (&[Token::Op('-'), Token::Number(2.0)], &mut 0), (&[], &mut 0);

    fn calculate(text: &str) -> Result<f64, String> {
        let tokens = lex(text)?;
        let mut at = 0;
        let value = expression(&tokens, &mut at)?;
        if at == tokens.len() { Ok(value) } else { Err(format!("{} tokens left", tokens.len() - at)) }
    }
    with ("1 + 2*3 - 8/4"), ("1/0"), ("2 2"), ("-3*-2"), ("*");

    fn lights(steps: u32) -> HashMap<Light, u32> {
        let mut counts = HashMap::from([(Light::Red, 0)]);
        let mut light = Light::Red;
        for _ in 0..steps {
            light = match light { Light::Red => Light::Green, Light::Green => Light::Yellow, Light::Yellow => Light::Red };
            counts.entry(light).and_modify(|n| *n += 1).or_insert(1);
        }
        counts.retain(|light, _| *light == Light::Red);
        counts
    }
    with (7), (0);

    fn life(cells: &[(i32, i32)]) -> Vec<(i32, i32)> {
        let mut neighbours: HashMap<(i32, i32), u8> = HashMap::new();
        for &(x, y) in cells {
            for (dx, dy) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)] {
                *neighbours.entry((x + dx, y + dy)).or_default() += 1;
            }
        }
        let mut next: Vec<_> = neighbours.into_iter().filter(|(cell, n)| *n == 3 || *n == 2 && cells.contains(cell)).map(|(cell, _)| cell).collect();
        next.sort_unstable();
        next
    }
    with (&[(0, 0), (1, 0), (2, 0)]), (&[]);

    fn knapsack(items: &[(usize, u32)], capacity: usize) -> u32 {
        let mut best = vec![0; capacity + 1];
        for &(weight, value) in items {
            for room in (weight..=capacity).rev() { best[room] = best[room].max(best[room - weight] + value); }
        }
        best.last().copied().unwrap_or_default()
    }
    with (&[(1, 1), (3, 4), (4, 5), (5, 7)], 7), (&[], 0);

    fn edit_distance(a: &str, b: &str) -> usize {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, ca) in a.chars().enumerate() {
            let mut before = std::mem::replace(&mut row[0], i + 1);
            for (j, cb) in b.iter().enumerate() {
                let cost = if ca == *cb { before } else { 1 + before.min(row[j]).min(row[j + 1]) };
                before = std::mem::replace(&mut row[j + 1], cost);
            }
        }
        row[b.len()]
    }
    with ("kitten", "sitting"), ("", "abc"), ("same", "same");

    fn permutations(items: &mut Vec<u8>, from: usize, out: &mut Vec<Vec<u8>>) {
        if from == items.len() { return out.push(items.clone()) }
        for i in from..items.len() {
            items.swap(from, i);
            permutations(items, from + 1, out);
            items.swap(from, i);
        }
    }
    with (&mut vec![1, 2], 0, &mut vec![]);

    fn all_permutations(n: u8) -> Vec<Vec<u8>> {
        let mut out = vec![];
        permutations(&mut (0..n).collect(), 0, &mut out);
        out
    }
    with (3), (0);

    fn queens(n: usize) -> usize {
        fn safe(rows: &[usize], column: usize) -> bool {
            rows.iter().rev().enumerate().all(|(back, &c)| c != column && c.abs_diff(column) != back + 1)
        }
        let mut count = 0;
        let mut stack = vec![vec![]];
        while let Some(rows) = stack.pop() {
            if rows.len() == n { count += 1; continue }
            stack.extend((0..n).filter(|&c| safe(&rows, c)).map(|c| [&rows[..], &[c]].concat()));
        }
        count
    }
    with (6), (3);

    fn hanoi(n: u32, from: char, to: char, via: char) -> Vec<(char, char)> {
        if n == 0 { return vec![]; }
        let mut moves = hanoi(n - 1, from, via, to);
        moves.push((from, to));
        moves.extend(hanoi(n - 1, via, to, from));
        moves
    }
    with (3, 'a', 'c', 'b'), (0, 'x', 'y', 'z');

    fn backoff(attempt: u32) -> Duration {
        Duration::from_millis(100).saturating_mul(2u32.saturating_pow(attempt)).min(Duration::from_secs(5))
    }
    with (0), (3), (40);

    fn schedule(attempts: u32) -> Vec<u128> {
        let mut at = Duration::ZERO;
        let mut all = Vec::new();
        for attempt in 0..attempts { at += backoff(attempt); all.push(at.as_millis()); }
        all
    }
    with (8), (0);

    fn bank(commands: &[&str]) -> Result<i64, (usize, String)> {
        let mut balance = 0i64;
        for (at, command) in commands.iter().enumerate() {
            let parts: Vec<_> = command.split(' ').collect();
            let [verb, amount] = parts[..] else { return Err((at, "what?".into())) };
            let amount: i64 = amount.parse().map_err(|e| (at, format!("{e}")))?;
            balance = match verb {
                "put" => balance.checked_add(amount),
                "take" if amount > balance => None,
                "take" => Some(balance - amount),
                _ => return Err((at, verb.to_string())),
            }
            .ok_or_else(|| (at, "cannot".to_owned()))?;
        }
        Ok(balance)
    }
    with (&["put 10", "take 3"]), (&["take 1"]), (&["x"]), (&["put y"]), (&["steal 1"]);
}
