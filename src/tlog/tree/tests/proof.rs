//! Tests of `proof.rs`.

use super::*;
use crate::tlog::tree::tree::tests::leaves;
use core::{cell::RefCell, convert::Infallible};
use proptest::prelude::*;

/// Roots of ranges of leaves by the definition of RFC 6962 §2.1, each computed once.
struct Naive {
    leaves: Vec<Hash>,
    roots: RefCell<Vec<Option<Hash>>>,
}

impl Naive {
    fn new(count: usize) -> Self {
        Self { leaves: leaves(count), roots: RefCell::new(vec![None; (count + 1).pow(2)]) }
    }

    fn root(&self, begin: usize, end: usize) -> Hash {
        let at = begin * (self.leaves.len() + 1) + end;
        if let Some(root) = self.roots.borrow()[at] {
            return root;
        }
        let root = if end - begin == 1 {
            self.leaves[begin]
        } else {
            let k = begin + (end - begin).next_power_of_two() / 2;
            node_hash(&self.root(begin, k), &self.root(k, end))
        };
        self.roots.borrow_mut()[at] = Some(root);
        root
    }

    /// RFC 9162 §2.1.3.1, word for word.
    fn path(&self, index: usize, begin: usize, end: usize) -> Vec<Hash> {
        if end - begin == 1 {
            return vec![];
        }
        let k = begin + (end - begin).next_power_of_two() / 2;
        let (mut path, sibling) = if index < k {
            (self.path(index, begin, k), self.root(k, end))
        } else {
            (self.path(index, k, end), self.root(begin, k))
        };
        path.push(sibling);
        path
    }

    /// RFC 9162 §2.1.4.1, word for word.
    fn subproof(&self, m: usize, begin: usize, end: usize, whole: bool) -> Vec<Hash> {
        if m == end {
            return if whole { vec![] } else { vec![self.root(begin, end)] };
        }
        let k = begin + (end - begin).next_power_of_two() / 2;
        let (mut path, sibling) = if m <= k {
            (self.subproof(m, begin, k, whole), self.root(k, end))
        } else {
            (self.subproof(m, k, end, false), self.root(begin, k))
        };
        path.push(sibling);
        path
    }
}

impl Nodes for Naive {
    type Error = Infallible;
    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let width = 1 << level;
        let begin = index as usize * width;
        Ok(self.root(begin, begin + width))
    }
}

/// Every way to spoil a proof by one hash.
fn spoiled(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut out = vec![];
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at].0[at % 32] ^= 1;
        out.push(changed);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        out.push(shorter);
    }
    for at in 0..=proof.len() {
        let mut longer = proof.to_vec();
        longer.insert(at, Hash([at as u8; 32]));
        out.push(longer);
    }
    out
}

#[test]
fn inclusion_is_the_definition_and_nothing_else_verifies() {
    let naive = Naive::new(300);
    let tree = &naive.leaves;
    for size in 1..=tree.len() {
        let root = naive.root(0, size);
        assert_eq!(root_of(size as u64, &naive), Ok(root));
        for (index, leaf) in tree.iter().enumerate().take(size) {
            let proof = inclusion_proof(index as u64, size as u64, &naive).unwrap();
            assert_eq!(proof, naive.path(index, 0, size), "{index} of {size}");
            let verify = |index, size, leaf, proof: &[Hash], root| verify_inclusion(index, size, leaf, proof, root);
            let (i, n) = (index as u64, size as u64);
            assert_eq!(verify(i, n, leaf, &proof, &root), Ok(()));
            assert_eq!(verify(i, n, &Hash([9; 32]), &proof, &root), Err(ProofError::Root));
            assert_eq!(verify(i, n, leaf, &proof, &Hash([9; 32])), Err(ProofError::Root));
            assert_eq!(verify(n, n, leaf, &proof, &root), Err(ProofError::OutOfRange));
            if size < 24 {
                for bad in spoiled(&proof) {
                    assert!(verify(i, n, leaf, &bad, &root).is_err(), "{index} of {size}");
                }
                for other in (0..n).filter(|other| *other != i) {
                    assert!(verify(other, n, leaf, &proof, &root).is_err());
                }
            }
        }
    }
}

#[test]
fn consistency_is_the_definition_and_nothing_else_verifies() {
    let naive = Naive::new(300);
    for new in 1..=naive.leaves.len() {
        let new_root = naive.root(0, new);
        for old in 1..=new {
            let old_root = naive.root(0, old);
            let proof = consistency_proof(old as u64, new as u64, &naive).unwrap();
            assert_eq!(proof, naive.subproof(old, 0, new, true), "{old} to {new}");
            let verify = |a: &Hash, b: &Hash, proof: &[Hash]| verify_consistency(old as u64, new as u64, a, b, proof);
            assert_eq!(verify(&old_root, &new_root, &proof), Ok(()));
            assert!(verify(&Hash([9; 32]), &new_root, &proof).is_err());
            assert!(verify(&old_root, &Hash([9; 32]), &proof).is_err());
            if new < 24 {
                for bad in spoiled(&proof) {
                    assert!(verify(&old_root, &new_root, &bad).is_err(), "{old} to {new}");
                }
            }
        }
    }
    let (root, one) = (naive.leaves[0], Hash([1; 32]));
    assert_eq!(verify_consistency(0, 1, &empty_root(), &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 1, &empty_root(), &root, &[one]), Err(ProofError::Length));
    assert_eq!(verify_consistency(0, 1, &one, &root, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &empty_root(), &empty_root(), &[]), Ok(()));
    assert_eq!(verify_consistency(0, 0, &one, &one, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(2, 1, &one, &root, &[]), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(1, 1, &root, &one, &[]), Err(ProofError::Root));
}

#[test]
fn proofs_beyond_the_tree_cannot_be_made() {
    let none = Naive::new(0);
    assert_eq!(inclusion_proof(0, 0, &none), Err(ProveError::OutOfRange { at: 0, size: 0 }));
    assert_eq!(
        inclusion_proof(u64::MAX, u64::MAX, &none),
        Err(ProveError::OutOfRange { at: u64::MAX, size: u64::MAX })
    );
    assert_eq!(consistency_proof(1, 0, &none), Err(ProveError::OutOfRange { at: 1, size: 0 }));
    assert_eq!(consistency_proof(0, u64::MAX, &none), Ok(vec![]));
}

/// A tree as large as can be, all of whose leaves are alike: its nodes depend on the level only.
struct Uniform(Vec<Hash>);

impl Nodes for Uniform {
    type Error = Infallible;
    fn node(&self, level: u8, _: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(level)])
    }
}

#[test]
fn the_largest_trees_work() {
    let mut levels = vec![Hash([7; 32])];
    (0..64).for_each(|level| levels.push(node_hash(&levels[level], &levels[level])));
    let nodes = Uniform(levels);
    let edges = [1, 2, 3, 255, 256, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    for size in edges {
        let root = root_of(size, &nodes).unwrap();
        for at in edges {
            if at < size {
                let proof = inclusion_proof(at, size, &nodes).unwrap();
                assert_eq!(verify_inclusion(at, size, &nodes.0[0], &proof, &root), Ok(()), "{at} of {size}");
            }
            if at <= size {
                let (old, proof) = (root_of(at, &nodes).unwrap(), consistency_proof(at, size, &nodes).unwrap());
                assert_eq!(verify_consistency(at, size, &old, &root, &proof), Ok(()), "{at} to {size}");
            }
        }
    }
}

proptest! {
    #[test]
    fn verification_is_total(a: u64, b: u64, proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
        let h = Hash([0; 32]);
        prop_assert!(verify_inclusion(a, b, &h, &proof, &h).is_err());
        prop_assert!(a == b || verify_consistency(a, b, &h, &h, &proof).is_err());
    }
}
