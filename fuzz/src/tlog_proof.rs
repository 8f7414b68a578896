//! A tlog-proof that is parsed is its own text; it verifies exactly when its parts do: the log's
//! signature, enough cosignatures of known witnesses, and the inclusion proof.
//!
//! The input is a text as received; it also says what to spoil of a proof made here.

use super::input::Input;
use onecard::crypto::{Hash, SigningKey, sha256};
use onecard::time::UnixTime;
use onecard::tlog::{
    Checkpoint, KeyKind, KeyName, Nodes, NoteVerifier, SignedCheckpoint, TlogProof, inclusion_proof, leaf_hash,
    node_hash, root_of,
};

pub fn run(data: &[u8]) {
    if let Ok(proof) = TlogProof::parse(data) {
        assert_eq!(proof.to_text().as_bytes(), data, "parsed, but another text");
        assert!(proof.hashes.len() <= 64 && proof.extra.as_ref().is_none_or(|extra| !extra.is_empty()));
    }
    made(&mut Input::new(data));
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = |spoiled: &[u8]| proof(&mut Input::new(spoiled)).0.to_text().into_bytes();
    vec![
        ("text", text(&[5, 2])),
        ("without-extra", text(&[1, 0, 0, 0, 0, 0])),
        ("good", vec![9, 3, 0b111]),
        ("too-few", vec![9, 3, 0b011, 2]),
        ("another-leaf", vec![9, 3, 0b111, 0, 0, 1]),
        ("a-hash-more", vec![9, 3, 0b111, 0, 0, 0, 3]),
        ("another-index", vec![9, 3, 0b111, 0, 0, 0, 0, 1]),
    ]
}

struct Tree;

impl Nodes for Tree {
    type Error = core::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        Ok(match level.checked_sub(1) {
            None => leaf_hash(&index.to_be_bytes()),
            Some(below) => node_hash(&self.node(below, index * 2)?, &self.node(below, index * 2 + 1)?),
        })
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

fn witnesses() -> [NoteVerifier; 3] {
    [3, 4, 5]
        .map(|seed| NoteVerifier::new(&format!("w/{seed}"), KeyKind::Cosignature, key(seed).verifying_key()).unwrap())
}

/// A good proof of `index` in a tree, cosigned by some; with the size and by how many.
fn proof(input: &mut Input<'_>) -> (TlogProof, u64, usize) {
    let size = u64::from(input.byte() % 40) + 1;
    let index = u64::from(input.byte()) % size;
    let who = input.byte() % 8;
    let checkpoint = Checkpoint { origin: name("log"), size, root: root_of(size, &Tree).unwrap() };
    let cosign = |(at, seed): (u8, u8)| {
        (who >> at & 1 == 1).then(|| checkpoint.cosign(&name(&format!("w/{seed}")), &key(seed), UnixTime::MAX))
    };
    let lines: Vec<String> = (0..).zip(3..6).filter_map(cosign).collect();
    let mut signed = SignedCheckpoint::sign(checkpoint, &key(1));
    if who != 0 {
        signed = signed.with_cosignatures(&lines.concat(), &witnesses()).unwrap();
    }
    let hashes = inclusion_proof(index, size, &Tree).unwrap();
    let extra = (size > 2).then(|| vec![7; index as usize + 1]);
    (TlogProof { extra, index, hashes, checkpoint: signed.note().into() }, size, lines.len())
}

fn made(input: &mut Input<'_>) {
    let (mut proof, size, cosigned) = proof(input);
    let quorum = usize::from(3 - input.byte() % 4);
    let log = if input.odd() { key(2) } else { key(1) };
    let (mut good, mut leaf) = (log.verifying_key() == key(1).verifying_key() && cosigned >= quorum, proof.index);
    if input.odd() {
        (leaf, good) = (proof.index + 1, false);
    }
    match input.byte() % 5 {
        1 => good &= proof.hashes.pop().is_none(),
        2 if proof.hashes.len() > 1 => {
            proof.hashes.swap(0, 1);
            good = false;
        }
        3 => {
            proof.hashes.push(sha256(&[]));
            good = false;
        }
        _ => {}
    }
    let other = proof.index.wrapping_add(input.pick(&[0, 1, size, u64::MAX]));
    good &= other == proof.index;
    proof.index = other;
    // What is beside the proof is not authenticated.
    if input.odd() {
        proof.extra = Some(vec![1]);
    }
    assert_eq!(TlogProof::parse(proof.to_text().as_bytes()).as_ref(), Ok(&proof));
    let verifier = NoteVerifier::of(name("log"), KeyKind::Ed25519, log.verifying_key());
    let result = proof.verify(&leaf_hash(&leaf.to_be_bytes()), &verifier, &witnesses(), quorum);
    assert_eq!(result.is_ok(), good, "{result:?}");
    if let Ok(included) = result {
        assert_eq!((included.index(), included.checkpoint().size()), (proof.index, size));
        assert_eq!(included.cosigned().len(), cosigned);
    }
}
