//! A saved bundle is loaded exactly when its pieces follow one another: trust lists from the pinned one
//! on, catalogues by member, status lists by issuer and URI, none twice. What is loaded is saved
//! again as the same bytes.
//!
//! The input is a saved bundle, and the choice of signed pieces for one made up here.

use super::federation::{CITIES, LIST, SPEC, id, secret, time};
use super::input::Input;
use onecard::crypto::Hash;
use onecard::trust::{Bundle, CatalogueSpec, Role, StatusListSpec, TrustListSpec};
use onecard::wire::cbor::Encoder;
use std::sync::LazyLock;

/// A signed piece, and its place among those of its kind: (what it is of, which of them).
type Piece = ((u8, u8), Vec<u8>);

static TRUST: LazyLock<[Piece; 2]> = LazyLock::new(|| {
    let roots = [CITIES[0], CITIES[1]].map(|city| secret(city, Role::Root));
    let next = TrustListSpec { sequence: 2, issued: time(3_000), ..SPEC.clone() };
    [((0, 0), LIST.as_bytes().to_vec()), ((0, 1), next.sign(&[&roots[0], &roots[1]]))]
});

static CATALOGUES: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let catalogue = |(place, sequence): (u8, u8)| {
        let city = CITIES[usize::from(place)];
        let (member, sequence, issued) = (id(city), sequence.into(), time(2_000));
        CatalogueSpec { member, sequence, issued, venues: vec![], products: vec![] }
            .sign(&secret(city, Role::Registrar))
    };
    [(0, 1), (1, 1), (0, 2), (1, 2)].map(|place| (place, catalogue(place))).into()
});

static STATUS: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let list = |(place, version): (u8, u8)| {
        let issued = time(2_000 + i64::from(version));
        let spec = StatusListSpec::new(format!("u{}", place % 2), issued, time(9_000), 8);
        spec.sign(&secret(CITIES[usize::from(place / 2)], Role::Issuer))
    };
    [(0, 1), (1, 1), (2, 1), (3, 1), (0, 2), (2, 2)].map(|place| (place, list(place))).into()
});

static PIN: LazyLock<Hash> = LazyLock::new(|| LIST.digest());

pub fn run(data: &[u8]) {
    if let Ok(bundle) = Bundle::load(data, &PIN) {
        assert!(bundle.save() == data, "loaded, but saved again as other bytes");
    }
    let mut input = Input::new(data);
    let trust = match input.byte() {
        0 => vec![&TRUST[0], &TRUST[1]],
        _ => input.list(3, |input| &TRUST[usize::from(input.byte() % 2)]),
    };
    let catalogues = input.list(4, |input| &CATALOGUES[usize::from(input.byte()) % CATALOGUES.len()]);
    let status = input.list(6, |input| &STATUS[usize::from(input.byte()) % STATUS.len()]);
    let good =
        ascending(&catalogues) && ascending(&status) && trust.iter().map(|piece| piece.0.1).eq(0..trust.len() as u8);
    let bytes = saved([&trust, &catalogues, &status]);
    match Bundle::load(&bytes, &PIN) {
        Ok(bundle) => assert!(good && !trust.is_empty() && bundle.save() == bytes, "{data:?}"),
        Err(error) => assert!(!good || trust.is_empty(), "{error} for {data:?}"),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("saved", saved([&TRUST.iter().collect::<Vec<_>>(), &CATALOGUES[..2].iter().collect::<Vec<_>>(), &[]])),
        ("made", vec![0, 2, 0, 1, 4, 0, 1, 2, 3]),
        ("no-trust", vec![1, 0]),
        ("from-the-second", vec![1, 1, 1]),
        ("one-twice", vec![0, 2, 0, 0]),
        ("newer-after-older", vec![0, 2, 0, 2]),
        ("not-in-order", vec![0, 0, 2, 1, 0]),
    ]
}

/// Whether each piece is of something greater than the one before.
fn ascending(pieces: &[&Piece]) -> bool {
    pieces.windows(2).all(|pair| pair[0].0.0 < pair[1].0.0)
}

fn saved(parts: [&[&Piece]; 3]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.map(4).int(1).uint(1u8);
    for (key, pieces) in (2..).zip(parts) {
        out.int(key).array(pieces.len());
        for (_, bytes) in pieces {
            out.bytes(bytes);
        }
    }
    out.finish()
}
