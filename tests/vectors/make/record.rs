//! What logs hold: journal records, ledger entries, segments; and receipts, which prove a record.

use super::super::schema::{File, Stage};
use super::tlog::{Chain, checkpoint, checkpoint_text, cosigned_line, inclusion, log_key, proof_file};
use super::value::{Item, Map, array, bytes, int, text};
use super::world::{
    CITY, FEDERATION, KEY_UNTIL, NOW, REGISTRAR, Trust, cnf, key, kid_header, named, sign1, trusting, with_trust,
};
use super::{Maker, stage};

fn redeemed() -> Vec<Item> {
    let head = [int(1), int(NOW), int(CITY), bytes(&[1; 10])];
    let pass = [int(1), int(1), int(NOW - 60), int(NOW + 60), int(0)];
    [&head[..], &pass, &[int(0), int(2), int(0), int(0), bytes(&[7; 32])]].concat()
}

fn body(items: &[Item]) -> Item {
    array(items)
}

fn with(items: &[Item], at: usize, item: Item) -> Item {
    let mut items = items.to_vec();
    items[at] = item;
    array(&items)
}

pub(super) fn file() -> File {
    let mut make = Maker::new("What logs hold: journal records, ledger entries, segments; and receipts.");
    with_trust(&mut make);
    make.key("310101 log", &log_key());
    make.key("gate 7", &named("gate 7"));
    records(&mut make);
    segments(&mut make);
    entries(&mut make);
    receipts(&mut make);
    make.file
}

fn records(make: &mut Maker) {
    make.section("5.1");
    let taken = |body: &[u8]| vec![stage("record", body, "accept")];
    let pair = |a: i64, b: i64| array(&[int(a), int(b)]);
    let synced = |catalogues: &[Item]| {
        let status = array(&[array(&[int(CITY), text("oc:310101/1"), int(NOW)])]);
        body(&[int(3), int(NOW), int(1), array(catalogues), status, array(&[pair(320_100, 9)])])
    };
    let day = |refused: &[Item]| body(&[int(5), int(NOW), int(20_727), int(3), int(1), int(1), int(2), array(refused)]);
    make.good("record_opened", "the gate started", taken(&body(&[int(0), int(NOW), bytes(&[9; 32])])));
    make.good("record_annulled", "a redemption taken back", taken(&body(&[int(2), int(NOW), int(5)])));
    make.good("record_clock_set", "the clock was set", taken(&body(&[int(4), int(NOW), int(NOW + 60)])));
    make.good("record_synced", "what the gate knows", taken(&synced(&[pair(CITY, 2), pair(320_100, 1)])));
    make.bad("record_synced_order", "members are ascending", {
        vec![stage("record", &synced(&[pair(320_100, 1), pair(CITY, 2)]), "not_ascending")]
    });
    make.good("record_day_closed", "totals of a day", taken(&day(&[pair(45, 2), pair(92, 1)])));
    make.bad(
        "record_day_reason",
        "reasons are those of section 8",
        vec![stage("record", &day(&[pair(93, 1)]), "record.reason")],
    );
    make.bad(
        "record_day_twice",
        "a reason is there once",
        vec![stage("record", &day(&[pair(45, 2), pair(45, 1)]), "not_ascending")],
    );
    let override_of = |reason| body(&[int(6), int(NOW), int(reason), int(4_711), int(3), int(2)]);
    let jump = |shown| body(&[int(10), int(NOW), int(shown), int(NOW - 60)]);
    let outage = |since| body(&[int(7), int(NOW), int(since)]);
    make.good("record_overridden", "a person let in whom the gate refused", taken(&override_of(50)));
    make.good("record_outage_opened", "people pass unchecked", taken(&outage(NOW)));
    make.good("record_outage_closed", "the outage is over", taken(&body(&[int(8), int(NOW), int(40)])));
    let left = body(&[int(9), int(NOW), int(CITY), bytes(&[1; 10]), int(2)]);
    make.good("record_left", "a pass shown at the exit", taken(&left));
    make.good("record_clock_jumped", "the clock jumped", taken(&jump(NOW)));
    let good = redeemed();
    make.good("record_redeemed", "a use of a pass", taken(&body(&good)));
    let mut bad = |name: &str, rule: &str, verdict: &str, record: Item| {
        make.bad(&format!("record_{name}"), rule, vec![stage("record", &record, verdict)]);
    };
    bad("kind", "kinds are 0 to 10", "record.kind", with(&good, 0, int(11)));
    bad("override", "what is overridden is a refusal", "record.override", override_of(0));
    bad("outage", "an outage starts before it is recorded", "record.outage", outage(NOW + 1));
    bad("jump", "a jump is not beyond the record's time", "record.jump", jump(NOW + 1));
    bad("jump_of_nothing", "a jump is to another time", "record.jump", jump(NOW - 60));
    bad("flags", "flags are bits 0 to 2", "unknown_flag", with(&good, 12, int(8)));
    bad("items", "a redemption has fourteen items", "cbor.range", body(&good[..13]));
    bad("pass_id", "a pass id has 10 bytes", "cbor.range", with(&good, 3, bytes(&[1; 9])));
    bad("due", "money is whole fen", "cbor.type", with(&good, 11, vec![0xf9, 0x3c, 0]));
    bad("time", "times end with the year 9999", "cbor.range", with(&good, 1, int(253_402_300_800)));
    bad("trailing", "nothing follows", "cbor.trailing", [body(&good), int(0)].concat());
}

fn segments(make: &mut Maker) {
    make.section("5.2");
    let record = |evidence: Item| array(&[bytes(&body(&redeemed())), evidence]);
    let segment = |certificate: &[u8], note: &str, records: &[Item]| {
        Map::of(&[(1, bytes(certificate)), (2, text(note)), (3, int(0)), (4, array(records))])
    };
    let good = segment(&[1], "n", &[record(bytes(&[8; 300])), record(vec![0xf6])]);
    make.good("segment", "two records, the evidence of one kept", vec![stage("segment", &good.item(), "accept")]);
    let mut bad = |name: &str, rule: &str, verdict: &str, segment: Item| {
        make.bad(&format!("segment_{name}"), rule, vec![stage("segment", &segment, verdict)]);
    };
    bad("certificate", "a certificate has at most 512 bytes", "cbor.range", segment(&[0; 513], "n", &[]).item());
    bad("note", "a note has at most 16,384 bytes", "cbor.range", segment(&[1], &"n".repeat(16_385), &[]).item());
    bad(
        "evidence",
        "evidence has at most 640 bytes",
        "cbor.range",
        segment(&[1], "n", &[record(bytes(&[8; 641]))]).item(),
    );
    bad("evidence_text", "evidence is bytes or null", "cbor.type", segment(&[1], "n", &[record(text(""))]).item());
    bad("unknown_key", "maps are closed", "cbor.keys", good.clone().with(5, int(0)).item());
    bad("trailing", "nothing follows", "cbor.trailing", [good.item(), int(0)].concat());
    let long = Stage { zeros: Some(67_108_865 - good.item().len()), ..stage("segment", &good.item(), "too_long") };
    make.bad("segment_too_long", "at most 67,108,864 bytes, looked at first", vec![long]);
}

fn entries(make: &mut Maker) {
    make.section("5.3");
    let at = int(NOW);
    let digest = bytes(&[9; 32]);
    let taken = |items: &[Item]| vec![stage("ledger_entry", &body(items), "accept")];
    make.good("entry_enrolled", "a gate may write", taken(&[int(0), at.clone(), bytes(&[1, 2])]));
    make.good("entry_retired", "a gate writes no more", taken(&[int(1), at.clone(), int(7)]));
    make.good("entry_trust_list", "a trust list adopted", taken(&[int(2), at.clone(), int(1), digest.clone()]));
    make.good("entry_catalogue", "a catalogue published", taken(&[int(3), at.clone(), int(1), digest.clone()]));
    make.good("entry_status_list", "a status list published", {
        taken(&[int(4), at.clone(), text("oc:310101/1"), at.clone(), digest.clone()])
    });
    make.good("entry_sealed", "a journal sealed", taken(&[int(5), at.clone(), int(7), int(0), text("n")]));
    make.good("entry_reversal", "a redemption that does not count", taken(&[int(6), at.clone(), int(7), int(0)]));
    make.good("entry_peer", "a peer's checkpoint", taken(&[int(8), at.clone(), text("n")]));
    let cut_off = |member: i64| array(&[int(member), int(3), digest.clone()]);
    let settlement = |from: i64, until: i64, cut_offs: &[Item]| {
        [int(9), at.clone(), int(from), int(until), array(cut_offs), digest.clone()]
    };
    let both = [cut_off(CITY), cut_off(320_100)];
    make.good("entry_settlement", "a statement agreed to", taken(&settlement(NOW - 9, NOW, &both)));
    let mut bad = |name: &str, rule: &str, verdict: &str, items: &[Item]| {
        make.bad(&format!("entry_{name}"), rule, vec![stage("ledger_entry", &body(items), verdict)]);
    };
    bad("period", "a period is not empty", "entry.period", &settlement(NOW, NOW, &both));
    bad(
        "cut_off_order",
        "cut-offs are ascending by member",
        "not_ascending",
        &settlement(NOW - 9, NOW, &[cut_off(320_100), cut_off(CITY)]),
    );
    bad(
        "cut_off_twice",
        "a member has one cut-off",
        "not_ascending",
        &settlement(NOW - 9, NOW, &[cut_off(CITY), cut_off(CITY)]),
    );
    make.good("entry_gap", "records lost for good", taken(&[int(7), at.clone(), int(7), int(3), int(4)]));
    let mut bad = |name: &str, rule: &str, verdict: &str, items: &[Item]| {
        make.bad(&format!("entry_{name}"), rule, vec![stage("ledger_entry", &body(items), verdict)]);
    };
    bad("gap_of_nothing", "a gap is not empty", "entry.gap", &[int(7), at.clone(), int(7), int(3), int(3)]);
    bad("kind", "kinds are 0 to 9", "entry.kind", &[int(10), at.clone(), int(7), int(3), int(4)]);
    bad("items", "a gap has five items", "cbor.range", &[int(7), at.clone(), int(7), int(3)]);
    bad("gate", "a gate's number has 32 bits", "cbor.range", &[int(7), at.clone(), int(1 << 32), int(3), int(4)]);
}

const JOURNAL: &str = "onecard.test/310101/gate/7";
const LEDGER: &str = "onecard.test/310101";

/// What a receipt is made of.
#[derive(Clone)]
struct Parts {
    certificate: Vec<u8>,
    record: Vec<u8>,
    /// Of the ledger's entry; 5 is a seal.
    kind: i64,
    gate: i64,
    sealed_note: Option<String>,
    witnesses: Vec<i64>,
}

impl Parts {
    fn file(&self) -> String {
        let [first, second] = self.halves();
        first + &second
    }

    fn halves(&self) -> [String; 2] {
        let opened = body(&[int(0), int(NOW - 10), bytes(&[9; 32])]);
        let journal = Chain::of(JOURNAL, &[opened, self.record.clone()]);
        let note = checkpoint(JOURNAL, &named("gate 7"), 2, &journal.root());
        let extra = array(&[bytes(&self.certificate), bytes(&journal.entries[1])]);
        let first = proof_file(&extra, 1, &inclusion(1, &journal.links), &note);
        let sealed = self.sealed_note.clone().unwrap_or(note);
        let seal = body(&[int(self.kind), int(NOW), int(self.gate), int(0), text(&sealed)]);
        let enrolled = body(&[int(0), int(NOW - 20), bytes(&self.certificate)]);
        let ledger = Chain::of(LEDGER, &[enrolled, seal]);
        let root = ledger.root();
        let witness = |member: &i64| {
            let (name, key) = (format!("{FEDERATION}/{member}/witness"), key(*member, super::world::WITNESS));
            cosigned_line(&name, &key, NOW as u64, &checkpoint_text(LEDGER, 2, &root))
        };
        let lines: String = self.witnesses.iter().map(witness).collect();
        let note = checkpoint(LEDGER, &log_key(), 2, &root) + &lines;
        [first, proof_file(&ledger.entries[1], 1, &inclusion(1, &ledger.links), &note)]
    }
}

fn certificate(from: i64, until: i64) -> Vec<u8> {
    let registrar = key(CITY, REGISTRAR);
    let claims = Map::of(&[
        (1, text("310101")),
        (2, text("310101/gate/7")),
        (4, int(until)),
        (5, int(from)),
        (6, int(NOW - 20_000)),
        (8, cnf(named("gate 7").verifying_key().as_bytes())),
        (-65_537, Map::of(&[(1, int(1)), (3, int(1)), (5, int(0))]).item()),
    ]);
    sign1(&registrar, &kid_header(&registrar, text("application/vnd.onecard.gate+cwt")).item(), &claims.item())
}

fn receipts(make: &mut Maker) {
    make.section("5.4");
    let good = Parts {
        certificate: certificate(NOW - 20_000, NOW + 1_000),
        record: body(&redeemed()),
        kind: 5,
        gate: 7,
        sealed_note: None,
        witnesses: vec![100_000, 320_100, 330_100],
    };
    let taken = |file: &str| {
        let gives = Some("310101/gate/7 1".to_owned());
        vec![Stage { gives, ..trusting(stage("receipt", file.as_bytes(), "accept")) }]
    };
    make.good("receipt", "a record in a journal, and its seal in a final ledger", taken(&good.file()));
    let mut bad = |name: &str, rule: &str, verdict: &str, file: &str| {
        make.bad(&format!("receipt_{name}"), rule, vec![trusting(stage("receipt", file.as_bytes(), verdict))]);
    };
    let [first, second] = good.halves();
    bad("one_proof", "it has two proofs", "receipt.shape", &first);
    bad("swapped", "the record's proof comes first", "receipt.extra", &format!("{second}{first}"));
    bad("no_extra", "a proof of a receipt has extra data", "receipt.extra", &{
        let lines: Vec<&str> = first.lines().filter(|line| !line.starts_with("extra ")).collect();
        format!("{}\n{second}", lines.join("\n"))
    });
    bad("two_witnesses", "a quorum of other members cosigned the ledger", "receipt.not_final", &{
        Parts { witnesses: vec![320_100, 330_100], ..good.clone() }.file()
    });
    bad("own_witness", "a member's witness does not count for its own ledger", "receipt.not_final", &{
        Parts { witnesses: vec![CITY, 320_100, 330_100], ..good.clone() }.file()
    });
    bad("entry_kind", "the ledger's entry is one", "entry.kind", &Parts { kind: 10, ..good.clone() }.file());
    bad("other_gate", "the seal is of this gate", "receipt.other_seal", &Parts { gate: 8, ..good.clone() }.file());
    bad("other_seal", "the sealed checkpoint is that of the first proof", "receipt.other_seal", &{
        Parts { sealed_note: Some("another note".into()), ..good.clone() }.file()
    });
    bad("not_in_force", "the certificate is in force at the time of the record", "receipt.not_in_force", &{
        Parts { certificate: certificate(NOW + 1, NOW + 1_000), ..good.clone() }.file()
    });
    bad("certificate", "the certificate verifies", "certificate.outlives_key", &{
        Parts { certificate: certificate(NOW, KEY_UNTIL + 1), ..good.clone() }.file()
    });
    bad(
        "record",
        "the record is one",
        "record.kind",
        &Parts { record: with(&redeemed(), 0, int(11)), ..good.clone() }.file(),
    );
    bad("index", "each of the proofs verifies", "proof.root", &good.file().replacen("index 1", "index 0", 1));
    let zeros = Some(262_145 - good.file().len());
    let long = Stage { zeros, ..trusting(stage("receipt", good.file().as_bytes(), "receipt.shape")) };
    make.bad("receipt_too_long", "at most 262,144 bytes, looked at first", vec![long]);
    let mut list = Trust::default();
    list.members[1].keys.retain(|key| key.role != super::world::LOG);
    make.input("list without the city's log key", list.signed());
    let trust = Some("list without the city's log key".to_owned());
    let stages = vec![Stage { trust, ..stage("receipt", good.file().as_bytes(), "checkpoint.other_log") }];
    make.bad("receipt_no_log_key", "the member has a log key", stages);
}
