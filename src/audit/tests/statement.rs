//! Tests of `statement.rs`.

use super::super::settle::tests::{config, sample, settled as settle, uses};
use super::*;
use crate::wire::cbor::CborErrorKind;
use proptest::prelude::*;

fn refused(change: impl FnOnce(&mut Statement)) -> StatementError {
    let mut statement = sample();
    change(&mut statement);
    Statement::decode(&statement.encode()).unwrap_err()
}

#[test]
fn the_sample_round_trips_with_every_list_filled() {
    let sample = sample();
    let filled = [sample.lines().len(), sample.pools().len(), sample.payments().len(), sample.nets().len()];
    assert_eq!((filled, sample.rules()), ([7, 2, 4, 3], 1));
    assert_eq!([sample.co_payments().len(), sample.over_uses().len(), sample.late().len()], [2, 2, 1]);
    assert_eq!([sample.taken_back().len(), sample.adjustments().len()], [1, 3]);
    assert_eq!(Statement::decode(&sample.encode()), Ok(sample));
}

/// The expected value was computed from the amounts worked out by hand, with an encoder of a few lines
/// of Python.
#[test]
fn the_digest_is_frozen() {
    assert_eq!(sample().digest().to_string(), "4054297765e007f15f7a0a0ba77433a6f09a80c72dddf1b83a629c41ec44d118");
}

#[test]
fn a_statement_that_contradicts_itself_is_refused() {
    let rule = |change: fn(&mut Statement)| match refused(change) {
        StatementError::Rule(text) => text,
        other => panic!("{other}"),
    };
    assert_eq!(
        rule(|s| (s.nets[0].fen, s.nets[1].fen) = (s.nets[0].fen + 1, s.nets[1].fen - 1)),
        "the nets do not follow from the payments"
    );
    assert_eq!(rule(|s| s.nets.truncate(2)), "the nets do not follow from the payments");
    assert_eq!(rule(|s| s.payments[0].fen += 1), "the payments do not follow from the lines and adjustments");
    assert_eq!(rule(|s| s.payments.swap(0, 1)), "the payments do not follow from the lines and adjustments");
    assert_eq!(rule(|s| s.co_payments[0].fen += 1), "the co-payments do not follow from the lines");
    assert_eq!(rule(|s| s.parts.lines[0].fen += 1), "the payments do not follow from the lines and adjustments");
    assert_eq!(rule(|s| s.parts.lines[6].fen += 1), "the lines of a pool do not sum to it");
    assert_eq!(rule(|s| s.parts.pools[1].passes = 2), "a pool that no price makes");
    assert_eq!(rule(|s| s.parts.pools[0].passes = 0), "a pool that no price makes");
    assert_eq!(rule(|s| s.parts.pools[0].passes = 9), "a pool with fewer uses than passes");
    let nobodys = |s: &mut Statement| {
        let product = ProductRef { product: u16::MAX, ..s.parts.pools[1].product };
        s.parts.pools.push(Pool { product, passes: 0, fen: 0 });
    };
    assert_eq!(rule(nobodys), "a pool with fewer uses than passes");
    assert_eq!(rule(|s| s.parts.lines.swap(0, 1)), "lines not in ascending order");
    assert_eq!(rule(|s| s.parts.lines[1] = s.parts.lines[0]), "lines not in ascending order");
    assert_eq!(rule(|s| s.parts.pools.swap(0, 1)), "pools not in ascending order");
    assert_eq!(rule(|s| s.parts.cut_offs.swap(0, 1)), "cut-offs not in ascending order");
    assert_eq!(rule(|s| s.parts.over_uses.swap(0, 1)), "over-uses not in ascending order");
    assert_eq!(rule(|s| s.parts.late.push(s.parts.late[0])), "late uses not in ascending order");
    assert_eq!(rule(|s| s.parts.late[0].time = s.parts.period.from), "a late use of the period itself");
    assert_eq!(rule(|s| s.parts.cut_offs.truncate(2)), "a use without a cut-off");
    assert_eq!(rule(|s| s.parts.over_uses.clear()), "the unpaid over-uses are not those listed");
    assert_eq!(rule(|s| s.parts.taken_back.push(s.parts.taken_back[0])), "uses taken back not in ascending order");
    assert_eq!(
        rule(|s| s.parts.taken_back[0].gate.member = MemberId::new(999_999).unwrap()),
        "a use without a cut-off"
    );
    assert_eq!(rule(|s| s.parts.taken_back.clear()), "adjustments without a use taken back");
    assert_eq!(rule(|s| s.parts.previous = None), "a use taken back without a period before");
    assert_eq!(rule(|s| s.parts.adjustments.swap(0, 1)), "adjustments not in ascending order");
    assert_eq!(rule(|s| s.parts.adjustments[0].fen = 0), "an adjustment of nothing");
    assert_eq!(rule(|s| s.parts.adjustments[0].fen -= 1), "the payments do not follow from the lines and adjustments");
    assert_eq!(rule(|s| s.parts.lines[0].uses = 0), "a line without uses");
    assert_eq!(rule(|s| s.parts.lines[2].fen = 1), "a payment without a use");
    assert_eq!(rule(|s| s.parts.lines[0].persons = 256), "more persons than its uses admit");
    assert_eq!(rule(|s| s.parts.period.until = s.parts.period.from), "the period is empty");
}

#[test]
fn amounts_beyond_64_bits_are_refused() {
    assert_eq!(refused(|s| s.parts.lines[0].fen = u64::MAX), StatementError::Amount);
    assert_eq!(refused(|s| s.parts.lines[1].due_fen = u64::MAX), StatementError::Amount);
    assert_eq!(refused(|s| s.parts.lines[1].unpaid = u64::MAX), StatementError::Amount);
    // Every payment fits, their sum does not.
    let most = i64::MAX.unsigned_abs() - 20_000;
    assert_eq!(
        refused(|s| s.parts.lines[0].fen = most - 1),
        StatementError::Rule("the payments do not follow from the lines and adjustments")
    );
    let both = |s: &mut Statement| (s.parts.lines[1].fen, s.parts.lines[2].fen) = (most, most);
    assert_eq!(
        refused(|s| {
            both(s);
            s.parts.lines[2].uses = 1;
            s.parts.lines[2].persons = 1;
        }),
        StatementError::Amount
    );
}

#[test]
fn other_rules_and_other_encodings_are_refused() {
    let bytes = sample().encode();
    assert_eq!(bytes[..3], [0xad, 1, 1]);
    let mut other = bytes.clone();
    other[2] = 2;
    assert_eq!(Statement::decode(&other), Err(StatementError::Rules(2)));
    let trailing = [&bytes[..], &[0]].concat();
    let trailing = Statement::decode(&trailing).unwrap_err();
    assert!(matches!(trailing, StatementError::Cbor(CborError { kind: CborErrorKind::Trailing, .. })));
    for length in 0..bytes.len() {
        assert!(Statement::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    let long = vec![0; MAX_STATEMENT + 1];
    assert_eq!(Statement::decode(&long), Err(StatementError::TooLong(64 * 1024 * 1024 + 1)));
    assert!(matches!(Statement::decode(&long[1..]), Err(StatementError::Cbor(_))));
}

#[test]
fn no_changed_byte_is_read_as_another_encoding() {
    let bytes = sample().encode();
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            if let Ok(statement) = Statement::decode(&changed) {
                assert_eq!(statement.encode(), changed, "byte {at}");
                accepted += 1;
            }
        }
    }
    // The roots and the digest before, for a start.
    assert!(accepted > 4 * 32 * 8, "{accepted}");
}

#[test]
fn json_says_the_same() {
    let (sample, text) = (sample(), sample().to_json());
    assert!(text.starts_with(r#"{"rules":1,"from":1790784000,"until":1793462400,"previous":"0909"#), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 15);
    assert_eq!(json["digest"], sample.digest().to_string());
    assert_eq!(json["cut_offs"][2]["member"], "330100");
    assert_eq!(json["lines"][0]["product"], "310101/0@1");
    assert_eq!(json["lines"][0]["venue"], "310101/2");
    assert_eq!(json["lines"][0]["fen"], 4_001);
    assert_eq!(json["lines"].as_array().unwrap().len(), sample.lines().len());
    assert_eq!(json["pools"][0]["fen"], 10_000);
    assert_eq!(json["payments"][0]["fen"], sample.payments()[0].fen);
    assert_eq!(json["nets"][0]["fen"], sample.nets()[0].fen);
    assert_eq!(json["co_payments"][0]["fen"], 1_000);
    assert_eq!(json["over_uses"][1]["pass"], sample.over_uses()[1].pass.to_string());
    assert_eq!(json["over_uses"][0]["liable"], "issuer");
    assert_eq!(json["late"][0]["time"], 1_790_783_999);
    assert_eq!(json["taken_back"][0]["index"], 90);
    assert_eq!(
        (&json["adjustments"][0]["venue"], json["adjustments"][0]["fen"].as_i64()),
        (&"320100/1".into(), Some(-6_000))
    );
    let first = Statement { parts: StatementFacts { previous: None, late: vec![], ..sample.parts.clone() }, ..sample };
    let json: serde_json::Value = serde_json::from_str(&first.to_json()).unwrap();
    assert!(json["previous"].is_null() && json["late"].as_array().unwrap().is_empty());
}

#[test]
fn the_table_has_every_amount() {
    let sample = sample();
    let text = sample.to_csv();
    let rows: Vec<Vec<&str>> =
        text.strip_suffix("\r\n").unwrap().split("\r\n").map(|row| row.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 10), "{text}");
    assert_eq!(rows[1], ["line", "310101", "310101", "310101/0@1", "310101/2", "1", "2", "0", "1000", "4001"]);
    let of_kind = |kind: &'static str| rows.iter().filter(move |row| row[0] == kind);
    let sum = |kind| of_kind(kind).map(|row| row[9].parse::<i64>().unwrap()).sum::<i64>();
    assert_eq!(sample.lines().iter().map(|line| line.fen as i64).sum::<i64>(), sum("line"));
    assert_eq!(sample.adjustments().iter().map(|adjusted| adjusted.fen).sum::<i64>(), sum("adjustment"));
    assert_eq!(sample.payments().iter().map(|payment| payment.fen as i64).sum::<i64>(), sum("payment"));
    assert_eq!(sample.co_payments().iter().map(|paid| paid.fen as i64).sum::<i64>(), sum("co_payment"));
    assert_eq!(sum("net"), 0);
    let kinds = ["line", "adjustment", "payment", "net", "co_payment"];
    assert_eq!(kinds.map(|kind| of_kind(kind).count()), [7, 3, 4, 3, 2]);
}

fn settled() -> impl Strategy<Value = Statement> {
    uses().prop_map(|uses| settle(&uses))
}

proptest! {
    #![proptest_config(config(7_002, 256))]

    #[test]
    fn decoding_gives_the_encoded_statement(statement in settled()) {
        prop_assert_eq!(Statement::decode(&statement.encode()), Ok(statement));
    }

    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(
        statement in settled(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
    ) {
        let mut bytes = statement.encode();
        for (at, with) in changes {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        if let Ok(read) = Statement::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
