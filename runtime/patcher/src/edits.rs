//! Changes of a text that move no line.

use std::ops::Range;

/// Insertions, replacements and deletions, all of them in offsets of the text as it was.
#[derive(Debug, Default, Clone)]
pub(crate) struct Edits {
    list: Vec<Edit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    range: Range<usize>,
    text: String,
}

/// A text after its edits, and the way back.
#[derive(Debug, Default, Clone)]
pub(crate) struct Edited {
    pub(crate) text: String,
    /// For each edit: where it begins and ends now, and where it began and ended before.
    places: Vec<(Range<usize>, Range<usize>)>,
}

impl Edits {
    /// Writes `text` in front of what stands at `at`. What is written first comes first.
    pub(crate) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Writes `text` in the place of what stands there.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        let edit = Edit { range, text: text.into() };
        if !self.list.contains(&edit) {
            self.list.push(edit);
        }
    }

    /// Takes out what stands there; its line breaks stay.
    pub(crate) fn delete(&mut self, range: Range<usize>, text: &str) {
        let breaks: String = text[range.clone()].chars().filter(|c| *c == '\n').collect();
        self.replace(range, breaks);
    }

    /// Makes the changes. Of two that overlap the outer one counts, which is the one that begins
    /// first.
    pub(crate) fn apply(&self, text: &str) -> Edited {
        let mut list: Vec<&Edit> = self.list.iter().collect();
        list.sort_by_key(|edit| (edit.range.start, edit.range.end != edit.range.start));
        let mut edited = Edited::default();
        let mut done = 0;
        for edit in list {
            if edit.range.start < done {
                continue;
            }
            edited.text.push_str(&text[done..edit.range.start]);
            let begin = edited.text.len();
            edited.text.push_str(&edit.text);
            edited.places.push((begin..edited.text.len(), edit.range.clone()));
            done = edit.range.end;
        }
        edited.text.push_str(&text[done..]);
        debug_assert_eq!(edited.text.matches('\n').count(), text.matches('\n').count());
        edited
    }
}

impl Edited {
    /// Where that stood before the edits. What was inserted stood where it was inserted.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let before = self.places.partition_point(|(now, _)| now.start <= offset);
        match before.checked_sub(1).map(|last| &self.places[last]) {
            None => offset,
            Some((now, was)) if offset < now.end => was.start.min(was.end),
            Some((now, was)) => was.end + (offset - now.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_leave_the_lines_where_they_were_and_can_be_traced_back() {
        let text = "fn a() {}\nfn b(\n    c: u8,\n) {}\n";
        let mut edits = Edits::default();
        edits.insert(10, "#[green] ");
        edits.replace(3..4, "first");
        edits.delete(15..27, text);
        let edited = edits.apply(text);
        assert_eq!(edited.text, "fn first() {}\n#[green] fn b(\n\n) {}\n");
        for (was, now) in [(0, "fn first"), (10, "fn b"), (28, " {}\n")] {
            let now = edited.text.rfind(now).unwrap();
            assert_eq!(edited.original(now), was);
        }
        assert_eq!(edited.original(edited.text.find("green").unwrap()), 10);
    }

    #[test]
    fn two_insertions_in_one_place_stand_in_the_order_in_which_they_were_asked_for() {
        let mut edits = Edits::default();
        edits.insert(0, "a");
        edits.insert(0, "b");
        assert_eq!(edits.apply("c").text, "abc");
    }
}
