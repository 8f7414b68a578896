//! Tests of `codec.rs`.

use super::super::samples::{any_product, at, city, config, date, grant, months, product, quota, venue, window};
use super::super::validate::GrantFault;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn encoded(product: &Product) -> Vec<u8> {
    let mut encoder = Encoder::new();
    product.encode(&mut encoder);
    encoder.finish()
}

fn decoded(input: &[u8]) -> Result<Product, ProductError> {
    Decoder::all(input, Product::decode)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A product that uses every part of the encoding.
fn full() -> Product {
    let first = Grant {
        scope: Scope {
            all: false,
            members: vec![city(1), city(2)],
            categories: vec![1, 200],
            venues: vec![venue(0, 7), venue(3, 1_000)],
            except: vec![venue(1, 9)],
        },
        service: 2,
        quotas: vec![
            quota(100, Unit::Entries, QuotaPeriod::Life, QuotaKey::Shared),
            quota(1, Unit::Entries, QuotaPeriod::Day, QuotaKey::Venue),
            quota(3, Unit::Venues, QuotaPeriod::Month, QuotaKey::Shared),
            quota(9, Unit::Days, QuotaPeriod::Year, QuotaKey::Shared),
        ],
        window: Window {
            validity: Validity::FirstUse {
                clock: 3,
                activate_by: Some(Length { until: Some(at(2027, 7, 1, 0, 0)), ..months(6) }),
                length: Length {
                    hours: Some(700),
                    days: Some(30),
                    months: Some(1),
                    until: Some(at(2027, 12, 31, 0, 0)),
                },
            },
            mask: Mask {
                blackout: vec![(date(2027, 2, 6), date(2027, 2, 12)), (date(2027, 10, 1), date(2027, 10, 7))],
                weekdays: 0x3f,
                hours: Some(HourRange { from: 64_800, until: 93_600 }),
            },
            day_start: 18_000,
        },
        price: Price::Off(2_500),
        holders: vec![4],
        choice: Some(Choice { group: 1, branch: 0 }),
    };
    let second = Grant { price: Price::Fixed(1_500), choice: Some(Choice { group: 1, branch: 1 }), ..grant() };
    let fixed = Validity::Fixed { from: at(2027, 1, 1, 0, 0), until: at(2028, 1, 1, 0, 0) };
    let third = Grant { window: window(fixed), ..grant() };
    let settlement = Settlement { price_fen: 12_000, method: Method::Contracted(Rate::Share(7_000)) };
    Product { holders: vec![1, 4], party_max: 4, settlement, ..product(vec![first, second, third]) }
}

/// Frozen: a product never changes once published, so neither does its encoding.
#[test]
fn the_encoding_is_frozen() {
    let plain = product(vec![grant()]);
    assert_eq!(hex(&encoded(&plain)), PLAIN);
    assert_eq!(hex(&encoded(&full())), FULL);
    assert_eq!(decoded(&encoded(&plain)), Ok(plain));
    assert_eq!(decoded(&encoded(&full())), Ok(full()));
}

const PLAIN: &str =
    "a601831a0004bb5501010269e4b880e58da1e9809a03684f6e6520636172640482192ee0030581a201a100000281000601";
const FULL: &str = "a701831a0004bb5501010269e4b880e58da1e9809a03684f6e6520636172640483192ee000191b580583a901a401821a\
    0004e2641a0005097402820118c80382821a0004bb5507821a000530841903e80481821a0004e2640902840203a20306\
    041a6c251b80a4011902bc02181e0301041a6d165e000382021909c40484841864000000840100010184030102008409\
    02030005a301828219517719517d8219526419526a02183f038219fd201a00016da006020782010008810409194650a4\
    01a100000281000382011905dc07820101a201a100000283011a6b367c001a6d17af80060407820104";

#[test]
fn a_default_that_is_written_is_refused() {
    let plain = encoded(&product(vec![grant()]));
    // The grant of `plain` is {1: {0: 0}, 2: [0]}; each addition says what absence says already.
    let (head, tail) = plain.split_at(plain.len() - 10);
    assert_eq!(tail, [0xa2, 1, 0xa1, 0, 0, 2, 0x81, 0, 6, 1]);
    let with = |field: &[u8]| decoded(&[head, &[0xa3], &tail[1..8], field, &tail[8..]].concat());
    assert!(with(&[6, 1]).is_ok());
    let additions: [&[u8]; 10] = [
        &[3, 0x82, 0, 0],
        &[4, 0x80],
        &[5, 0xa0],
        &[5, 0xa1, 2, 0x18, 0x7f],
        &[5, 0xa1, 1, 0x80],
        &[6, 0],
        &[8, 0x80],
        &[9, 0],
        &[10, 0],
        &[3, 0xf6],
    ];
    for field in additions {
        assert!(matches!(with(field), Err(ProductError::Cbor(_))), "{field:02x?}");
    }
}

/// Where the maps of an item are: the head of each, and its end.
fn maps(bytes: &[u8], d: &mut Decoder<'_>, found: &mut Vec<(usize, usize)>) {
    let start = d.offset();
    match bytes[start] >> 5 {
        4 => (0..d.array().unwrap()).for_each(|_| maps(bytes, d, found)),
        5 => {
            // The keys are small integers.
            let pairs = bytes[start] & 0x1f;
            let mut rest = Decoder::new(&bytes[start + 1..]);
            for _ in 0..pairs {
                rest.int().unwrap();
                let value = start + 1 + rest.offset();
                let mut inner = vec![];
                maps(&bytes[value..], &mut Decoder::new(&bytes[value..]), &mut inner);
                found.extend(inner.into_iter().map(|(head, end)| (value + head, value + end)));
                rest.item().unwrap();
            }
            found.push((start, start + 1 + rest.offset()));
            d.item().unwrap();
        }
        _ => drop(d.item().unwrap()),
    }
}

#[test]
fn a_field_that_nobody_knows_is_refused_wherever_it_stands() {
    let whole = encoded(&full());
    let mut found = vec![];
    maps(&whole, &mut Decoder::new(&whole), &mut found);
    assert_eq!(found.len(), 10, "{found:?}");
    for (head, end) in found {
        let mut more = [&whole[..end], &[0x18, 0x63, 0], &whole[end..]].concat();
        more[head] += 1;
        let refused = decoded(&more);
        let unknown = |error: CborError| error.kind == CborErrorKind::UnknownKey;
        assert!(matches!(refused, Err(ProductError::Cbor(error)) if unknown(error)), "{head}: {refused:?}");
    }
}

#[test]
fn a_list_has_a_cap_before_it_is_read() {
    let of = |grants: usize| decoded(&encoded(&product(vec![grant(); grants]))).unwrap_err();
    let range = |error| matches!(error, ProductError::Cbor(CborError { kind: CborErrorKind::Range, .. }));
    // That all but the first are for nothing is found when all were read.
    assert!(!range(of(MAX_GRANTS)));
    assert!(range(of(MAX_GRANTS + 1)) && range(of(MAX_GRANTS + 2)));
}

#[test]
fn every_truncation_is_refused_and_a_tail_too() {
    let whole = encoded(&full());
    for length in 0..whole.len() {
        assert!(matches!(decoded(&whole[..length]), Err(ProductError::Cbor(_))), "{length}");
    }
    let longer = decoded(&[&whole[..], &[0]].concat());
    assert!(matches!(longer, Err(ProductError::Cbor(CborError { kind: CborErrorKind::Trailing, .. }))));
}

#[test]
fn decoding_validates() {
    let mut empty = full();
    empty.grants[1].scope = Scope::default();
    let fault = ProductError::Grant { grant: 1, fault: GrantFault::ScopeEmpty };
    assert_eq!(decoded(&encoded(&empty)), Err(fault));
}

proptest! {
    #![proptest_config(config(3, 256))]

    #[test]
    fn every_product_round_trips(product in any_product()) {
        prop_assert_eq!(decoded(&encoded(&product)), Ok(product));
    }

    #[test]
    fn accepted_means_encoding_again_gives_the_same_bytes(
        product in any_product(), places in vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
    ) {
        let mut input = encoded(&product);
        for (place, byte) in places {
            let place = place.index(input.len());
            input[place] = byte;
        }
        if let Ok(product) = decoded(&input) {
            prop_assert_eq!(encoded(&product), input);
        }
    }

    #[test]
    fn no_input_stops_the_decoder(input in vec(any::<u8>(), 0..64)) {
        let _ = decoded(&input);
    }
}
