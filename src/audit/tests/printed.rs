//! Tests of `printed.rs`.

use super::*;

#[test]
fn what_nobody_sees_is_escaped() {
    // Every mark of Unicode's Bidi_Control.
    let marks = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    assert!(!marks.chars().any(is_printed));
    let hostile = "a\"\\'b \u{1b}[2J\r\n\u{9b}\u{202e}\u{2028}\u{200b}\u{e0041} 豫园";
    let printed = Printed(hostile).to_string();
    assert_eq!(printed, r#"a"\'b \u{1b}[2J\r\n\u{9b}\u{202e}\u{2028}\u{200b}\u{e0041} 豫园"#);
    assert_eq!(Printed(&printed).to_string(), printed);
}
