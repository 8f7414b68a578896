//! Over-use as one file: who has the trust list and nothing else is convinced, and by nothing else.

use ciborium::Value;
use onecard::audit::{
    Liable, MemoryFiles, Options, OverUseError, OverUseProof, ProvenOverUse, ShownError, audit, prove_over_use,
};
use onecard::crypto::sha256;
use onecard::ledger::{Receipt, ReceiptError};
use onecard::pass::PassError;
use onecard::tlog::TlogProofError;
use onecard::trust::{CatalogueError, Role, TrustError, TrustHistory, TrustList, TrustListSpec};
use onecard_testkit::day::{self, CITIES, Day, OPEN, catalogue_spec, id, secret, time, trust_list};

fn trust() -> TrustHistory {
    let list = trust_list();
    TrustList::genesis(&list, &sha256(&[&list])).unwrap().into()
}

fn published() -> MemoryFiles {
    Day::over_used().settle(OPEN + 90_000)
}

/// What the files show of passes 1 and 2.
fn proofs(files: &MemoryFiles) -> [Result<OverUseProof, OverUseError>; 2] {
    let found = prove_over_use(files, &audit(files, &Options::default()));
    assert_eq!(found.iter().map(|(pass, _)| pass.pass.as_bytes()[0]).collect::<Vec<_>>(), [1, 2]);
    found.into_iter().map(|(_, proof)| proof).collect::<Vec<_>>().try_into().unwrap()
}

fn verify(bytes: &[u8]) -> Result<ProvenOverUse, OverUseError> {
    OverUseProof::decode(bytes)?.verify(&trust())
}

/// The file of pass 2, as bytes and as a tree of CBOR.
fn file() -> (Vec<u8>, Value) {
    let [_, second] = proofs(&published());
    let bytes = second.unwrap().encode();
    let value = ciborium::from_reader(&bytes[..]).unwrap();
    (bytes, value)
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// What becomes of a file after `change`.
fn changed(value: &Value, change: impl FnOnce(&mut Value)) -> Result<ProvenOverUse, OverUseError> {
    let mut value = value.clone();
    change(&mut value);
    verify(&encoded(&value))
}

/// A catalogue of the same members by which three entries are fine: that is another product.
fn generous() -> Vec<u8> {
    let mut spec = catalogue_spec(CITIES[0]);
    spec.products[0].grants[0].quotas[0].limit = 3;
    spec.sign(&secret(CITIES[0], Role::Registrar))
}

/// The value of a key of the file.
fn at(file: &mut Value, key: usize) -> &mut Value {
    &mut file.as_map_mut().unwrap()[key - 1].1
}

fn catalogues(file: &mut Value) -> &mut Vec<Value> {
    at(file, 3).as_array_mut().unwrap()
}

fn uses(file: &mut Value) -> &mut Vec<Value> {
    at(file, 4).as_array_mut().unwrap()
}

const PERIOD: usize = 0;
const RECEIPT: usize = 1;
const SHOWN: usize = 2;
const SYNCED: usize = 3;

fn part(file: &mut Value, place: usize, part: usize) -> &mut Value {
    &mut uses(file)[place].as_array_mut().unwrap()[part]
}

#[test]
fn a_file_shows_what_the_audit_found() {
    let files = published();
    let report = audit(&files, &Options::default());
    for (over, proof) in report.over_use.iter().zip(proofs(&files)) {
        let proof = proof.unwrap();
        let bytes = proof.encode();
        assert_eq!(OverUseProof::decode(&bytes).as_ref(), Ok(&proof));
        let proven = verify(&bytes).unwrap();
        assert_eq!((proof.pass(), proven.pass, &proven.over_use[..]), (over.pass, over.pass, &[over.clone()][..]));
        assert_eq!(proven.uses.len(), 3);
        assert_eq!(proven.uses.last().unwrap().used, over.used);
        assert!(proven.uses.iter().all(|used| used.shown && used.period == 0 && used.final_at == time(OPEN + 90_000)));
        let knew = proven.uses[2].synced.as_ref().unwrap();
        assert_eq!((knew.time, knew.ledgers.len()), (time(OPEN + 1_000), 4));
    }
    let liable: Vec<_> = report.over_use.iter().map(|over| over.liable).collect();
    assert_eq!(liable, [Liable::Issuer, Liable::Gate]);
}

#[test]
fn erased_evidence_takes_nothing_away() {
    let mut files = published();
    files.retain(|path, _| !path.starts_with("evidence/"));
    for proof in proofs(&files) {
        let proven = proof.unwrap().verify(&trust()).unwrap();
        assert!(proven.uses.iter().all(|used| !used.shown));
        assert_eq!(proven.over_use.len(), 1);
    }
}

#[test]
fn what_is_not_final_or_not_there_is_shown_to_nobody() {
    let files = published();
    let report = audit(&files, &Options::default());
    let proofs = |files: &MemoryFiles| prove_over_use(files, &report).into_iter().map(|(_, proof)| proof.unwrap_err());
    let mut damaged = files.clone();
    let checkpoint = damaged.get_mut("ledger/320100/checkpoint").unwrap();
    let text = String::from_utf8(checkpoint.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    *checkpoint = (lines[..lines.len() - 2].join("\n") + "\n").into_bytes();
    for refused in proofs(&damaged) {
        assert_eq!(refused, OverUseError::Receipt { place: 2, error: ReceiptError::NotFinal });
    }
    let mut damaged = files.clone();
    damaged.retain(|path, _| !path.starts_with("journal/310101/1/tile/entries/"));
    for refused in proofs(&damaged) {
        assert_eq!(refused, OverUseError::NotPublished(0));
    }
    // Since the audit somebody made the third entry a right.
    let mut changed = files;
    changed.insert("trust/catalogue-310101-1.cose".into(), generous());
    for refused in proofs(&changed) {
        assert_eq!(refused, OverUseError::Changed);
    }
}

#[test]
fn another_encoding_is_refused() {
    let (bytes, value) = file();
    assert_eq!(encoded(&value), bytes);
    assert_eq!(verify(&vec![0; (16 << 20) + 1]), Err(OverUseError::TooLong((16 << 20) + 1)));
    assert!(matches!(verify(&vec![0; 16 << 20]), Err(OverUseError::Cbor(_))));
    assert!(matches!(verify(&[&bytes[..], &[0]].concat()), Err(OverUseError::Cbor(_))), "trailing");
    assert!(matches!(verify(&bytes[..bytes.len() - 1]), Err(OverUseError::Cbor(_))), "cut");
    assert_eq!(changed(&value, |file| *at(file, 1) = 2.into()), Err(OverUseError::Version(2)));
    let missing = changed(&value, |file| drop(file.as_map_mut().unwrap().remove(2)));
    assert!(matches!(missing, Err(OverUseError::Cbor(_))), "{missing:?}");
    let surplus = changed(&value, |file| file.as_map_mut().unwrap().push((5.into(), 1.into())));
    assert!(matches!(surplus, Err(OverUseError::Cbor(_))), "{surplus:?}");
    let long = changed(&value, |file| *part(file, 0, SHOWN) = Value::Bytes(vec![0; 641]));
    assert!(matches!(long, Err(OverUseError::Cbor(_))), "{long:?}");
    let many = changed(&value, |file| {
        let first = uses(file)[0].clone();
        uses(file).resize(1_025, first);
    });
    assert!(matches!(many, Err(OverUseError::Cbor(_))), "{many:?}");
    let junk = changed(&value, |file| *part(file, 1, RECEIPT) = "junk".into());
    assert_eq!(junk, Err(OverUseError::Receipt { place: 1, error: ReceiptError::Shape }));
    let junk = changed(&value, |file| *part(file, 2, SYNCED) = "junk".into());
    assert_eq!(junk, Err(OverUseError::Receipt { place: 2, error: ReceiptError::Shape }));
}

#[test]
fn only_receipts_that_verify_count() {
    let (_, value) = file();
    // Of a federation with the same names and other keys.
    let other = TrustListSpec { federation: "onecard.other".into(), ..day::trust_spec() };
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    let list = other.sign(&roots.each_ref());
    let other = TrustList::genesis(&list, &sha256(&[&list])).unwrap();
    let refused = OverUseProof::decode(&encoded(&value)).unwrap().verify(&other.into());
    assert!(
        matches!(refused, Err(OverUseError::Receipt { place: 0, error: ReceiptError::Proof(TlogProofError::Note(_)) })),
        "{refused:?}"
    );
    // The record of one receipt with the ledger's part of another city's.
    let refused = changed(&value, |file| {
        let [first, last] = [0, 2].map(|place| part(file, place, RECEIPT).as_text().unwrap().to_owned());
        let header = "c2sp.org/tlog-proof@v1\n";
        let [first, last] = [first, last]
            .map(|text| text[header.len()..].split_once(header).map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap());
        *part(file, 0, RECEIPT) = Value::Text([header, &first.0, header, &last.1].concat());
    });
    assert!(matches!(refused, Err(OverUseError::Receipt { place: 0, .. })), "{refused:?}");
}

#[test]
fn the_uses_are_of_the_pass_and_in_order() {
    let (_, value) = file();
    let [first, _] = proofs(&published());
    let mut other: Value = ciborium::from_reader(&first.unwrap().encode()[..]).unwrap();
    let other = uses(&mut other)[0].clone();
    assert_eq!(changed(&value, |file| uses(file)[1] = other), Err(OverUseError::OtherRecord(1)));
    let pass = changed(&value, |file| at(file, 2).as_array_mut().unwrap()[1] = Value::Bytes(vec![9; 10]));
    assert_eq!(pass, Err(OverUseError::OtherRecord(0)));
    // A record that is no redemption.
    let synced = changed(&value, |file| {
        let synced = part(file, 0, SYNCED).clone();
        *part(file, 0, RECEIPT) = synced;
    });
    assert_eq!(synced, Err(OverUseError::OtherRecord(0)));
    assert_eq!(changed(&value, |file| uses(file).swap(0, 1)), Err(OverUseError::Order(1)));
    assert_eq!(changed(&value, |file| uses(file).swap(1, 2)), Err(OverUseError::Order(2)));
    let twice = changed(&value, |file| {
        let again = uses(file)[1].clone();
        uses(file).insert(2, again);
    });
    assert_eq!(twice, Err(OverUseError::Order(2)));
    // The same use in a later period.
    let again = changed(&value, |file| {
        let mut again = uses(file)[0].clone();
        again.as_array_mut().unwrap()[PERIOD] = 1.into();
        uses(file).push(again);
    });
    assert_eq!(again, Err(OverUseError::Order(3)));
    assert_eq!(changed(&value, |file| *part(file, 0, PERIOD) = 1.into()), Err(OverUseError::Order(1)));
}

/// Whoever could choose the periods freely could make the first use the one too many.
#[test]
fn no_cut_off_parts_what_one_entry_sealed() {
    let (_, value) = file();
    assert!(changed(&value, |file| *part(file, 2, PERIOD) = 1.into()).is_ok(), "in another ledger");
    let parted = changed(&value, |file| {
        uses(file).swap(0, 1);
        [1, 2].into_iter().for_each(|place| *part(file, place, PERIOD) = 1.into());
    });
    assert_eq!(parted, Err(OverUseError::Order(1)));
}

#[test]
fn what_the_rules_cover_is_no_over_use() {
    let (_, value) = file();
    for place in 0..3 {
        assert_eq!(changed(&value, |file| drop(uses(file).remove(place))), Err(OverUseError::Covered), "{place}");
    }
    assert_eq!(changed(&value, |file| uses(file).clear()), Err(OverUseError::Covered));
}

#[test]
fn the_catalogues_are_those_of_the_members_concerned() {
    let (_, value) = file();
    let of = |code| Value::Bytes(day::catalogue(code));
    assert_eq!(catalogues(&mut value.clone()), &[of(CITIES[0]), of(CITIES[1])]);
    let product = catalogue_spec(CITIES[0]).products[0].id;
    let without = changed(&value, |file| drop(catalogues(file).remove(0)));
    assert_eq!(without, Err(OverUseError::UnknownProduct(product)));
    let without = changed(&value, |file| drop(catalogues(file).remove(1)));
    assert!(matches!(without, Err(OverUseError::UnknownVenue(venue)) if venue.member == id(CITIES[1])), "{without:?}");
    let surplus = changed(&value, |file| catalogues(file).push(of(CITIES[2])));
    assert_eq!(surplus, Err(OverUseError::OtherCatalogue(id(CITIES[2]))));
    let twice = changed(&value, |file| catalogues(file).insert(0, of(CITIES[0])));
    assert_eq!(twice, Err(OverUseError::OtherCatalogue(id(CITIES[0]))));
    assert_eq!(changed(&value, |file| catalogues(file).swap(0, 1)), Err(OverUseError::OtherCatalogue(id(CITIES[0]))));
    let forged = catalogue_spec(CITIES[0]).sign(&secret(CITIES[0], Role::Issuer));
    let forged = changed(&value, |file| catalogues(file)[0] = Value::Bytes(forged));
    assert!(matches!(forged, Err(OverUseError::Catalogue(CatalogueError::Trust(_)))), "{forged:?}");
    let generous = Value::Bytes(generous());
    assert_eq!(changed(&value, |file| catalogues(file)[0] = generous), Err(OverUseError::Covered));
}

#[test]
fn what_was_shown_is_what_the_record_says() {
    let (_, value) = file();
    let refused = |place, error| Err(OverUseError::Shown { place, error });
    let flipped = changed(&value, |file| *part(file, 1, SHOWN).as_bytes_mut().unwrap().last_mut().unwrap() ^= 1);
    assert_eq!(flipped, refused(1, ShownError::Digest));
    let other = changed(&value, |file| {
        let other = part(file, 0, SHOWN).clone();
        *part(file, 2, SHOWN) = other;
    });
    assert_eq!(other, refused(2, ShownError::Digest));
    let erased = changed(&value, |file| *part(file, 2, SHOWN) = Value::Null).unwrap();
    assert_eq!(erased.uses.iter().map(|used| used.shown).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn what_the_gate_knew_is_its_own_word_from_before() {
    let (_, value) = file();
    let of = |file: &mut Value, place, what| part(file, place, what).clone();
    for (other, what) in [(0, SYNCED), (2, RECEIPT)] {
        let refused = changed(&value, |file| *part(file, 2, SYNCED) = of(file, other, what));
        assert_eq!(refused, Err(OverUseError::OtherSynced(2)), "of use {other}");
    }
    // A record of the same gate, from after the use.
    let mut day = Day::over_used();
    day.finish(OPEN + 90_000);
    let later: Receipt = day.cities[1].ledger.receipt(1, 5).unwrap();
    let refused = changed(&value, |file| *part(file, 2, SYNCED) = later.to_text().into());
    assert_eq!(refused, Err(OverUseError::OtherSynced(2)));
    // What is not shown is not held against the gate.
    let silent = changed(&value, |file| *part(file, 2, SYNCED) = Value::Null).unwrap();
    assert_eq!(silent.over_use[0].liable, Liable::Issuer);
    assert_eq!(silent.uses[2].synced, None);
}

/// The issuer's key left the trust list a moment after the first use, and no gate had heard of that.
#[test]
fn what_was_shown_is_judged_by_a_list_that_the_gate_had() {
    let mut spec = TrustListSpec { sequence: 2, issued: time(OPEN + 100), ..day::trust_spec() };
    for member in &mut spec.members {
        member.keys.retain(|entry| member.id != id(CITIES[0]) || entry.role != Role::Issuer);
    }
    let roots = [0, 1, 2].map(|city| secret(CITIES[city], Role::Root));
    let mut lists = trust();
    lists.push(&spec.sign(&roots.each_ref())).unwrap();
    let (bytes, mut value) = file();
    let proven = OverUseProof::decode(&bytes).unwrap().verify(&lists).unwrap();
    assert_eq!(proven, verify(&bytes).unwrap());
    // Without its word that it had the older list, the one in force counts.
    *part(&mut value, 2, SYNCED) = Value::Null;
    let refused = OverUseProof::decode(&encoded(&value)).unwrap().verify(&lists);
    let unknown = TrustError::UnknownKey(secret(CITIES[0], Role::Issuer).verifying_key().kid());
    let error = ShownError::Presentation(PassError::Issuer(unknown));
    assert_eq!(refused, Err(OverUseError::Shown { place: 2, error }));
}

#[test]
fn no_changed_byte_says_anything_else() {
    let (bytes, _) = file();
    let good = verify(&bytes).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let Ok(decoded) = OverUseProof::decode(&changed) else { continue };
        assert_eq!(decoded.encode(), changed, "byte {at}");
        let Ok(found) = decoded.verify(&trust()) else { continue };
        // The numbers of the periods are signed by nobody: they only order the uses.
        assert_eq!(found.over_use, good.over_use, "byte {at}");
        let facts = |proven: &ProvenOverUse| proven.uses.iter().map(|used| (used.used, used.entry)).collect::<Vec<_>>();
        assert_eq!(facts(&found), facts(&good), "byte {at}");
    }
}
