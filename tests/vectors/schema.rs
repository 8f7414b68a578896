//! What a file of vectors holds; `README.md` beside this file explains it to other implementations.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::collections::BTreeMap;

/// One file of cases.
#[derive(Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub version: u32,
    pub about: String,
    /// Every key that signs here, by name.
    pub keys: BTreeMap<String, Key>,
    /// What several cases need, by name.
    pub inputs: BTreeMap<String, Hex>,
    pub cases: Vec<Case>,
}

/// An Ed25519 key with its secret seed.
#[derive(Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub seed: Hex,
    pub public: Hex,
    pub kid: Hex,
}

/// One message, or one thing made of several, with the verdict of each check on it.
#[derive(Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub name: String,
    /// The section of `docs/format.md`.
    pub section: String,
    /// What the case shows; of a bad case, the one rule it breaks.
    pub rule: String,
    /// Of a bad case, the good one in the same file that it is made of.
    pub base: Option<String>,
    /// The keys that its bytes name, by key id or as they are.
    pub keys: Vec<String>,
    /// Unix seconds.
    pub now: i64,
    pub stages: Vec<Stage>,
}

/// One check: what it is given, and its verdict.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    pub stage: String,
    pub bytes: Hex,
    /// This many zero bytes follow `bytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zeros: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<Typ>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_root: Option<Hex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vkeys: Option<Vec<String>>,
    pub verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<String>,
}

impl Stage {
    /// `bytes` with the zeros that follow.
    pub(crate) fn input(&self) -> Vec<u8> {
        let mut bytes = self.bytes.0.clone();
        bytes.resize(bytes.len() + self.zeros.unwrap_or(0), 0);
        bytes
    }
}

/// A `typ` header: a content format or a media type.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Typ {
    ContentFormat(u16),
    MediaType(String),
}

/// Bytes, in lower-case hex.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Hex(pub Vec<u8>);

impl Hex {
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |at: u8| (at as char).to_digit(16).filter(|_| !at.is_ascii_uppercase());
        let byte = |pair: &[u8]| match *pair {
            [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        };
        let bytes = text.as_bytes().chunks(2).map(byte).collect::<Option<_>>();
        bytes.map(Self).ok_or_else(|| D::Error::custom("not pairs of lower-case hex digits"))
    }
}
