//! What is asked about the tokens of a body as they were written, found in one pass over them.

use proc_macro2::{Ident, TokenStream};
use syn::buffer::{Cursor, TokenBuffer};
use syn::ext::IdentExt;

use crate::lower::is_known_macro;

/// The tokens of a body before it is lowered.
#[derive(Default)]
pub(crate) struct Source {
    names: Vec<String>,
    /// Format strings among them, which mention names too.
    literals: Vec<String>,
    /// Whether the body may end before its end: by `return`, by `?`, or by a macro whose meaning is
    /// not known.
    pub(crate) may_return: bool,
}

impl Source {
    /// Reads the tokens of a body.
    pub(crate) fn of(tokens: TokenStream) -> Self {
        Self::at(TokenBuffer::new2(tokens).begin())
    }

    /// Reads from here to the end of the group.
    pub(crate) fn at(cursor: Cursor) -> Self {
        let mut source = Source::default();
        source.read(cursor);
        source
    }

    fn read(&mut self, mut cursor: Cursor) {
        let mut last_name = None;
        while !cursor.eof() {
            if let Some((name, next)) = cursor.ident() {
                let name = name.to_string();
                self.may_return |= name == "return";
                last_name = Some(self.names.len());
                self.names.push(name);
                cursor = next;
                continue;
            }
            let name = last_name.take();
            cursor = if let Some((punct, next)) = cursor.punct() {
                self.may_return |= match punct.as_char() {
                    '?' => true,
                    '!' => name.is_some_and(|name| !is_known_macro(&self.names[name])),
                    _ => false,
                };
                next
            } else if let Some((inside, _, _, next)) = cursor.any_group() {
                self.read(inside);
                next
            } else if let Some((literal, next)) = cursor.literal() {
                self.literals.push(literal.to_string());
                next
            } else if let Some((_, next)) = cursor.lifetime() {
                next
            } else {
                return;
            };
        }
    }

    /// Whether a name stands anywhere, format strings included.
    pub(crate) fn mentions(&self, name: &Ident) -> bool {
        let name = name.unraw().to_string();
        self.names.iter().any(|known| known.trim_start_matches("r#") == name)
            || self.literals.iter().any(|literal| literal.contains(&name))
    }
}
