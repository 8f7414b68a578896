//! A proof is accepted exactly when the recursive definition of RFC 6962 §2.1 leads it to the roots
//! claimed; the proofs made are those of the definition.
//!
//! The input gives sizes, hashes of a proof and what to spoil; the roots claimed are those the proof
//! leads to, so that half of the cases are good whatever the sizes are.

use super::input::Input;
use onecard::crypto::Hash;
use onecard::tlog::{
    Frontier, Nodes, consistency_proof, empty_root, inclusion_proof, leaf_hash, node_hash, root_of, verify_consistency,
    verify_inclusion,
};

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    any_proof(&mut input);
    small_tree(&mut input);
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let case = |large: u8, index: u64, size: u64, hashes: u8, tail: &[u8]| {
        let proof: Vec<u8> = (0..hashes).collect();
        [&[large][..], &index.to_be_bytes(), &size.to_be_bytes(), &[hashes], &proof, tail].concat()
    };
    vec![
        ("empty", vec![]),
        ("five", case(0, 2, 5, 3, &[9, 0, 0, 0, 5, 2, 3])),
        ("eight", case(0, 4, 8, 3, &[9, 0, 0, 0, 8, 4, 4])),
        ("another-root", case(0, 2, 5, 3, &[9, 1, 1, 1, 33, 2, 3])),
        ("huge", case(1, u64::MAX - 3, u64::MAX - 1, 64, &[])),
        ("huge-power", case(1, 1 << 63, u64::MAX, 64, &[])),
        ("beyond", case(1, 5, 5, 3, &[])),
        ("back", case(0, 7, 5, 3, &[9, 0, 0, 0, 5, 2, 6])),
    ]
}

fn any_proof(input: &mut Input<'_>) {
    let huge = input.odd();
    let (a, b) = (input.number(), input.number());
    let (a, b) = if huge { (a, b) } else { (a % 40, b % 40) };
    let proof: Vec<Hash> = input.list(66, |input| leaf_hash(&[input.byte()]));
    let leaf = leaf_hash(&[input.byte()]);
    let spoil = |hash: Hash, by: u8| if by & 1 == 1 { node_hash(&hash, &hash) } else { hash };

    let led = inclusion(a, b, leaf, &proof);
    let root = spoil(led.unwrap_or(leaf), input.byte());
    let accepted = verify_inclusion(a, b, &leaf, &proof, &root).is_ok();
    assert_eq!(accepted, led == Some(root), "leaf {a} of {b}, {} hashes", proof.len());

    // Where the proof leaves out the old root, the definition starts from the one claimed.
    let claimed = spoil(if a == 0 { empty_root() } else { leaf }, input.byte());
    let led = consistency(a, b, claimed, &proof);
    let (old, new) = led.unwrap_or((claimed, leaf));
    let old = if a == 0 || (a == b && !proof.is_empty()) { claimed } else { old };
    let new = spoil(new, input.byte());
    let good = match led {
        _ if a > b => false,
        _ if a == 0 => proof.is_empty() && old == empty_root() && (b != 0 || old == new),
        Some(led) => led == (old, new),
        None => false,
    };
    assert_eq!(verify_consistency(a, b, &old, &new, &proof).is_ok(), good, "{a} to {b}, {} hashes", proof.len());
}

/// PATH of the definition, run backwards: the root to which `proof` leads.
fn inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return proof.is_empty().then_some(leaf);
    }
    let (k, (sibling, rest)) = (split(size), proof.split_last()?);
    if index < k {
        Some(node_hash(&inclusion(index, k, leaf, rest)?, sibling))
    } else {
        Some(node_hash(sibling, &inclusion(index - k, size - k, leaf, rest)?))
    }
}

/// PROOF of the definition, run backwards: the roots to which `proof` leads.
fn consistency(old: u64, new: u64, old_root: Hash, proof: &[Hash]) -> Option<(Hash, Hash)> {
    fn sub(m: u64, n: u64, whole: Option<Hash>, proof: &[Hash]) -> Option<(Hash, Hash)> {
        if m == n {
            return match (whole, proof) {
                (Some(root), []) => Some((root, root)),
                (None, [root]) => Some((*root, *root)),
                _ => None,
            };
        }
        let (k, (sibling, rest)) = (split(n), proof.split_last()?);
        if m <= k {
            let (old, new) = sub(m, k, whole, rest)?;
            Some((old, node_hash(&new, sibling)))
        } else {
            let (old, new) = sub(m - k, n - k, None, rest)?;
            Some((node_hash(sibling, &old), node_hash(sibling, &new)))
        }
    }
    if old == 0 || old > new { None } else { sub(old, new, Some(old_root), proof) }
}

/// The largest power of two smaller than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    let mut k = 1;
    while k <= (size - 1) / 2 {
        k *= 2;
    }
    k
}

/// MTH of the definition.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node_hash(&root(left), &root(right))
        }
    }
}

struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = core::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let width = 1usize << level;
        let start = index as usize * width;
        Ok(root(&self.0[start..start + width]))
    }
}

fn small_tree(input: &mut Input<'_>) {
    let size = u64::from(input.byte() % 70);
    let (index, old) = (u64::from(input.byte() % 70), u64::from(input.byte() % 70));
    let nodes = Leaves((0..size).map(|at| leaf_hash(&[at as u8, input.byte()])).collect());
    let whole = root(&nodes.0);
    let mut frontier = Frontier::new();
    nodes.0.iter().for_each(|leaf| frontier.push(*leaf));
    assert_eq!((frontier.root(), root_of(size, &nodes)), (whole, Ok(whole)));
    let mut together = Frontier::new();
    let (first, rest) = nodes.0.split_at(old.min(size) as usize);
    together.extend(first);
    together.extend(rest);
    assert_eq!(together, frontier);

    let proof = inclusion_proof(index, size, &nodes);
    assert_eq!(proof.is_ok(), index < size);
    if let Ok(proof) = proof {
        assert_eq!(inclusion(index, size, nodes.0[index as usize], &proof), Some(whole));
        assert_eq!(verify_inclusion(index, size, &nodes.0[index as usize], &proof, &whole), Ok(()));
    }
    let proof = consistency_proof(old, size, &nodes);
    assert_eq!(proof.is_ok(), old <= size);
    if let Ok(proof) = proof {
        let before = root(&nodes.0[..old as usize]);
        assert_eq!(verify_consistency(old, size, &before, &whole, &proof), Ok(()));
        assert!(old == 0 || consistency(old, size, before, &proof) == Some((before, whole)));
    }
}
