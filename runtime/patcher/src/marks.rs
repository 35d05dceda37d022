//! What rustc has said of a patched crate, in terms of the crate's own text.

use std::collections::BTreeSet;
use std::fmt;

/// A place in a crate's own text, before any edit, and what has to be done about it.
///
/// Marks are all that the engine knows beside the text itself: the same text with the same marks
/// gives the same edits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The file's path from the crate's folder.
    pub file: String,
    /// In bytes.
    pub offset: usize,
    /// What has to be done.
    pub kind: MarkKind,
}

/// What has to be done about a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A green call stands here: the function or closure around it becomes green, or waits in
    /// place.
    Green,
    /// The function here calls itself by way of others: its calls go on the heap.
    Boxed,
    /// A `Send` or `Sync` stands here that green values cannot keep.
    Unsendable,
    /// A green iterator is used here: the traits whose methods it has come into scope, and what is
    /// around becomes green.
    Steps,
    /// A macro of the crate's is called here, with a green call among its arguments.
    Macro,
    /// The argument here is handed to somebody else's code, which knows std's own traits.
    Foreign,
    /// The closure here is kept or handed on under a name, or the closure that is given to the
    /// function here: it has to stay ordinary.
    Kept,
    /// The closure here is handed to something that drives the call that it makes.
    Handed,
}

impl MarkKind {
    const ALL: [(MarkKind, &str); 8] = [
        (MarkKind::Green, "green"),
        (MarkKind::Boxed, "boxed"),
        (MarkKind::Unsendable, "unsendable"),
        (MarkKind::Steps, "steps"),
        (MarkKind::Macro, "macro"),
        (MarkKind::Foreign, "foreign"),
        (MarkKind::Kept, "kept"),
        (MarkKind::Handed, "handed"),
    ];
}

impl fmt::Display for Mark {
    /// `green src/lib.rs 118`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, kind) = MarkKind::ALL.iter().find(|(kind, _)| *kind == self.kind).expect("each has a word");
        write!(f, "{kind} {} {}", self.file, self.offset)
    }
}

impl Mark {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Mark> {
        let (kind, rest) = text.split_once(' ')?;
        let (file, offset) = rest.rsplit_once(' ')?;
        let (kind, _) = MarkKind::ALL.into_iter().find(|(_, word)| *word == kind)?;
        Some(Mark { file: file.to_owned(), offset: offset.parse().ok()?, kind })
    }
}

/// Marks, each once.
pub type Marks = BTreeSet<Mark>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        for (kind, _) in MarkKind::ALL {
            let mark = Mark { file: "src/with space.rs".to_owned(), offset: 7, kind };
            assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        }
        assert_eq!(Mark::parse("blue src/lib.rs 7"), None);
    }
}
