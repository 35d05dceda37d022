//! JSON as reports are written in it. (Nothing is read here, and a report has few kinds of values.)

use std::fmt::Write;

/// Text with an object or an array in the making.
#[derive(Default)]
pub(super) struct Json {
    text: String,
    /// Something stands before what comes next in the same object or array.
    is_behind: bool,
}

impl Json {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// `{…}` with what `members` writes.
    pub(super) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.within('{', '}', members);
    }

    /// `[…]` with what `elements` writes.
    pub(super) fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.within('[', ']', elements);
    }

    fn within(&mut self, open: char, close: char, content: impl FnOnce(&mut Self)) {
        self.separate();
        self.text.push(open);
        self.is_behind = false;
        content(self);
        self.text.push(close);
        self.is_behind = true;
    }

    /// The name of the member that comes next.
    pub(super) fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.text.push(':');
        self.is_behind = false;
        self
    }

    /// A number. Beyond what a reader that goes by `f64` has exactly, it is a string.
    pub(super) fn number(&mut self, number: u64) {
        const EXACT: u64 = 1 << 53;
        self.separate();
        let quote = if number > EXACT { "\"" } else { "" };
        self.push(format_args!("{quote}{number}{quote}"));
    }

    pub(super) fn string(&mut self, text: &str) {
        self.separate();
        self.text.push('"');
        for letter in text.chars() {
            match letter {
                '"' | '\\' => self.text.extend(['\\', letter]),
                letter if letter < ' ' => self.push(format_args!("\\u{:04x}", letter as u32)),
                letter => self.text.push(letter),
            }
        }
        self.text.push('"');
    }

    pub(super) fn null(&mut self) {
        self.separate();
        self.text.push_str("null");
    }

    /// What `write` writes of the value, or `null`.
    pub(super) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.is_behind, true) {
            self.text.push(',');
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn members_are_separated_strings_escaped_and_large_numbers_quoted() {
        let mut json = Json::default();
        json.object(|json| {
            json.key("a\"b\\").string("line\n\u{1}é\u{7f}");
            json.key("numbers").array(|json| {
                [0, 1 << 53, u64::MAX].into_iter().for_each(|number| json.number(number));
            });
            json.key("empty").array(|_| ());
            json.key("none").optional(None, Json::number);
            json.key("inner").object(|json| json.key("x").null());
        });
        assert_eq!(
            json.into_text(),
            "{\"a\\\"b\\\\\":\"line\\u000a\\u0001é\u{7f}\",\"numbers\":[0,9007199254740992,\"18446744073709551615\"],\
             \"empty\":[],\"none\":null,\"inner\":{\"x\":null}}"
        );
    }
}
