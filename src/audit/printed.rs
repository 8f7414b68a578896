//! Text from outside as it is printed: names of files and members, and whatever else somebody chose.

use core::fmt::{self, Write as _};

/// Whether a character is printed as it is. Control characters, marks that turn the direction of writing, and others that
/// nobody sees are not: a terminal, or whoever reads a report, would take them for something else.
pub(super) fn is_printed(character: char) -> bool {
    matches!(character, '\\' | '"' | '\'') || character.escape_debug().len() == 1
}

/// A text with every character escaped that a reader would not see, or a terminal would obey, as `\u{…}`: it stays on its
/// line and in its order. Printing it so again changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a>(pub &'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| {
            if is_printed(character) { f.write_char(character) } else { write!(f, "{}", character.escape_debug()) }
        })
    }
}

#[cfg(test)]
#[path = "tests/printed.rs"]
mod tests;
