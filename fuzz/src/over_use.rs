//! A file that is accepted is the one encoding of its parts; and what an honest gate recorded is never over-use,
//! however its receipts are put together.
//!
//! The input is a file as received; its bytes also say how to put one together.

use super::receipt::GOOD;
use super::site::BUNDLE;
use onecard::audit::OverUseProof;
use onecard::trust::TrustHistory;
use onecard::wire::cbor::Encoder;
use std::sync::LazyLock;

static LISTS: LazyLock<TrustHistory> = LazyLock::new(|| BUNDLE.trust().clone().into());

pub fn run(data: &[u8]) {
    honest(data);
    let made = file(data);
    assert!(OverUseProof::decode(&made).is_ok(), "own file refused");
    honest(&made);
}

fn honest(file: &[u8]) {
    match OverUseProof::decode(file) {
        Ok(proof) => {
            assert_eq!(proof.encode(), file, "accepted, but not the encoding of its parts");
            assert!(proof.verify(&LISTS).is_err(), "two entries of two allowed");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Up to seven uses by one receipt, in periods and with evidence as the bytes say.
fn file(data: &[u8]) -> Vec<u8> {
    let [head, uses @ ..] = data else { return file(&[0]) };
    let receipt = GOOD.to_text();
    let uses: Vec<&[u8]> = uses.chunks_exact(3).take(7).collect();
    let mut out = Encoder::new();
    out.map(4);
    out.int(1).uint(1_u64);
    out.int(2).array(2).uint(310_101_u32).bytes(&[1 ^ (head >> 4); 10]);
    let catalogues = usize::from(head % 3);
    out.int(3).array(catalogues);
    let catalogue = BUNDLE.catalogues().next().unwrap().as_bytes();
    (0..catalogues).for_each(|_| _ = out.bytes(catalogue));
    out.int(4).array(uses.len());
    for choices in uses {
        out.array(4).uint(choices[0]).text(&receipt);
        match choices[1] % 3 {
            0 => out.null(),
            width => out.bytes(&vec![choices[1]; usize::from(width) * 300]),
        };
        match choices[2] % 2 {
            0 => out.null(),
            _ => out.text(&receipt),
        };
    }
    out.finish()
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("none", file(&[1])),
        ("one", file(&[1, 0, 0, 0])),
        ("shown", file(&[1, 0, 1, 0])),
        ("synced", file(&[1, 0, 0, 1])),
        ("three", vec![1, 0, 0, 0, 1, 0, 0, 2, 0, 0]),
        ("two-catalogues", file(&[2, 0, 0, 0])),
    ]
}
