//! Constant texts of the root crate, ended with a NUL as C has them.

/// A constant text of the root crate with a NUL after it.
macro_rules! terminated {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const BYTES: [u8; TEXT.len().saturating_add(1)] = $crate::constant::with_nul(TEXT);
        match core::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => "\0",
        }
    }};
}
pub(crate) use terminated;

/// Copies `text` into an array that is one longer.
#[expect(clippy::indexing_slicing, reason = "only called in constants: out of bounds does not compile")]
#[expect(clippy::arithmetic_side_effects, reason = "the same")]
pub(crate) const fn with_nul<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut at = 0;
    while at < text.len() {
        bytes[at] = text.as_bytes()[at];
        at += 1;
    }
    bytes
}

/// Constants of this crate with the texts of those of the same names in the root crate.
macro_rules! texts {
    ($here:ident, $root:ty: $($name:ident)*) => {
        [$((
            $here::$name,
            $crate::constant::terminated!(<$root>::$name.text_zh()),
            $crate::constant::terminated!(<$root>::$name.text_en()),
        ),)*]
    };
}
pub(crate) use texts;
