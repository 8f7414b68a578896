//! The stable numbers.

use onecard::crypto::{KeyError, SignatureError};
use onecard::wire::text::TextError;

/// What a function returns. A number keeps its meaning for ever: new ones are added, a retired one
/// is never used again. The hundreds say which layer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Status {
    /// Done; the outputs are written.
    Ok = 0,
    /// A bug in the library was stopped at its border. Please report it.
    Panic = 1,
    /// A pointer is NULL that must not be.
    NullPointer = 2,
    /// A length is not the one this argument must have, or no memory can have it.
    Length = 3,
    /// The output buffer is too small; the needed size is reported.
    BufferTooSmall = 4,
    /// An argument is not one of the constants it must be.
    UnknownConstant = 5,
    /// An error that has no number yet.
    Unclassified = 6,
    /// The text, or what it would encode, is longer than any presentation.
    TextTooLong = 100,
    /// The text does not start with the prefix of a known version.
    TextPrefix = 101,
    /// A character is not in the Base45 alphabet.
    TextAlphabet = 102,
    /// A group of characters encodes no bytes.
    TextGroup = 103,
    /// The key is not a point of the curve.
    KeyNotAPoint = 200,
    /// The key is not encoded canonically.
    KeyNonCanonical = 201,
    /// The key is of small order.
    KeySmallOrder = 202,
    /// The key is of mixed order.
    KeyMixedOrder = 203,
    /// The signature does not verify.
    Signature = 204,
}

/// Language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Lang {
    /// Simplified Chinese.
    Zh = 0,
    /// English.
    En = 1,
}

/// Every status with its texts, in ascending order of number.
pub(crate) const TABLE: [(Status, &str, &str); 16] = [
    (Status::Ok, "成功\0", "done\0"),
    (Status::Panic, "库内部错误,请报告\0", "a bug in the library, please report it\0"),
    (Status::NullPointer, "指针不应为空\0", "a pointer is NULL that must not be\0"),
    (Status::Length, "长度不正确\0", "a length is not the one it must be\0"),
    (Status::BufferTooSmall, "输出缓冲区太小\0", "the output buffer is too small\0"),
    (Status::UnknownConstant, "参数不是规定的常量\0", "an argument is not one of its constants\0"),
    (Status::Unclassified, "未编号的错误\0", "an error that has no number yet\0"),
    (Status::TextTooLong, "文本过长\0", "the text is longer than any presentation\0"),
    (Status::TextPrefix, "文本前缀不是已知版本\0", "the text does not start with a known prefix\0"),
    (Status::TextAlphabet, "文本含有 Base45 以外的字符\0", "a character is not in the Base45 alphabet\0"),
    (Status::TextGroup, "文本中有一组字符不能解码\0", "a group of characters encodes no bytes\0"),
    (Status::KeyNotAPoint, "密钥不是曲线上的点\0", "the key is not a point of the curve\0"),
    (Status::KeyNonCanonical, "密钥编码不规范\0", "the key is not encoded canonically\0"),
    (Status::KeySmallOrder, "密钥为小阶点\0", "the key is of small order\0"),
    (Status::KeyMixedOrder, "密钥为混合阶点\0", "the key is of mixed order\0"),
    (Status::Signature, "签名无效\0", "the signature does not verify\0"),
];

impl From<TextError> for Status {
    fn from(error: TextError) -> Self {
        match error {
            TextError::TooLong(_) => Self::TextTooLong,
            TextError::Prefix => Self::TextPrefix,
            TextError::Alphabet(_) => Self::TextAlphabet,
            TextError::Group(_) => Self::TextGroup,
            _ => Self::Unclassified,
        }
    }
}

impl From<KeyError> for Status {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotAPoint => Self::KeyNotAPoint,
            KeyError::NonCanonical => Self::KeyNonCanonical,
            KeyError::SmallOrder => Self::KeySmallOrder,
            KeyError::MixedOrder => Self::KeyMixedOrder,
            _ => Self::Unclassified,
        }
    }
}

impl From<SignatureError> for Status {
    fn from(_: SignatureError) -> Self {
        Self::Signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines are added here, never changed and never removed.
    const FROZEN: [(u32, &str); 16] = [
        (0, "Ok"),
        (1, "Panic"),
        (2, "NullPointer"),
        (3, "Length"),
        (4, "BufferTooSmall"),
        (5, "UnknownConstant"),
        (6, "Unclassified"),
        (100, "TextTooLong"),
        (101, "TextPrefix"),
        (102, "TextAlphabet"),
        (103, "TextGroup"),
        (200, "KeyNotAPoint"),
        (201, "KeyNonCanonical"),
        (202, "KeySmallOrder"),
        (203, "KeyMixedOrder"),
        (204, "Signature"),
    ];

    #[test]
    fn the_numbers_are_frozen() {
        let table: Vec<(u32, String)> = TABLE.iter().map(|(s, ..)| (*s as u32, format!("{s:?}"))).collect();
        let frozen: Vec<(u32, String)> = FROZEN.iter().map(|(n, s)| (*n, (*s).to_owned())).collect();
        assert_eq!(table, frozen);
        assert!(table.is_sorted_by(|a, b| a.0 < b.0), "a number is used twice or out of order");
        assert_eq!((Lang::Zh as u32, Lang::En as u32), (0, 1));
    }

    #[test]
    fn every_status_of_the_source_is_in_the_table() {
        // The enum has no list of its own: take it from this file.
        let source = include_str!("status.rs");
        let body = source.split("pub enum Status {").nth(1).unwrap().split('}').next().unwrap();
        let named = body.lines().filter(|line| line.contains(" = ")).count();
        assert_eq!(named, TABLE.len());
    }

    #[test]
    fn every_text_ends_in_one_nul() {
        for (status, zh, en) in TABLE {
            for text in [zh, en] {
                assert!(text.len() > 1 && text.find('\0') == Some(text.len() - 1), "{status:?}");
            }
            assert!(en.is_ascii() && !zh.is_ascii(), "{status:?}");
        }
    }
}
