//! What was measured, and the medians of it.

use std::collections::BTreeMap;

use super::workloads::{Unit, Workload};

/// What came of one run.
#[derive(Clone)]
pub(crate) enum Outcome {
    Value(f64),
    Unsupported,
    Failed(String),
}

#[derive(Default)]
pub(crate) struct Results {
    /// In the order in which they came first.
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) unit: Unit,
    values: BTreeMap<&'static str, Vec<f64>>,
    failures: BTreeMap<&'static str, String>,
}

impl Results {
    pub(crate) fn add(&mut self, workload: &Workload, peer: &'static str, outcome: Outcome) {
        self.add_named(workload.name.to_owned(), workload.unit, peer, outcome);
    }

    pub(crate) fn add_named(&mut self, name: String, unit: Unit, peer: &'static str, outcome: Outcome) {
        let index = self.rows.iter().position(|row| row.workload == name).unwrap_or_else(|| {
            self.rows.push(Row { workload: name, unit, values: BTreeMap::new(), failures: BTreeMap::new() });
            self.rows.len() - 1
        });
        let row = &mut self.rows[index];
        match outcome {
            Outcome::Value(value) => row.values.entry(peer).or_default().push(value),
            Outcome::Failed(why) => drop(row.failures.insert(peer, why)),
            Outcome::Unsupported => {}
        }
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
    pub(crate) fn is_growth(&self) -> bool {
        self.workload.starts_with("scale_")
    }

    pub(crate) fn median(&self, peer: &str) -> Option<f64> {
        let mut values = self.values.get(peer)?.clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        Some(if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        })
    }
}
