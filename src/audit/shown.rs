//! What was shown at a gate, held against the record of it.

use crate::crypto::sha256;
use crate::gate::{Redemption, flags};
use crate::id::GateId;
use crate::pass::{self, Audience, PassError, Presented, Proof};
use crate::trust::TrustList;

/// What was shown is not what the record says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShownError {
    /// It has another digest.
    #[error("it is not what the record's digest says")]
    Digest,
    /// It does not verify at the time of the record.
    #[error(transparent)]
    Presentation(#[from] PassError),
    /// The record says otherwise.
    #[error("the record says another pass, product, term, holder or proof than what was shown")]
    Mismatch,
}

/// Verifies what was shown as the gate had to, under the trust list that it had, and that the record says
/// what it says.
pub(super) fn check_shown(
    redemption: &Redemption,
    shown: &[u8],
    gate: GateId,
    trust: &TrustList,
) -> Result<Presented, ShownError> {
    if sha256(&[shown]) != redemption.evidence {
        return Err(ShownError::Digest);
    }
    let gate = gate.to_string();
    let challenged = redemption.flags & flags::CHALLENGE != 0;
    let audience = if challenged { Audience::AnyChallenge { gate: &gate } } else { Audience::Federation };
    let presented = pass::verify(shown, trust, audience, redemption.time)?;
    let claims = presented.claims();
    let bare = matches!(presented.proof(), Proof::Static);
    let same = claims.key() == redemption.pass
        && claims.product == redemption.product
        && claims.facts() == redemption.facts
        && bare == (redemption.flags & flags::STATIC != 0);
    if same { Ok(presented) } else { Err(ShownError::Mismatch) }
}
