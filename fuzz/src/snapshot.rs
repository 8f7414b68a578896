//! What a gate keeps of what it learnt: what is accepted is the one encoding of itself and no larger than its
//! bytes; what was made up is read back; and no byte of it can be changed without effect.
//!
//! The input is a snapshot as a store holds it, of either kind; its bytes also say what to make up.

use super::federation::{CITIES, id};
use super::input::Input;
use super::products::{city, moment, venue};
use onecard::id::{GateId, PassId, PassKey};
use onecard::product::{Usage, Use};
use onecard::snapshot::{
    LearntExtent, LearntUsage, SnapshotError, decode_extent, decode_learnt, encode_extent, encode_learnt,
};

/// The first byte of a snapshot.
const FORMAT: u8 = 2;

pub fn run(data: &[u8]) {
    stored(data);
    let mut input = Input::new(data);
    let (learnt, extent) = (input.list(3, learnt), extent(&mut input));
    let (kept, beside) = (encode_learnt(&learnt), encode_extent(&extent));
    assert_eq!(decode_learnt(&kept), Ok(learnt));
    assert_eq!(decode_extent(&beside), Ok(extent));
    for mut bytes in [kept, beside] {
        let at = usize::from(input.byte()) % bytes.len();
        bytes[at] ^= 1 << (input.byte() % 8);
        stored(&bytes);
    }
}

fn stored(bytes: &[u8]) {
    match decode_learnt(bytes) {
        Ok(learnt) => {
            assert_eq!(encode_learnt(&learnt), bytes, "accepted, but not the encoding of itself");
            let facts = learnt.iter().map(|learnt| learnt.usage.uses().len() + learnt.usage.annulled().len());
            assert!(learnt.len() + facts.sum::<usize>() <= bytes.len(), "more than the bytes say");
        }
        Err(error) => refused(bytes, error),
    }
    match decode_extent(bytes) {
        Ok(extent) => assert_eq!(encode_extent(&extent), bytes, "accepted, but not the encoding of itself"),
        Err(error) => refused(bytes, error),
    }
}

fn refused(bytes: &[u8], error: SnapshotError) {
    let first = bytes.first().copied();
    let expected = if first == Some(FORMAT) { SnapshotError::Damaged } else { SnapshotError::Format(first) };
    assert_eq!(error, expected);
}

fn learnt(input: &mut Input<'_>) -> LearntUsage {
    let pass = PassKey { issuer: city(input.byte()), pass: PassId::from_bytes([input.byte(); 10]) };
    let mut usage: Usage = input.list(4, used).into_iter().collect();
    for _ in 0..input.byte() % 3 {
        let (gate, index) = place(input);
        usage.annul(gate, index);
    }
    LearntUsage { pass, expires: moment(input), usage }
}

fn used(input: &mut Input<'_>) -> Use {
    let (gate, index) = place(input);
    let [service, grant, party] = input.array();
    Use { time: moment(input), gate, index, venue: venue(input), service, grant, party }
}

fn place(input: &mut Input<'_>) -> (GateId, u64) {
    let number = 1 + u32::from(input.byte());
    (GateId { member: city(input.byte()), number }, input.pick(&[0, 1, 2, 250, 251, 65_535, 65_536, u64::MAX]))
}

fn extent(input: &mut Input<'_>) -> LearntExtent {
    LearntExtent { over: moment(input), ledgers: input.list(3, |i| (city(i.byte()), i.byte().into(), i.number())) }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let made = |bytes: &[u8]| encode_learnt(&Input::new(bytes).list(3, learnt));
    let some = made(&[2, 1, 1, 3, 7, 0, 3, 0, 0, 1, 8, 1, 4, 1, 1, 1, 5, 2, 9, 0, 0, 1, 0, 1, 0, 3, 0, 0, 0, 1, 1]);
    let extent =
        LearntExtent { over: moment(&mut Input::new(&[])), ledgers: CITIES.map(|city| (id(city), 3, 300)).into() };
    // A length in three bytes where one would do.
    let long = [&[FORMAT, 251, 1, 0], &made(&[1])[2..]].concat();
    vec![
        ("nothing", made(&[])),
        ("uses", some),
        ("extent", encode_extent(&extent)),
        ("longer-than-needed", long),
        ("a-length-of-all-memory", vec![FORMAT, 253, 255, 255, 255, 255, 255, 255, 255, 255]),
        ("another-format", vec![1, 0]),
    ]
}
