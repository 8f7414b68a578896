//! What kind of document a file is, told by its first bytes and its `typ`. Nothing is verified here.

use crate::dump::{self, Kind};
use onecard::audit::{OverUseProof, Statement};
use onecard::gate::Segment;
use onecard::ledger::Receipt;
use onecard::limits;
use onecard::tlog::{Checkpoint, Note, NoteVerifier};
use onecard::wire::cbor::{CborError, Decoder, Key};
use onecard::wire::text;

/// A document and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Pass,
    Presentation,
    TrustList,
    Catalogue,
    StatusList,
    GateCertificate,
    Checkpoint,
    Receipt,
    Segment,
}

impl Type {
    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Presentation => "presentation",
            Self::TrustList => "trust list",
            Self::Catalogue => "catalogue",
            Self::StatusList => "status list",
            Self::GateCertificate => "gate certificate",
            Self::Checkpoint => "checkpoint",
            Self::Receipt => "receipt",
            Self::Segment => "segment",
        }
    }

    /// The longest there is, in bytes.
    const fn most(self) -> usize {
        match self {
            Self::Pass => limits::MAX_PASS,
            Self::Presentation => limits::MAX_PRESENTATION,
            Self::TrustList => limits::MAX_TRUST_LIST,
            Self::Catalogue => limits::MAX_CATALOGUE,
            Self::StatusList => limits::MAX_STATUS_LIST,
            Self::GateCertificate => limits::MAX_GATE_CERTIFICATE,
            Self::Checkpoint => limits::MAX_NOTE,
            Self::Receipt => limits::MAX_PROOF,
            Self::Segment => limits::MAX_SEGMENT,
        }
    }

    /// What its payload is.
    const fn payload(self) -> Kind {
        use Kind::{Any, List, Map, Time, Tuple};
        const CNF: Kind = Map(&[(1, "COSE_Key", Map(&[(1, "kty", Any), (-1, "crv", Any), (-2, "x", Any)]))]);
        const KEY: Kind = Tuple(&[("role", Any), ("key", Any), ("not before", Time), ("not after", Time)]);
        const MEMBER: Kind = Map(&[
            (1, "id", Any),
            (2, "name zh", Any),
            (3, "name en", Any),
            (4, "kind", Any),
            (5, "keys", List(&KEY)),
            (6, "suspended from", Time),
        ]);
        const POLICY: Kind = Map(&[
            (1, "root threshold", Any),
            (2, "witness quorum", Any),
            (3, "code early", Any),
            (4, "code late", Any),
            (5, "clock suspect", Any),
            (6, "status fresh", Any),
            (7, "status max age", Any),
            (8, "annul within", Any),
            (9, "rescan within", Any),
            (10, "sync within", Any),
        ]);
        const VENUE: Kind = Tuple(&[
            ("number", Any),
            ("code", Any),
            ("name zh", Any),
            ("name en", Any),
            ("category", Any),
            ("price in fen", Any),
        ]);
        match self {
            Self::Pass => Map(&[
                (1, "iss", Any),
                (2, "sub", Any),
                (4, "exp", Time),
                (5, "nbf", Time),
                (6, "iat", Time),
                (8, "cnf", CNF),
                (65_535, "status", Any),
                (
                    -65_537,
                    "onecard",
                    Map(&[
                        (1, "version", Any),
                        (3, "product", Tuple(&[("number", Any), ("version", Any)])),
                        (5, "holder class", Any),
                        (7, "flags", Any),
                        (9, "freshness", Any),
                    ]),
                ),
            ]),
            Self::Presentation => Map(&[(3, "aud", Any), (6, "iat", Time), (39, "cnonce", Any)]),
            Self::TrustList => Map(&[
                (1, "federation", Any),
                (2, "sequence", Any),
                (3, "issued", Time),
                (4, "expires", Time),
                (5, "policy", POLICY),
                (6, "members", List(&MEMBER)),
            ]),
            Self::Catalogue => Map(&[
                (1, "member", Any),
                (2, "sequence", Any),
                (3, "issued", Time),
                (4, "venues", List(&VENUE)),
                (5, "products", Any),
            ]),
            Self::StatusList => Map(&[
                (2, "sub", Any),
                (4, "exp", Time),
                (6, "iat", Time),
                (65_533, "status_list", Any),
                (65_534, "ttl", Any),
            ]),
            Self::GateCertificate => Map(&[
                (1, "iss", Any),
                (2, "sub", Any),
                (4, "exp", Time),
                (5, "nbf", Time),
                (6, "iat", Time),
                (8, "cnf", CNF),
                (-65_537, "onecard", Map(&[(1, "version", Any), (3, "venue", Any), (5, "service", Any)])),
            ]),
            Self::Checkpoint | Self::Receipt | Self::Segment => Any,
        }
    }
}

/// Tells what a file is and prints its fields. Returns the type and the document's own bytes: what a
/// QR text encodes, else the file.
pub(crate) fn show(out: &mut String, file: Vec<u8>) -> Result<(Type, Vec<u8>), String> {
    if file.starts_with(text::PREFIX.as_bytes()) {
        dump::line(out, "QR text, which encodes a");
        // An editor ends the last line; the text has no line end.
        let scanned = file.strip_suffix(b"\n").unwrap_or(&file);
        let scanned = scanned.strip_suffix(b"\r").unwrap_or(scanned);
        let bytes = text::decode(scanned).map_err(|error| error.to_string())?.as_slice().to_vec();
        let kind = show_cose(out, &bytes)?;
        return Ok((kind.ok_or("neither a pass nor a presentation")?, bytes));
    }
    if file.starts_with(b"c2sp.org/tlog-proof@") {
        dump::line(out, Type::Receipt.name());
        let receipt = Receipt::parse(&file).map_err(|error| error.to_string())?.to_text();
        for text in receipt.lines().filter(|line| !line.starts_with("extra ")) {
            dump::line(out, text);
        }
        return Ok((Type::Receipt, file));
    }
    if let Ok(note) = Note::parse(&file) {
        dump::line(out, Type::Checkpoint.name());
        let checkpoint = Checkpoint::parse(note.text()).map_err(|error| error.to_string())?;
        for (name, value) in [
            ("origin", checkpoint.origin.to_string()),
            ("size", checkpoint.size.to_string()),
            ("root", checkpoint.root.to_string()),
        ] {
            dump::label(out, name, 2);
            dump::line(out, &value);
        }
        for line in note.lines() {
            dump::label(out, "signature of", 2);
            let id = line.id().map_or_else(|| "no key id".to_owned(), |id| id.to_string());
            dump::line(out, &format!("{} ({id})", line.name()));
        }
        return Ok((Type::Checkpoint, file));
    }
    if let Some(kind) = show_cose(out, &file)? {
        return Ok((kind, file));
    }
    let segment = Segment::decode(&file).map_err(|_| other(&file))?;
    dump::line(out, Type::Segment.name());
    dump::label(out, "first record", 2);
    dump::line(out, &segment.first.to_string());
    dump::label(out, "records", 2);
    dump::line(out, &segment.records.len().to_string());
    dump::label(out, "with evidence", 2);
    dump::line(out, &segment.records.iter().filter(|record| record.evidence.is_some()).count().to_string());
    for text in segment.checkpoint.lines() {
        dump::line(out, text);
    }
    Ok((Type::Segment, file))
}

/// What a file is that is not shown, and what reads it.
fn other(file: &[u8]) -> &'static str {
    if Statement::decode(file).is_ok() {
        "a statement: audit computes it from the published files and compares it"
    } else if OverUseProof::decode(file).is_ok() {
        "a file that shows over-use: verify-over-use reads it"
    } else if std::str::from_utf8(file).is_ok_and(|text| text.trim_end().parse::<NoteVerifier>().is_ok()) {
        "the key of a ledger or witness: vkey prints those of a trust list"
    } else {
        "not a document of onecard"
    }
}

/// Prints a signed message, if the bytes are one of a known type. Nothing is printed of one that is too long for its type.
fn show_cose(out: &mut String, bytes: &[u8]) -> Result<Option<Type>, String> {
    let Ok((protected, payload)) = split(bytes) else { return Ok(None) };
    let text = |error: CborError| error.to_string();
    let Headers { kind: Some(kind), kid, pass } = headers(protected).map_err(text)? else { return Ok(None) };
    if bytes.len() > kind.most() {
        return Err(format!("a {} of {} bytes, and none has more than {}", kind.name(), bytes.len(), kind.most()));
    }
    show_message(out, kind, kid, payload, pass).map_err(text)?;
    Ok(Some(kind))
}

/// What of a protected header tells what a message is.
struct Headers<'a> {
    kind: Option<Type>,
    kid: Option<&'a [u8]>,
    pass: Option<&'a [u8]>,
}

fn headers(protected: &[u8]) -> Result<Headers<'_>, CborError> {
    let mut found = Headers { kind: None, kid: None, pass: None };
    let d = &mut Decoder::new(protected);
    let mut headers = d.map()?;
    while let Some(key) = headers.key(d)? {
        let value = d.item()?;
        match key {
            Key::Int(4) => found.kid = Decoder::new(value).bytes().ok(),
            Key::Int(13) => found.pass = Some(value),
            Key::Int(16) => found.kind = type_of(value),
            _ => {}
        }
    }
    Ok(found)
}

fn show_message(
    out: &mut String,
    kind: Type,
    kid: Option<&[u8]>,
    payload: &[u8],
    pass: Option<&[u8]>,
) -> Result<(), CborError> {
    dump::line(out, kind.name());
    if let Some(kid) = kid {
        dump::label(out, "kid", 2);
        dump::line(out, &dump::hex(kid));
    }
    dump::label(out, "payload", 2);
    dump::item(out, payload, kind.payload(), 4)?;
    if let Some(pass) = pass {
        dump::line(out, "within it a");
        show_pass(out, pass)?;
    }
    Ok(())
}

/// The pass within a presentation. What else is there, is not looked into.
fn show_pass(out: &mut String, bytes: &[u8]) -> Result<(), CborError> {
    let (_, payload) = split(bytes)?;
    dump::line(out, Type::Pass.name());
    dump::label(out, "payload", 2);
    dump::item(out, payload, Type::Pass.payload(), 4)
}

/// Protected header and payload of a `COSE_Sign1` or `COSE_Sign`.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), CborError> {
    let mut d = Decoder::new(bytes);
    if d.tag(18).is_err() {
        d = Decoder::new(bytes);
        d.tag(98)?;
    }
    d.array_of(4)?;
    let protected = d.bytes()?;
    d.item()?;
    let payload = d.bytes()?;
    d.item()?;
    d.end()?;
    Ok((protected, payload))
}

fn type_of(typ: &[u8]) -> Option<Type> {
    if let Ok(number) = Decoder::new(typ).uint::<u16>() {
        return match number {
            293 => Some(Type::Pass),
            294 => Some(Type::Presentation),
            _ => None,
        };
    }
    match Decoder::new(typ).text().ok()? {
        "application/vnd.onecard.trust-list+cbor" => Some(Type::TrustList),
        "application/vnd.onecard.catalogue+cbor" => Some(Type::Catalogue),
        "application/statuslist+cwt" => Some(Type::StatusList),
        "application/vnd.onecard.gate+cwt" => Some(Type::GateCertificate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onecard_testkit::federation::{NOW, catalogue, certificate, code, pass, presentation, status, trust};

    #[test]
    fn damaged_files_are_shown_or_refused_without_a_panic() {
        let files = [
            (Type::Pass, pass(1, |_| {})),
            (Type::Presentation, presentation(&pass(1, |_| {}), 1, NOW)),
            (Type::Presentation, code(1, NOW, |_| {}).into_bytes()),
            (Type::TrustList, trust(1)),
            (Type::Catalogue, catalogue(1, 2)),
            (Type::StatusList, status(NOW, &[13])),
            (Type::GateCertificate, certificate()),
        ];
        for (kind, file) in files {
            let mut out = String::new();
            assert_eq!(show(&mut out, file.clone()).map(|shown| shown.0), Ok(kind));
            for at in 0..file.len() {
                assert!(show(&mut String::new(), file[..at].to_vec()).is_err(), "{kind:?} cut at {at}");
                for mask in [0x01, 0x20, 0x60, 0x80, 0xff] {
                    let mut changed = file.clone();
                    changed[at] ^= mask;
                    let mut out = String::new();
                    drop(show(&mut out, changed));
                    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{kind:?} {at}");
                }
            }
        }
    }
}
