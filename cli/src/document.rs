//! What kind of document a file is, told by its first bytes and its `typ`. Nothing is verified here.

use crate::dump;
use onecard::audit::{MAX_OVER_USE, MAX_STATEMENT, OverUseProof, Statement};
use onecard::gate::{Segment, UsageDigest};
use onecard::ledger::Receipt;
use onecard::limits;
use onecard::pass::{PRESENTATION, PassClaims};
use onecard::tlog::{Checkpoint, Note};
use onecard::trust::{Bundle, CatalogueSpec, GateCertificateSpec, StatusListSpec, TrustListSpec};
use onecard::wire::cbor::{CborError, Decoder, Key};
use onecard::wire::shape::Shape;
use onecard::wire::text;

/// The longest file that is a document, in bytes.
pub(crate) const LONGEST: usize = Type::Bundle.most();

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
    UsageDigest,
    Bundle,
    Segment,
    Statement,
    OverUse,
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
            Self::UsageDigest => "usage digest",
            Self::Bundle => "bundle",
            Self::Segment => "segment",
            Self::Statement => "statement",
            Self::OverUse => "file of over-use",
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
            Self::UsageDigest => limits::MAX_USAGE_DIGEST,
            Self::Bundle => limits::MAX_BUNDLE,
            Self::Segment => limits::MAX_SEGMENT,
            Self::Statement => MAX_STATEMENT,
            Self::OverUse => MAX_OVER_USE,
        }
    }

    /// What its parts are called.
    const fn shape(self) -> Shape {
        match self {
            Self::Pass => PassClaims::SHAPE,
            Self::Presentation => PRESENTATION,
            Self::TrustList => TrustListSpec::SHAPE,
            Self::Catalogue => CatalogueSpec::SHAPE,
            Self::StatusList => StatusListSpec::SHAPE,
            Self::GateCertificate => GateCertificateSpec::SHAPE,
            Self::UsageDigest => UsageDigest::SHAPE,
            Self::Bundle => Bundle::SHAPE,
            Self::Segment => Segment::SHAPE,
            Self::Statement => Statement::SHAPE,
            Self::OverUse => OverUseProof::SHAPE,
            Self::Checkpoint | Self::Receipt => Shape::Any,
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
    let kind = unsigned(&file).ok_or("not a document of onecard")?;
    dump::line(out, kind.name());
    if let Ok(Segment { records, .. }) = Segment::decode(&file) {
        dump::label(out, "records", 2);
        dump::line(out, &records.len().to_string());
        dump::label(out, "with evidence", 2);
        dump::line(out, &records.iter().filter(|record| record.evidence.is_some()).count().to_string());
    }
    dump::label(out, "content", 2);
    dump::item(out, &file, kind.shape(), 4).map_err(|error| error.to_string())?;
    Ok((kind, file))
}

/// The type of a file that is not a signed message itself.
fn unsigned(file: &[u8]) -> Option<Type> {
    if Segment::decode(file).is_ok() {
        Some(Type::Segment)
    } else if Statement::decode(file).is_ok() {
        Some(Type::Statement)
    } else if OverUseProof::decode(file).is_ok() {
        Some(Type::OverUse)
    } else {
        is_bundle(file).is_ok_and(|is| is).then_some(Type::Bundle)
    }
}

/// Whether a file has the form of a bundle: a bundle itself is read by who trusts its first list.
fn is_bundle(file: &[u8]) -> Result<bool, CborError> {
    let mut d = Decoder::new(file);
    let mut map = d.map()?;
    map.require(&mut d, 1)?;
    let version = d.uint::<u64>()?;
    for key in 2..=4 {
        map.require(&mut d, key)?;
        for _ in 0..d.array()? {
            d.bytes()?;
        }
    }
    map.end(&d)?;
    d.end()?;
    Ok(version == 1 && file.len() <= Type::Bundle.most())
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
    dump::item(out, payload, kind.shape(), 4)?;
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
    dump::item(out, payload, Type::Pass.shape(), 4)
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
        "application/vnd.onecard.usage+cbor" => Some(Type::UsageDigest),
        "application/vnd.onecard.gate+cwt" => Some(Type::GateCertificate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onecard::id::{ProductRef, VenueId};
    use onecard::pass::{IdCommitment, IdOpening, flags};
    use onecard::product::{
        Choice, Grant, HourRange, Length, Mask, Method, Price, Product, Quota, QuotaKey, QuotaPeriod, Rate, Scope,
        Settlement, Unit, Validity, Window,
    };
    use onecard::time::UnixTime;
    use onecard::trust::Role;
    use onecard::wire::cbor::Encoder;
    use onecard_testkit::federation::{
        NOW, catalogue, certificate, code, id, pass, presentation, secret, status, trust,
    };
    use std::collections::BTreeSet;

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

    /// Adds the parts of an item that have a name to `named`, and those that have none to `unnamed`.
    fn walk(raw: &[u8], shape: Shape, path: &str, named: &mut BTreeSet<String>, unnamed: &mut BTreeSet<String>) {
        let d = &mut Decoder::new(raw);
        let mut part = |d: &mut Decoder<'_>, found: Option<(&'static str, Shape)>, key: &dyn std::fmt::Display| {
            let item = d.item().unwrap();
            let Some((name, shape)) = found else {
                unnamed.insert(format!("{path}/{key}"));
                return;
            };
            let path = format!("{path}/{name}");
            walk(item, shape, &path, named, unnamed);
            named.insert(path);
        };
        match (raw[0] >> 5, shape) {
            (4, Shape::List(shape)) => (0..d.array().unwrap()).for_each(|at| part(d, Some(("", *shape)), &at)),
            (4, shape) => {
                let fields = match shape {
                    Shape::Tuple(fields) => fields,
                    Shape::Cases(cases) => {
                        let mut items = d.clone();
                        items.array().unwrap();
                        let number: u64 = items.uint().unwrap();
                        cases.iter().find(|case| case.0 == number).map_or(&[][..], |case| case.1)
                    }
                    _ => &[],
                };
                (0..d.array().unwrap()).for_each(|at| part(d, fields.get(at).copied(), &at));
            }
            (5, shape) => {
                let mut map = d.map().unwrap();
                while let Some(key) = map.key(d).unwrap() {
                    match (key, shape) {
                        // The text is the name.
                        (Key::Text(_), _) => _ = d.item().unwrap(),
                        (Key::Int(key), Shape::Map(fields)) => {
                            part(d, fields.iter().find(|f| f.0 == key).map(|f| (f.1, f.2)), &key);
                        }
                        (Key::Int(key), _) => part(d, None, &key),
                    }
                }
            }
            _ => {}
        }
    }

    /// All names of a shape, by the same paths.
    fn names(shape: Shape, path: &str, all: &mut BTreeSet<String>) {
        let mut add = |name: &str, shape| {
            let path = format!("{path}/{name}");
            names(shape, &path, all);
            all.insert(path);
        };
        match shape {
            Shape::Map(fields) => fields.iter().for_each(|field| add(field.1, field.2)),
            Shape::Tuple(fields) => fields.iter().for_each(|field| add(field.0, field.1)),
            Shape::Cases(cases) => cases.iter().flat_map(|case| case.1).for_each(|field| add(field.0, field.1)),
            Shape::List(shape) => add("", *shape),
            _ => {}
        }
    }

    /// What the published vectors have of files that are accepted, and files of the formats that have no vectors.
    fn samples() -> Vec<Vec<u8>> {
        let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let opening = IdOpening::new(&[1; 16], "31010119900307").unwrap();
        let checked = |claims: &mut PassClaims| {
            (claims.flags, claims.id_commitment) = (flags::ID_CHECK, Some(IdCommitment::new(&opening)));
        };
        let mut samples = vec![statement(), products(), pass(1, checked)];
        for name in [
            "bundle",
            "catalogue",
            "gate_certificate",
            "pass",
            "presentation",
            "status_list",
            "trust_list",
            "usage_digest",
        ] {
            let file = std::fs::read(top.join(format!("tests/vectors/v1/{name}.json"))).unwrap();
            let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
            for case in file["cases"].as_array().unwrap() {
                // The last stage is of the whole document; when a trust list is in force is asked without one.
                let last = case["stages"].as_array().unwrap().last().unwrap();
                if last["verdict"] == "accept" && last["stage"] != "trust_list_time" {
                    let hex = last["bytes"].as_str().unwrap().as_bytes().chunks(2);
                    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
                    samples.push(hex.map(byte).collect());
                }
            }
        }
        samples.push(std::fs::read(top.join("fuzz/corpus/segment/seed-two")).unwrap());
        samples
    }

    /// A catalogue with a product that says everything that can be said.
    fn products() -> Vec<u8> {
        let scope = Scope {
            all: false,
            members: vec![id(320_100)],
            categories: vec![1],
            venues: vec![VenueId { member: id(310_101), number: 1 }],
            except: vec![VenueId { member: id(310_101), number: 2 }],
        };
        let day = |day: i64| UnixTime::new(NOW + day * 86_400).unwrap();
        let length = Length { hours: Some(48), days: Some(2), months: Some(1), until: Some(day(90)) };
        let mask = Mask {
            blackout: vec![(day(1).civil().0, day(2).civil().0)],
            weekdays: 31,
            hours: Some(HourRange { from: 3_600, until: 7_200 }),
        };
        let window = |validity| Window { validity, mask: mask.clone(), day_start: 3_600 };
        let grant = |validity, branch, price| Grant {
            scope: scope.clone(),
            service: 1,
            quotas: vec![Quota { limit: 2, unit: Unit::Entries, period: QuotaPeriod::Life, key: QuotaKey::Shared }],
            window: window(validity),
            price,
            holders: vec![1],
            choice: Some(Choice { group: 1, branch }),
        };
        let product = Product {
            id: ProductRef { issuer: id(310_101), product: 1, version: 1 },
            name_zh: "通票".into(),
            name_en: "City pass".into(),
            holders: vec![1, 2],
            party_max: 4,
            settlement: Settlement { price_fen: 10_000, method: Method::Contracted(Rate::Share(5_000)) },
            grants: vec![
                grant(Validity::Fixed { from: day(0), until: day(80) }, 1, Price::Fixed(100)),
                grant(Validity::FirstUse { clock: 0, activate_by: Some(length), length }, 2, Price::Off(5_000)),
            ],
        };
        let issued = UnixTime::new(NOW).unwrap();
        let spec = CatalogueSpec { member: id(310_101), sequence: 1, issued, venues: vec![], products: vec![product] };
        spec.sign(&secret(310_101, Role::Registrar))
    }

    /// A statement with something in each of its lists.
    fn statement() -> Vec<u8> {
        let (payer, payee, hash) = (310_101_u32, 320_100_u32, [7; 32]);
        let mut out = Encoder::new();
        out.map(13).int(1).uint(1_u8);
        out.int(2).array(2).uint(1_000_u32).uint(2_000_u32);
        out.int(3).bytes(&hash);
        out.int(4).array(1).array(3).uint(payee).uint(9_u8).bytes(&hash);
        out.int(5).array(1).array(10);
        for number in [payer, 1, 1, payee, 1, 2, 3, 1, 40, 100] {
            out.uint(number);
        }
        out.int(6).array(1).array(5);
        for number in [payer, 1, 1, 1, 100] {
            out.uint(number);
        }
        out.int(7).array(1).array(3).uint(payer).uint(payee).uint(105_u8);
        out.int(8).array(2).array(2).uint(payer).int(-105).array(2).uint(payee).int(105);
        out.int(9).array(1).array(2).uint(payee).uint(40_u8);
        out.int(10).array(1).array(6).uint(payer).bytes(&[1; 10]).uint(payee).uint(1_u8).uint(3_u8).uint(1_u8);
        out.int(11).array(1).array(4).uint(payee).uint(1_u8).uint(4_u8).uint(500_u32);
        out.int(12).array(1).array(3).uint(payee).uint(1_u8).uint(2_u8);
        out.int(13).array(1).array(6);
        for number in [payer, 1, 1, payee, 1, 5] {
            out.uint(number);
        }
        let bytes = out.finish();
        assert_eq!(Statement::decode(&bytes).unwrap().encode(), bytes);
        bytes
    }

    /// Each format of the library is shown with all that it has: every part of a sample has a name, and every name is
    /// of a part of a sample.
    #[test]
    fn every_part_of_every_format_is_shown_by_its_name() {
        let (mut named, mut unnamed, mut all) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for sample in samples() {
            let mut out = String::new();
            let start = format!("{:02x?}", &sample[..sample.len().min(40)]);
            let (kind, bytes) = show(&mut out, sample).unwrap_or_else(|why| panic!("{start}: {why}"));
            let payload = split(&bytes).map_or(&bytes[..], |(_, payload)| payload);
            walk(payload, kind.shape(), kind.name(), &mut named, &mut unnamed);
            names(kind.shape(), kind.name(), &mut all);
        }
        // A file of over-use is shown in tests/tool.rs, where there is one with receipts; its parts are these.
        let mut out = Encoder::new();
        out.map(4).int(1).uint(1_u8).int(2).array(2).uint(310_101_u32).bytes(&[1; 10]).int(3).array(1).bytes(&[]);
        out.int(4).array(1).array(4).uint(1_u8).text("receipt").bytes(&[]).null();
        walk(&out.finish(), Type::OverUse.shape(), Type::OverUse.name(), &mut named, &mut unnamed);
        names(Type::OverUse.shape(), Type::OverUse.name(), &mut all);
        assert_eq!(unnamed, BTreeSet::new());
        let never: BTreeSet<&String> = all.difference(&named).collect();
        assert_eq!(never, BTreeSet::new(), "names of nothing");
        let kinds: BTreeSet<&str> = all.iter().filter_map(|path| path.split('/').next()).collect();
        assert_eq!(kinds.len(), 11, "{kinds:?}");
    }
}
