//! Tests of `json.rs`.

use super::*;

#[test]
fn text_is_escaped_and_reads_back() {
    let hostile = "a \"quote\", a \\ and \u{0}\u{1b}[31m\r\n\u{7f}\u{9b}\u{202e}\u{e0041} 园";
    let mut out = Json::new();
    out.object(|out| {
        out.text("a", hostile).number("b", -1).name("c", "x");
        out.member("d", |out| _ = out.number("e", "null"));
        out.list("f", &[1, 2], |out, item| _ = out.number("g", item));
    });
    let text = out.finish();
    assert!(text.contains(r"[31m\u000d\u000a\u007f\u009b\u202e\udb40\udc41 园"), "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read, serde_json::json!({"a": hostile, "b": -1, "c": "x", "d": {"e": null}, "f": [{"g": 1}, {"g": 2}]}));
}
