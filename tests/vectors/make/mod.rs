//! The generator: every file of vectors, made in memory from fixed seeds.
//!
//! It shares nothing with the encoders under test but keys and signatures: messages are put together
//! item by item, right or wrong. Every verdict is written by hand.

mod bundle;
mod catalogue;
mod cbor;
mod certificate;
mod crypto;
mod pass;
mod presentation;
mod record;
mod status;
mod text;
mod tlog;
mod trust;
mod usage;
mod value;
mod world;

use super::run::ACCEPT;
use super::schema::{Case, File, Hex, Key, Stage, Typ};
use onecard::crypto::SigningKey;
use std::collections::BTreeMap;

/// Name and content of every file.
pub(crate) fn files() -> Vec<(&'static str, File)> {
    vec![
        ("text", text::file()),
        ("cbor", cbor::file()),
        ("crypto", crypto::file()),
        ("trust_list", trust::file()),
        ("catalogue", catalogue::file()),
        ("gate_certificate", certificate::file()),
        ("status_list", status::file()),
        ("bundle", bundle::file()),
        ("pass", pass::file()),
        ("presentation", presentation::file()),
        ("tlog", tlog::file()),
        ("records", record::file()),
        ("usage_digest", usage::file()),
    ]
}

/// Puts a file together.
struct Maker {
    file: File,
    section: &'static str,
    base: Option<&'static str>,
    now: i64,
}

impl Maker {
    fn new(about: &str) -> Self {
        let (about, keys, inputs) = (about.to_owned(), BTreeMap::new(), BTreeMap::new());
        let file = File { version: 1, about, keys, inputs, cases: vec![] };
        Self { file, section: "", base: None, now: world::NOW }
    }

    /// A key that signs in this file.
    fn key(&mut self, name: &str, key: &SigningKey) {
        let public = key.verifying_key();
        let hex = |bytes: &[u8]| Hex(bytes.to_vec());
        let key = Key { seed: hex(&*key.to_seed()), public: hex(public.as_bytes()), kid: hex(&public.kid().0) };
        self.file.keys.insert(name.to_owned(), key);
    }

    fn input(&mut self, name: &str, bytes: Vec<u8>) {
        assert!(self.file.inputs.insert(name.to_owned(), Hex(bytes)).is_none(), "{name} twice");
    }

    /// The section of the format that the cases from here on are about.
    fn section(&mut self, section: &'static str) {
        self.section = section;
    }

    /// The good case that the bad ones from here on are made of, where it is not the last one.
    fn base(&mut self, name: &'static str) {
        assert!(self.file.cases.iter().any(|case| case.name == name && case.base.is_none()), "no good case {name}");
        self.base = Some(name);
    }

    /// A good case, which the bad ones from here on are made of.
    fn good(&mut self, name: &'static str, rule: &str, stages: Vec<Stage>) {
        assert!(stages.iter().all(|stage| stage.verdict == ACCEPT), "{name} has a refusal");
        let same = self.file.cases.iter().find(|case| case.stages == stages);
        assert!(same.is_none(), "{name} is {}", same.map_or("", |case| &case.name));
        self.case(name, None, rule, stages);
        self.base = Some(name);
    }

    /// A case that breaks one rule.
    fn bad(&mut self, name: &str, rule: &str, stages: Vec<Stage>) {
        let base = self.base.expect("a good case comes before");
        assert!(stages.last().is_some_and(|stage| stage.verdict != ACCEPT), "{name} has no refusal");
        self.case(&format!("bad_{name}"), Some(base), rule, stages);
    }

    fn case(&mut self, name: &str, base: Option<&str>, rule: &str, stages: Vec<Stage>) {
        let named = |key: &Key| {
            let within = |hex: &Hex| stages.iter().any(|stage| contains(&stage.bytes.0, &hex.0));
            within(&key.kid) || within(&key.public)
        };
        let keys = self.file.keys.iter().filter(|(_, key)| named(key)).map(|(name, _)| name.clone()).collect();
        let (name, section, rule, base) = (name.to_owned(), self.section.to_owned(), rule.to_owned(), base);
        let base = base.map(str::to_owned);
        self.file.cases.push(Case { name, section, rule, base, keys, now: self.now, stages });
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A stage with its verdict; what it needs more is set by the caller.
fn stage(name: &str, bytes: &[u8], verdict: &str) -> Stage {
    Stage { stage: name.to_owned(), bytes: Hex(bytes.to_vec()), verdict: verdict.to_owned(), ..Stage::default() }
}

/// The stage that opens a `COSE_Sign1`; accepted, it gives the payload.
fn sign1_stage(bytes: &[u8], typ: Typ, header: &str, verdict: Result<&[u8], &str>) -> Stage {
    Stage {
        typ: Some(typ),
        header: Some(header.to_owned()),
        gives: verdict.ok().map(|payload| Hex(payload.to_vec()).text()),
        ..stage("cose_sign1", bytes, verdict.err().unwrap_or(ACCEPT))
    }
}
