//! Following somebody else's log.
//!
//! A [`Replica`] holds the running state of a log and the newest checkpoint it accepted, nothing
//! more. It moves forward by entries or by consistency proof, and never back. When the log signed two
//! histories, the replica says so with evidence that anybody can check.

use super::super::note::checkpoint::SignedCheckpoint;
use super::super::note::note::{KeyName, NoteError, NoteVerifier};
use super::super::tree::proof::{Nodes, ProofError, consistency_proof, prefix_and_whole, verify_consistency};
use super::super::tree::tree::{BodyTooLong, Chain, Frontier, empty_root, subtree_root};
use crate::crypto::Hash;

/// A replica does not accept what it was given, and is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {0}")]
    OtherLog(KeyName),
    /// The checkpoint is of an earlier size than one accepted before.
    #[error("the log was at {have} entries and would go back to {offered}")]
    Rollback {
        /// Size of the newest checkpoint accepted.
        have: u64,
        /// Size of the checkpoint offered.
        offered: u64,
    },
    /// The entries do not reach the checkpoint.
    #[error("the entries end at {have} and the checkpoint is of {signed}")]
    Gap {
        /// Where the entries end.
        have: u64,
        /// Size of the checkpoint.
        signed: u64,
    },
    /// There are more entries than the checkpoint covers.
    #[error("there are entries beyond the checkpoint of {0}")]
    Surplus(u64),
    /// An entry is too long.
    #[error(transparent)]
    Body(#[from] BodyTooLong),
    /// The entries are not those that the checkpoint covers.
    #[error("the entries lead to another root than the checkpoint of {0}")]
    OtherRoot(u64),
    /// The consistency proof does not verify.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The log signed two histories.
    #[error("the log signed two histories")]
    Fork(Box<ForkEvidence>),
}

/// Why two checkpoints cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForkReason {
    /// They are of one size and have different roots.
    SameSize,
    /// The second one's tree begins with another tree than the first one's. The hashes are a
    /// consistency proof whose first hash is always written out.
    Prefix(Vec<Hash>),
}

/// Two checkpoints of one log that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkEvidence {
    /// The note of the smaller checkpoint.
    pub first: String,
    /// The note of the larger one, or of the same size.
    pub second: String,
    /// Why they exclude each other.
    pub why: ForkReason,
}

/// Evidence of a fork does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// A note is not a checkpoint signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The hashes do not belong to these checkpoints.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The two checkpoints do not exclude each other.
    #[error("the checkpoints do not exclude each other")]
    NoFork,
}

impl ForkEvidence {
    /// Checks that `log` signed both checkpoints and that they exclude each other.
    ///
    /// # Errors
    /// [`ForkError`]; the log is not to be blamed then.
    pub fn verify(&self, log: &NoteVerifier) -> Result<(), ForkError> {
        let first = SignedCheckpoint::verify(self.first.as_bytes(), log)?;
        let second = SignedCheckpoint::verify(self.second.as_bytes(), log)?;
        let forked = match &self.why {
            ForkReason::SameSize => first.size() == second.size() && first.root() != second.root(),
            ForkReason::Prefix(hashes) => {
                if first.size() == 0 || first.size() >= second.size() {
                    return Err(ForkError::NoFork);
                }
                let (start, rest) = hashes.split_first().ok_or(ProofError::Length)?;
                let (prefix, whole) = prefix_and_whole(first.size(), second.size(), start, rest)?;
                if whole != second.root() {
                    return Err(ForkError::Proof(ProofError::Root));
                }
                prefix != first.root()
            }
        };
        if forked { Ok(()) } else { Err(ForkError::NoFork) }
    }
}

/// The state of a followed log, in memory logarithmic in its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    origin: KeyName,
    chain: Chain,
    latest: Option<SignedCheckpoint>,
}

impl Replica {
    /// Starts to follow the log called `origin` from its beginning.
    #[must_use]
    pub fn new(origin: KeyName) -> Self {
        let chain = Chain::new(origin.as_str());
        Self { origin, chain, latest: None }
    }

    /// Goes on from a checkpoint accepted before. The entries up to it are unseen, so the chain is at
    /// its beginning.
    #[must_use]
    pub fn at(signed: SignedCheckpoint) -> Self {
        Self { latest: Some(signed.clone()), ..Self::new(signed.origin().clone()) }
    }

    /// The log's name.
    #[must_use]
    pub const fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// State after the last entry seen. It lags behind [`Replica::latest`] after
    /// [`Replica::advance`], until the entries come.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The newest checkpoint accepted.
    #[must_use]
    pub const fn latest(&self) -> Option<&SignedCheckpoint> {
        self.latest.as_ref()
    }

    /// Size of the newest checkpoint accepted: where a consistency proof has to start.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.latest.as_ref().map_or(0, SignedCheckpoint::size)
    }

    /// Moves to `signed` by the entries from [`Chain::size`] on, given by their bodies.
    ///
    /// # Errors
    /// [`ReplicaError`]; the replica is unchanged.
    pub fn extend<B: AsRef<[u8]>>(
        &mut self,
        bodies: impl IntoIterator<Item = B>,
        signed: &SignedCheckpoint,
    ) -> Result<(), ReplicaError> {
        self.check(signed)?;
        let (mut chain, mut bodies) = (self.chain.clone(), bodies.into_iter().fuse());
        let up_to = |size: u64, chain: &Chain| usize::try_from(size.saturating_sub(chain.size())).unwrap_or(usize::MAX);
        // Where the tree leaves the one accepted before, and the leaves from there on: kept only to
        // prove the fork.
        let mut fork: Option<(Frontier, Vec<Hash>)> = None;
        if let Some(latest) = &self.latest
            && chain.size() < latest.size()
        {
            chain.extend(bodies.by_ref().take(up_to(latest.size(), &chain)))?;
            if chain.size() == latest.size() && chain.root() != latest.root() {
                fork = Some((chain.frontier().clone(), Vec::new()));
            }
        }
        let rest = bodies.by_ref().take(up_to(signed.size(), &chain));
        match &mut fork {
            Some((_, leaves)) => {
                for body in rest {
                    leaves.push(chain.push(body.as_ref())?);
                }
            }
            None => chain.extend(rest)?,
        }
        if bodies.next().is_some() {
            return Err(ReplicaError::Surplus(signed.size()));
        }
        if chain.size() != signed.size() {
            return Err(ReplicaError::Gap { have: chain.size(), signed: signed.size() });
        }
        if chain.root() != signed.root() {
            return Err(ReplicaError::OtherRoot(signed.size()));
        }
        if let Some((frontier, leaves)) = &fork {
            return Err(self.fork(signed, ForkReason::Prefix(prefix_hashes(frontier, leaves, signed.size())?)));
        }
        self.chain = chain;
        self.latest = Some(signed.clone());
        Ok(())
    }

    /// Moves to `signed` by a consistency proof from [`Replica::size`].
    ///
    /// # Errors
    /// [`ReplicaError`]; the replica is unchanged.
    pub fn advance(&mut self, signed: &SignedCheckpoint, proof: &[Hash]) -> Result<(), ReplicaError> {
        self.check(signed)?;
        let (old, old_root) = self.latest.as_ref().map_or((0, empty_root()), |latest| (latest.size(), latest.root()));
        if let Err(error) = verify_consistency(old, signed.size(), &old_root, &signed.root(), proof) {
            // A proof that leads to the new root from another old one is the log's confession.
            if 0 < old
                && old < signed.size()
                && let Some((first, rest)) = proof.split_first()
                && let Ok((prefix, whole)) = prefix_and_whole(old, signed.size(), first, rest)
                && whole == signed.root()
                && prefix != old_root
            {
                return Err(self.fork(signed, ForkReason::Prefix(proof.to_vec())));
            }
            return Err(error.into());
        }
        self.latest = Some(signed.clone());
        Ok(())
    }

    /// What needs no proof: the log, the direction, and one root per size.
    fn check(&self, signed: &SignedCheckpoint) -> Result<(), ReplicaError> {
        if *signed.origin() != self.origin {
            return Err(ReplicaError::OtherLog(signed.origin().clone()));
        }
        if signed.size() == 0 && signed.root() != empty_root() {
            return Err(ReplicaError::OtherRoot(0));
        }
        if signed.size() < self.size() {
            return Err(ReplicaError::Rollback { have: self.size(), offered: signed.size() });
        }
        match &self.latest {
            Some(latest) if latest.size() == signed.size() && latest.root() != signed.root() => {
                Err(self.fork(signed, ForkReason::SameSize))
            }
            _ => Ok(()),
        }
    }

    fn fork(&self, signed: &SignedCheckpoint, why: ForkReason) -> ReplicaError {
        let first = self.latest.as_ref().map_or("", SignedCheckpoint::note).to_owned();
        ReplicaError::Fork(Box::new(ForkEvidence { first, second: signed.note().to_owned(), why }))
    }
}

/// A consistency proof from the tree of `frontier` to that with `leaves` more, first hash included.
fn prefix_hashes(frontier: &Frontier, leaves: &[Hash], size: u64) -> Result<Vec<Hash>, ReplicaError> {
    let tail = Tail { frontier, leaves };
    // Every node that a proof from the frontier's size asks for is in the frontier or after it.
    let proof = consistency_proof(frontier.size(), size, &tail).map_err(|_| ReplicaError::OtherRoot(size))?;
    let first = frontier.size().is_power_of_two().then(|| frontier.root());
    Ok(first.into_iter().chain(proof).collect())
}

struct Tail<'a> {
    frontier: &'a Frontier,
    leaves: &'a [Hash],
}

impl Nodes for Tail<'_> {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let width = 1u64.checked_shl(level.into()).ok_or(())?;
        let begin = index.checked_mul(width).ok_or(())?;
        match begin.checked_sub(self.frontier.size()) {
            None => self.frontier.node(level).ok_or(()),
            Some(begin) => {
                let range = begin as usize..begin.saturating_add(width) as usize;
                self.leaves.get(range).map(subtree_root).ok_or(())
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/replica.rs"]
mod tests;
