//! A small writer of JSON (RFC 8259), for what an audit tells people and other programs. Nothing here
//! reads JSON, and no digest is of it.

use super::printed::is_printed;
use core::fmt::{Display, Write as _};

/// A JSON text as it grows.
pub(super) struct Json {
    text: String,
}

impl Json {
    pub(super) const fn new() -> Self {
        Self { text: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A value that is no text: a number, `true`, `false`, `null`.
    pub(super) fn number(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        self.write(format_args!("{value}"))
    }

    /// Text that has neither quotes nor backslashes nor control characters.
    pub(super) fn name(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        self.write(format_args!("\"{value}\""))
    }

    /// Any text.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(character);
                }
                shown if is_printed(shown) => self.text.push(shown),
                // JSON lets most of them stand: terminals and readers do not.
                hidden => hidden.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    self.write(format_args!("\\u{unit:04x}"));
                }),
            }
        }
        self.text.push('"');
        self
    }

    pub(super) fn object(&mut self, body: impl FnOnce(&mut Self)) {
        self.separate();
        self.text.push('{');
        body(self);
        self.text.push('}');
    }

    /// An object as the value of a key.
    pub(super) fn member(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.key(key);
        self.object(body);
    }

    pub(super) fn list<T>(&mut self, key: &str, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.key(key);
        self.text.push('[');
        items.iter().for_each(|each| self.object(|out| item(out, each)));
        self.text.push(']');
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.write(format_args!("\"{key}\":"));
    }

    /// Writes the comma, but before the first in an object or list.
    fn separate(&mut self) {
        if !matches!(self.text.chars().next_back(), None | Some('{' | '[' | ':')) {
            self.text.push(',');
        }
    }

    fn write(&mut self, text: core::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(text);
        self
    }
}

#[cfg(test)]
#[path = "tests/json.rs"]
mod tests;
