//! Tests of `tlog_proof.rs`.

use super::*;
use crate::tlog::{
    Checkpoint, node_hash,
    note::checkpoint::tests::{ORIGIN, key, log_verifier, name, witness},
};
use proptest::prelude::*;

fn proof() -> (TlogProof, Hash, [NoteVerifier; 3]) {
    let (leaf, sibling) = (Hash([1; 32]), Hash([2; 32]));
    let checkpoint = Checkpoint { origin: name(ORIGIN), size: 2, root: node_hash(&sibling, &leaf) };
    let witnesses = [witness("w/a", 3), witness("w/b", 4), witness("w/c", 5)];
    let lines = [("w/a", 3), ("w/c", 5)].map(|(w, seed)| checkpoint.cosign(&name(w), &key(seed), UnixTime::MIN));
    let signed = SignedCheckpoint::sign(checkpoint, &key(1)).with_cosignatures(&lines.concat(), &witnesses).unwrap();
    let proof = TlogProof { extra: Some(vec![7]), index: 1, hashes: vec![sibling], checkpoint: signed.note().into() };
    (proof, leaf, witnesses)
}

#[test]
fn verified_under_a_quorum() {
    let (proof, leaf, witnesses) = proof();
    assert_eq!(TlogProof::parse(proof.to_text().as_bytes()), Ok(proof.clone()));
    let included = proof.verify(&leaf, &log_verifier(1), &witnesses, 2).unwrap();
    assert_eq!(included.cosigned(), [(0, UnixTime::MIN), (2, UnixTime::MIN)]);
    assert_eq!((included.index(), included.checkpoint().size()), (1, 2));
    let refused = proof.verify(&leaf, &log_verifier(1), &witnesses, 3);
    assert_eq!(refused, Err(TlogProofError::Quorum { have: 2, need: 3 }));
    let twice = [witnesses[0].clone(), witnesses[0].clone()];
    let refused = proof.verify(&leaf, &log_verifier(1), &twice, 2);
    assert_eq!(refused, Err(TlogProofError::Quorum { have: 1, need: 2 }));
    assert!(matches!(proof.verify(&leaf, &log_verifier(2), &witnesses, 0), Err(TlogProofError::Note(_))));
    let other = proof.verify(&Hash([9; 32]), &log_verifier(1), &witnesses, 2);
    assert_eq!(other, Err(TlogProofError::Proof(ProofError::Root)));
    let moved = TlogProof { index: 0, ..proof };
    let refused = moved.verify(&leaf, &log_verifier(1), &witnesses, 2);
    assert_eq!(refused, Err(TlogProofError::Proof(ProofError::Root)));
}

#[test]
fn the_index_is_the_one_that_was_proved() {
    let (leaf, sibling) = (Hash([1; 32]), Hash([2; 32]));
    let checkpoint = Checkpoint { origin: name(ORIGIN), size: 2, root: node_hash(&leaf, &sibling) };
    let checkpoint = checkpoint.sign(&key(1));
    let first = TlogProof { extra: None, index: 0, hashes: vec![sibling], checkpoint };
    assert_eq!(first.verify(&leaf, &log_verifier(1), &[], 0).unwrap().index(), 0);
}

proptest! {
    #[test]
    fn accepted_means_encoding_again_gives_the_same_text(at: prop::sample::Index, byte: u8, cut in 0usize..3) {
        let mut text = proof().0.to_text().into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, (cut != 0).then_some(byte));
        text.drain(at..(at + cut).min(text.len()));
        if let Ok(parsed) = TlogProof::parse(&text) {
            prop_assert_eq!(parsed.to_text().into_bytes(), text);
        }
    }
}

#[test]
fn hostile_texts() {
    let (proof, ..) = proof();
    let text = proof.to_text();
    let hash = base64::encode(&[2; 32]);
    for (from, to, line) in [
        (HEADER, "c2sp.org/tlog-proof@v2", 1),
        ("extra Bw==", "extra Bw", 2),
        ("extra Bw==", "extra ", 2),
        ("extra Bw==", "extra Bw==\nextra Bw==", 3),
        ("index 1", "index 01", 3),
        ("index 1", "index", 3),
        ("index 1", "index 18446744073709551616", 3),
        ("extra Bw==\nindex 1", "index +1", 2),
        (&hash, "AAAA", 4),
        (&hash, &format!("{hash} "), 4),
        (&hash, &format!("{hash}\n").repeat(65), 68),
    ] {
        let bad = text.replacen(from, to, 1);
        assert_ne!(bad, text);
        assert_eq!(TlogProof::parse(bad.as_bytes()), Err(TlogProofError::Line(line)), "{to}");
    }
    assert_eq!(TlogProof::parse(&[b'a'; MAX_PROOF + 1]), Err(TlogProofError::TooLong(MAX_PROOF + 1)));
    assert_eq!(TlogProof::parse(&[b'a'; MAX_PROOF]), Err(TlogProofError::Line(1)));
    assert_eq!(TlogProof::parse(b""), Err(TlogProofError::Line(1)));
    let without = text.replacen("extra Bw==\n", "", 1);
    assert_eq!(TlogProof::parse(without.as_bytes()), Ok(TlogProof { extra: None, ..proof }));
}
