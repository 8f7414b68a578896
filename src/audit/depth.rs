//! How deep an audit goes.

use core::fmt;

/// How deep an audit goes; each depth does all that the ones before it do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Chains, trees, checkpoints, cosignatures, certificates, sequences, times, totals: that the bytes are those that
    /// were signed. Evidence is not read.
    Integrity,
    /// What was shown at the gates too, where it is kept: both signatures, for this gate, at that time.
    Evidence,
    /// Every admission decided again, over-use found, and the settlement computed.
    #[default]
    Policy,
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integrity => "integrity",
            Self::Evidence => "evidence",
            Self::Policy => "policy",
        })
    }
}
