//! What was measured, round by round, and what is read from it.

use std::collections::BTreeMap;

use super::workloads::Unit;

/// What came of one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Value(f64),
    Unsupported,
    Failed(String),
}

/// What came of one turn of every peer, close together in time.
pub(crate) type Round = BTreeMap<&'static str, Outcome>;

#[derive(Default)]
pub(crate) struct Results {
    /// In the order in which they came first.
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) unit: Unit,
    rounds: Vec<BTreeMap<&'static str, f64>>,
    failures: BTreeMap<&'static str, String>,
}

/// A median, and the quartiles about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Results {
    pub(crate) fn add(&mut self, name: &str, unit: Unit, round: Round) {
        let index = self.rows.iter().position(|row| row.workload == name).unwrap_or_else(|| {
            let row = Row { workload: name.to_owned(), unit, rounds: Vec::new(), failures: BTreeMap::new() };
            self.rows.push(row);
            self.rows.len() - 1
        });
        self.rows[index].add(round);
    }

    /// The median of a row of this name.
    pub(crate) fn median(&self, workload: &str, peer: &str) -> Option<f64> {
        self.rows.iter().find(|row| row.workload == workload)?.median(peer)
    }

    /// Is there any row but those of growth?
    pub(crate) fn has_comparison(&self) -> bool {
        self.rows.iter().any(|row| !row.is_growth())
    }

    /// Who failed where, and why.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.rows.iter().flat_map(|row| {
            row.failures.iter().map(|(peer, why)| (row.workload.as_str(), *peer, why.as_str()))
        })
    }
}

impl Row {
    fn add(&mut self, round: Round) {
        let mut values = BTreeMap::new();
        for (peer, outcome) in round {
            match outcome {
                Outcome::Value(value) => drop(values.insert(peer, value)),
                Outcome::Failed(why) => drop(self.failures.insert(peer, why)),
                Outcome::Unsupported => {}
            }
        }
        self.rounds.push(values);
    }

    pub(crate) fn is_growth(&self) -> bool {
        self.workload.starts_with("scale_")
    }

    pub(crate) fn median(&self, peer: &str) -> Option<f64> {
        Some(self.spread(peer)?.median)
    }

    /// Of the values of all rounds.
    pub(crate) fn spread(&self, peer: &str) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(|round| round.get(peer).copied()).collect())
    }

    /// What one costs as a multiple of the other: formed in each round, where both had the same minute.
    pub(crate) fn ratio(&self, one: &str, other: &str) -> Option<Spread> {
        let ratio = |round: &BTreeMap<&str, f64>| Some(round.get(one)? / round.get(other)?);
        Spread::of(self.rounds.iter().filter_map(ratio).filter(|ratio| ratio.is_finite()).collect())
    }

    /// In how many rounds a peer has a value.
    pub(crate) fn rounds(&self, peer: &str) -> usize {
        self.rounds.iter().filter(|round| round.contains_key(peer)).count()
    }
}

impl Spread {
    /// `None` of nothing.
    fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        // Between two values, in proportion.
        let at = |share: f64| {
            let place = share * values.len().checked_sub(1)? as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        };
        Some(Spread { low: at(0.25)?, median: at(0.5)?, high: at(0.75)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rounds: &[&[(&'static str, f64)]]) -> Row {
        let mut results = Results::default();
        for round in rounds {
            let round = round.iter().map(|&(peer, value)| (peer, Outcome::Value(value))).collect();
            results.add("a row", Unit::Nanoseconds, round);
        }
        results.rows.remove(0)
    }

    #[test]
    fn quartiles_lie_between_values() {
        assert_eq!(
            Spread::of(vec![4.0, 1.0, 3.0, 2.0, 5.0]),
            Some(Spread { low: 2.0, median: 3.0, high: 4.0 })
        );
        assert_eq!(Spread::of(vec![2.0, 1.0]), Some(Spread { low: 1.25, median: 1.5, high: 1.75 }));
        assert_eq!(Spread::of(vec![7.0]), Some(Spread { low: 7.0, median: 7.0, high: 7.0 }));
        assert_eq!(Spread::of(vec![]), None);
    }

    #[test]
    fn a_ratio_is_formed_in_each_round() {
        // The second round was slow for both, the third for one of them alone.
        let row = row(&[&[("a", 1.0), ("b", 2.0)], &[("a", 10.0), ("b", 20.0)], &[("a", 9.0), ("b", 2.0)]]);
        assert_eq!(row.ratio("a", "b").map(|ratio| ratio.median), Some(0.5));
    }

    #[test]
    fn rounds_that_one_has_missed_do_not_count() {
        let row = row(&[&[("a", 1.0), ("b", 2.0)], &[("a", 5.0)], &[("a", 3.0)]]);
        assert_eq!(row.ratio("a", "b").map(|ratio| ratio.median), Some(0.5));
        assert_eq!((row.median("a"), row.rounds("a"), row.rounds("b")), (Some(3.0), 3, 1));
        assert_eq!(row.median("c"), None);
    }

    #[test]
    fn failures_are_kept_beside_the_values() {
        let mut results = Results::default();
        let round = Round::from([("a", Outcome::Failed("why".to_owned())), ("b", Outcome::Unsupported)]);
        results.add("a row", Unit::Bytes, round);
        assert_eq!(results.failures().collect::<Vec<_>>(), [("a row", "a", "why")]);
        assert_eq!(results.median("a row", "a"), None);
    }
}
