//! Arithmetic.

use std::num::NonZeroU32;
use std::ops::{Add, Mul, RangeInclusive};

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Vector {
    x: f64,
    y: f64,
}

impl Add for Vector {
    type Output = Vector;
    fn add(self, other: Vector) -> Vector {
        Vector { x: self.x + other.x, y: self.y + other.y }
    }
}

impl Mul<f64> for Vector {
    type Output = Vector;
    fn mul(self, by: f64) -> Vector {
        Vector { x: self.x * by, y: self.y * by }
    }
}

crate::pairs! {
    fn gcd(mut a: u64, mut b: u64) -> u64 {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }
    with (48, 18), (7, 0), (0, 0);

    fn lcm(a: u64, b: u64) -> Option<u64> {
        if a == 0 || b == 0 { return Some(0) }
        (a / gcd(a, b)).checked_mul(b)
    }
    with (4, 6), (u64::MAX, 2), (0, 5);

    fn factorial(n: u32) -> Option<u64> {
        (1..=u64::from(n)).try_fold(1u64, |acc, k| acc.checked_mul(k))
    }
    with (0), (20), (21);

    fn fibonacci(n: usize) -> Vec<u128> {
        let mut all = vec![0, 1];
        for i in 2..n { let next = all[i - 1] + all[i - 2]; all.push(next); }
        all.truncate(n);
        all
    }
    with (0), (1), (30);

    fn ackermann(m: u64, n: u64) -> u64 {
        match (m, n) {
            (0, n) => n + 1,
            (m, 0) => ackermann(m - 1, 1),
            (m, n) => ackermann(m - 1, ackermann(m, n - 1)),
        }
    }
    with (2, 3), (0, 0);

    fn sieve(limit: usize) -> Vec<usize> {
        let mut composite = vec![false; limit + 1];
        let mut primes = Vec::new();
        for n in 2..=limit {
            if composite[n] { continue }
            primes.push(n);
            for multiple in (n * n..=limit).step_by(n) { composite[multiple] = true }
        }
        primes
    }
    with (50), (1), (2);

    fn prime_factors(mut n: u64) -> Vec<(u64, u32)> {
        let mut factors = vec![];
        for p in sieve((n as f64).sqrt() as usize + 1) {
            let p = p as u64;
            let mut power = 0;
            while n.is_multiple_of(p) { n /= p; power += 1; }
            if power > 0 { factors.push((p, power)) }
        }
        if n > 1 { factors.push((n, 1)) }
        factors
    }
    with (360), (97), (1);

    fn collatz(start: NonZeroU32) -> usize {
        std::iter::successors(Some(u64::from(start.get())), |&n| match n {
            1 => None,
            n if n % 2 == 0 => Some(n / 2),
            n => Some(3 * n + 1),
        }).count()
    }
    with (NonZeroU32::new(27).unwrap()), (NonZeroU32::MIN);

    fn power_mod(base: u64, mut exponent: u64, modulus: u64) -> u64 {
        let (mut result, mut base) = (1 % modulus, base % modulus);
        while exponent > 0 {
            if exponent & 1 == 1 { result = result * base % modulus; }
            base = base.pow(2) % modulus;
            exponent >>= 1;
        }
        result
    }
    with (2, 10, 1000), (3, 0, 7), (1, 1, 0);

    fn statistics(values: &[f64]) -> Option<(f64, f64)> {
        let n = values.len() as f64;
        if values.is_empty() { None? }
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        Some((mean, variance.sqrt()))
    }
    with (&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), (&[]);

    fn median(values: &mut Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        let mid = values.len() / 2;
        if values.len() % 2 == 1 { values[mid] } else { (values[mid - 1] + values[mid]) / 2.0 }
    }
    with (&mut vec![3.0, 1.0, 2.0]), (&mut vec![4.0, 1.0]), (&mut vec![]);

    fn to_roman(mut n: u16) -> String {
        const STEPS: [(u16, &str); 13] = [
            (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
            (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
        ];
        let mut out = String::new();
        for (value, sign) in STEPS {
            while n >= value { n -= value; out += sign; }
        }
        out
    }
    with (1994), (0), (3999);

    fn from_roman(text: &str) -> Result<u32, char> {
        fn value(c: char) -> Result<u32, char> {
            Ok(match c { 'I' => 1, 'V' => 5, 'X' => 10, 'L' => 50, 'C' => 100, 'D' => 500, 'M' => 1000, _ => return Err(c) })
        }
        let mut total = 0;
        let mut last = 0;
        for c in text.chars().rev() {
            let v = value(c)?;
            if v < last { total -= v } else { total += v; last = v }
        }
        Ok(total)
    }
    with ("MCMXCIV"), (""), ("XQ");

    fn base(mut n: u32, radix: u32) -> Option<String> {
        if !(2..=36).contains(&radix) { return None; }
        let mut digits = Vec::new();
        loop {
            digits.push(char::from_digit(n % radix, radix)?);
            n /= radix;
            if n == 0 { break; }
        }
        Some(digits.into_iter().rev().collect())
    }
    with (255, 16), (0, 2), (5, 1);

    fn walk(steps: &[(f64, f64)]) -> Vector {
        let mut at = Vector::default();
        for &(x, y) in steps { at = at + Vector { x, y } * 0.5; }
        at
    }
    with (&[(1.0, 2.0), (3.0, -4.0)]), (&[]);

    fn newton(n: f64) -> f64 {
        let mut guess = n / 2.0;
        for _ in 0..20 {
            let next = 0.5 * (guess + n / guess);
            if (next - guess).abs() < 1e-12 { return next }
            guess = next;
        }
        guess
    }
    with (2.0), (144.0);

    fn matrix_product(a: [[i64; 2]; 2], b: [[i64; 2]; 2]) -> [[i64; 2]; 2] {
        let mut c = [[0; 2]; 2];
        for (i, row) in a.iter().enumerate() {
            for j in 0..2 { c[i][j] = row.iter().zip(b.iter()).map(|(x, r)| x * r[j]).sum(); }
        }
        c
    }
    with ([[1, 1], [1, 0]], [[1, 2], [3, 4]]);

    fn matrix_power(m: [[i64; 2]; 2], n: u32) -> [[i64; 2]; 2] {
        if n == 0 { return [[1, 0], [0, 1]] }
        let half = matrix_power(m, n / 2);
        let whole = matrix_product(half, half);
        if n % 2 == 0 { whole } else { matrix_product(whole, m) }
    }
    with ([[1, 1], [1, 0]], 10), ([[2, 0], [0, 2]], 0);

    fn overlapping(a: RangeInclusive<i32>, b: RangeInclusive<i32>) -> Option<RangeInclusive<i32>> {
        let start = *a.start().max(b.start());
        let end = *a.end().min(b.end());
        (start <= end).then(|| start..=end)
    }
    with (1..=5, 3..=9), (1..=2, 4..=5);

    fn checksum(digits: &str) -> bool {
        let sum: u32 = digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().map(|(i, d)| match (i % 2, d) {
            (0, d) => d,
            (_, d) if d > 4 => d * 2 - 9,
            (_, d) => d * 2,
        }).sum();
        sum % 10 == 0
    }
    with ("4539 1488 0343 6467"), ("8273 1232 7352 0569");

    fn overflows(n: u8) -> u8 {
        let doubled = n.checked_mul(2).expect("too large to double");
        doubled.wrapping_add(250)
    }
    with (100), (200);

    fn bits(n: u32) -> (u32, u32, u32, bool) {
        (n.count_ones(), n.leading_zeros(), n.reverse_bits(), n.is_power_of_two())
    }
    with (0b1011), (64), (0);
}
