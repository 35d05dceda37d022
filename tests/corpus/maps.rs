//! indexmap.

use indexmap::{IndexMap, IndexSet, indexmap};

crate::pairs! {
    fn ordered_counts(text: &str) -> IndexMap<char, usize> {
        let mut counts = IndexMap::new();
        for c in text.chars() { *counts.entry(c).or_insert(0) += 1; }
        counts
    }
    with ("hello"), ("");

    fn first_unique(text: &str) -> Option<char> {
        let counts = ordered_counts(text);
        counts.iter().find(|&(_, &n)| n == 1).map(|(c, _)| *c)
    }
    with ("aabbcd"), ("aa");

    fn lru(capacity: usize, keys: &[u32]) -> Vec<u32> {
        let mut cache: IndexSet<u32> = IndexSet::with_capacity(capacity);
        for key in keys {
            cache.shift_remove(key);
            if cache.len() == capacity { cache.shift_remove_index(0); }
            cache.insert(*key);
        }
        cache.into_iter().collect()
    }
    with (2, &[1, 2, 1, 3]), (0, &[]);

    fn literal() -> Vec<String> {
        let map = indexmap! { "b" => 2, "a" => 1 };
        let mut out: Vec<String> = map.iter().map(|(k, v)| format!("{k}{v}")).collect();
        if let Some((key, value)) = map.get_index(1) { out.push(key.repeat(*value as usize + 1)); }
        out
    }
    with ();

    fn sorted_by_value(pairs: Vec<(&'static str, i32)>) -> Vec<&'static str> {
        let mut map: IndexMap<_, _> = pairs.into_iter().collect();
        map.sort_by(|_, a, _, b| b.cmp(a));
        map.swap_remove("gone");
        map.into_keys().collect()
    }
    with (vec![("a", 1), ("b", 3), ("gone", 2)]), (vec![]);

    fn grouped(rows: &[(&str, u32)]) -> Result<IndexMap<String, Vec<u32>>, String> {
        let mut groups: IndexMap<String, Vec<u32>> = IndexMap::default();
        for &(name, n) in rows {
            if name.is_empty() { return Err(format!("row {n} has no name")) }
            groups.entry(name.to_string()).and_modify(|g| g.push(n)).or_insert_with(|| vec![n]);
        }
        for group in groups.values_mut() { group.reverse(); }
        Ok(groups)
    }
    with (&[("x", 1), ("y", 2), ("x", 3)]), (&[("", 1)]);
}
