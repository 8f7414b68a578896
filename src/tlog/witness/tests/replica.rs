//! Tests of `replica.rs`.

use super::*;
use crate::tlog::{
    Checkpoint,
    note::checkpoint::tests::{ORIGIN, key, log_verifier, name},
};

fn bodies(range: core::ops::Range<u64>, salt: u8) -> Vec<Vec<u8>> {
    range.map(|i| [&i.to_be_bytes()[..], &[salt]].concat()).collect()
}

/// A log of `size` entries that are salted from entry `from` on, and its leaves.
fn history(size: u64, from: u64) -> (SignedCheckpoint, Vec<Vec<u8>>, Vec<Hash>) {
    let mut chain = Chain::new(ORIGIN);
    let all = [bodies(0..from.min(size), 0), bodies(from.min(size)..size, 1)].concat();
    let leaves = all.iter().map(|body| chain.push(body).unwrap()).collect();
    let checkpoint = Checkpoint { origin: name(ORIGIN), size, root: chain.root() };
    (SignedCheckpoint::sign(checkpoint, &key(1)), all, leaves)
}

fn prove(old: u64, leaves: &[Hash]) -> Vec<Hash> {
    let empty = Frontier::new();
    consistency_proof(old, leaves.len() as u64, &Tail { frontier: &empty, leaves }).unwrap()
}

fn evidence(error: ReplicaError) -> ForkEvidence {
    let ReplicaError::Fork(evidence) = error else { panic!("{error}") };
    assert_eq!(evidence.verify(&log_verifier(1)), Ok(()));
    assert!(evidence.verify(&log_verifier(2)).is_err());
    *evidence
}

#[test]
fn entries_and_proofs_lead_to_one_state() {
    for (old, new) in (0..20).flat_map(|old| (old..20).map(move |new| (old, new))) {
        let ((first, bodies, _), (second, all, leaves)) = (history(old, 99), history(new, 99));
        let mut by_entries = Replica::new(name(ORIGIN));
        by_entries.extend(&bodies, &first).unwrap();
        let mut by_proof = by_entries.clone();
        by_entries.extend(&all[old as usize..], &second).unwrap();
        by_proof.advance(&second, &prove(old, &leaves)).unwrap();
        assert_eq!(by_proof.latest(), by_entries.latest());
        by_proof.extend(&all[old as usize..], &second).unwrap();
        assert_eq!(by_proof, by_entries);
    }
}

#[test]
fn gaps_rollbacks_and_tampering_are_told_apart() {
    let (five, bodies, _) = history(5, 99);
    let (nine, all, leaves) = history(9, 99);
    let mut replica = Replica::new(name(ORIGIN));
    replica.extend(&bodies, &five).unwrap();
    let before = replica.clone();
    assert_eq!(replica.extend(&all[5..8], &nine), Err(ReplicaError::Gap { have: 8, signed: 9 }));
    assert_eq!(replica.extend(&all[4..9], &nine), Err(ReplicaError::Surplus(9)));
    assert_eq!(replica.extend(&all[4..8], &nine), Err(ReplicaError::OtherRoot(9)));
    assert_eq!(replica.advance(&nine, &[]), Err(ReplicaError::Proof(ProofError::Length)));
    let other = Checkpoint { origin: name("other"), ..nine.checkpoint().clone() };
    let other = SignedCheckpoint::sign(other, &key(1));
    assert_eq!(replica.advance(&other, &[]), Err(ReplicaError::OtherLog(name("other"))));
    let something = Checkpoint { size: 0, ..nine.checkpoint().clone() };
    let something = SignedCheckpoint::sign(something, &key(1));
    let mut new = Replica::new(replica.origin().clone());
    assert_eq!(new.advance(&something, &[]), Err(ReplicaError::OtherRoot(0)), "of nothing there is one root");
    assert_eq!(replica, before);
    replica.advance(&nine, &prove(5, &leaves)).unwrap();
    assert_eq!(replica.extend(&all[5..5], &five), Err(ReplicaError::Rollback { have: 9, offered: 5 }));
    assert_eq!(replica.advance(&five, &[]), Err(ReplicaError::Rollback { have: 9, offered: 5 }));
}

#[test]
fn forks_come_with_evidence() {
    for old in 1..18 {
        let (first, bodies, _) = history(old, 99);
        for from in 0..old {
            let mut replica = Replica::new(name(ORIGIN));
            replica.extend(&bodies, &first).unwrap();
            let (same_size, ..) = history(old, from);
            assert_eq!(evidence(replica.advance(&same_size, &[]).unwrap_err()).why, ForkReason::SameSize);
            let (second, all, leaves) = history(old + 7, from);
            // A true proof of the other history shows the fork where it spells the first hash.
            let error = replica.advance(&second, &prove(old, &leaves)).unwrap_err();
            if old.is_power_of_two() {
                assert_eq!(error, ReplicaError::Proof(ProofError::Root));
            } else {
                evidence(error);
            }
            // Entries always show it, to a replica that saw the first checkpoint by proof.
            let mut replica = Replica::new(name(ORIGIN));
            replica.advance(&first, &[]).unwrap();
            evidence(replica.extend(&all, &second).unwrap_err());
        }
    }
}

#[test]
fn who_has_seen_nothing_holds_no_fork_against_a_log() {
    let (four, _, leaves) = history(4, 99);
    let mut replica = Replica::new(name(ORIGIN));
    // The way from the first leaf to the root.
    let way = [leaves[0], leaves[1], crate::tlog::node_hash(&leaves[2], &leaves[3])];
    assert_eq!(replica.advance(&four, &way), Err(ReplicaError::Proof(ProofError::Length)));
}

#[test]
fn evidence_against_an_honest_log_does_not_hold() {
    let ((first, ..), (second, _, leaves)) = (history(6, 99), history(9, 99));
    let with = |first: &SignedCheckpoint, second: &SignedCheckpoint, why| {
        let evidence = ForkEvidence { first: first.note().into(), second: second.note().into(), why };
        evidence.verify(&log_verifier(1))
    };
    let proof = prove(6, &leaves);
    assert_eq!(with(&first, &second, ForkReason::SameSize), Err(ForkError::NoFork));
    assert_eq!(with(&first, &first, ForkReason::SameSize), Err(ForkError::NoFork));
    assert_eq!(with(&first, &second, ForkReason::Prefix(proof.clone())), Err(ForkError::NoFork));
    assert_eq!(with(&second, &first, ForkReason::Prefix(proof.clone())), Err(ForkError::NoFork));
    for at in 0..proof.len() {
        let mut bad = proof.clone();
        bad[at].0[0] ^= 1;
        assert!(with(&first, &second, ForkReason::Prefix(bad)).is_err());
    }
}
