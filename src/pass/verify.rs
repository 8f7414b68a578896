//! Verifying what a visitor shows: a presentation, or the bare pass where its issuer allows that.
//!
//! A fixed order of checks, each with an error of its own (design: "invalid always beats used up"):
//! size, encoding, trust in the issuer, the issuer's signature, the pass's times, the holder's
//! signature, freshness. Before the signature over them verified, claims serve to select the key and to
//! refuse, never to accept. At most two signatures are checked.

use super::claims::{self, ClaimsError, PassClaims};
use super::present::{self, PresentationClaims};
use crate::crypto::{Hash, PendingSignature, sha256};
use crate::id::GateId;
use crate::limits::{MAX_PASS, MAX_PRESENTATION};
use crate::time::UnixTime;
use crate::trust::{Role, TrustError, TrustList};
use crate::wire::cose::{CoseError, Expect, Sign1};

/// To whom a code must be addressed. An answer to a verifier's own challenge is for [`Challenge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// Any gate of the federation: a code shown without a challenge.
    Federation,
    /// This gate, in answer to any challenge: for auditors, who were not there when it was sent.
    AnyChallenge {
        /// Id of the gate.
        gate: &'a str,
    },
}

/// A challenge that a gate sent and nobody answered yet. Verifying an answer uses it up, whether that is
/// good or not, so that no answer is accepted twice.
#[derive(Debug)]
pub struct Challenge {
    gate: GateId,
    nonce: [u8; 16],
}

impl Challenge {
    /// The challenge of `gate` with 16 random bytes, which the caller draws anew each time.
    #[must_use]
    pub const fn new(gate: GateId, nonce: [u8; 16]) -> Self {
        Self { gate, nonce }
    }

    /// Verifies what was shown in answer to this challenge, at `now`.
    ///
    /// # Errors
    /// [`PassError`], for the first check that fails.
    pub fn verify(self, shown: &[u8], trust: &TrustList, now: UnixTime) -> Result<Presented, PassError> {
        let gate = self.gate.to_string();
        let addressed = Addressed { to: &gate, nonce: Nonce::Exactly(&self.nonce) };
        Judging { shown, trust, addressed, now }.verify()
    }
}

/// How the pass was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// With a code the holder's key signed at this time.
    Holder(UnixTime),
    /// Bare; the issuer allows that for this pass.
    Static,
}

/// A verified pass as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    claims: PassClaims,
    proof: Proof,
    digest: Hash,
}

impl Presented {
    /// What the issuer says of the pass.
    #[must_use]
    pub const fn claims(&self) -> &PassClaims {
        &self.claims
    }

    /// How it was shown.
    #[must_use]
    pub const fn proof(&self) -> Proof {
        self.proof
    }

    /// SHA-256 of the bytes shown: what a redemption record keeps of them.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }
}

/// What was shown is refused. The order of the variants is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// Longer than any presentation or pass.
    #[error("{0} bytes are more than any pass or presentation has")]
    TooLong(usize),
    /// Not the one accepted encoding of a presentation or pass.
    #[error("encoding: {0}")]
    Encoding(#[from] CoseError),
    /// The claims are not those of a pass.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The issuer's key is unknown, of another role, or was not valid when the pass was issued; or the trust list
    /// has expired, and nothing can be said of any key.
    #[error("issuer: {0}")]
    Issuer(#[from] TrustError),
    /// The pass says another issuer than the owner of the key that signed it.
    #[error("iss is not the member whose key signed")]
    IssuerMismatch,
    /// The pass outlives the key that signed it.
    #[error("the pass is not within the validity of its issuer's key")]
    KeyValidity,
    /// The issuer's signature does not verify.
    #[error("the issuer's signature does not verify")]
    PassSignature,
    /// Before the pass's time.
    #[error("the pass is not valid before {0}")]
    NotYetValid(UnixTime),
    /// After the pass's time.
    #[error("the pass expired at {0}")]
    Expired(UnixTime),
    /// A bare pass whose issuer requires the holder's proof.
    #[error("the pass must be shown with a code by its holder's key")]
    ProofRequired,
    /// A code for a pass that has no holder key.
    #[error("the pass names no holder key")]
    NoHolderKey,
    /// The holder's signature does not verify.
    #[error("the holder's signature does not verify")]
    HolderSignature,
    /// The code does not answer this gate's challenge, or answers where none was sent.
    #[error("the code does not answer this challenge")]
    Nonce,
    /// The code is addressed to another audience.
    #[error("the code is addressed to another audience")]
    Audience,
    /// The code is dated before its pass was issued or valid, or the bare pass is shown before it was issued.
    #[error("the code is older than its pass")]
    BeforePass,
    /// The code is dated when its pass is over.
    #[error("the code is dated after its pass")]
    AfterPass,
    /// The code is dated a little in the future.
    #[error("the code is dated {0} s in the future")]
    Early(i64),
    /// The code is dated so far in the future that a clock must be wrong.
    #[error("the code is dated {0} s in the future: a clock is wrong")]
    ClockSuspect(i64),
    /// The code is too old: a screenshot, or a slow visitor.
    #[error("the code is {0} s old")]
    Late(i64),
}

/// Verifies what was shown at `now`.
///
/// # Errors
/// [`PassError`], for the first check that fails.
pub fn verify(shown: &[u8], trust: &TrustList, audience: Audience<'_>, now: UnixTime) -> Result<Presented, PassError> {
    Check { shown, trust, audience, now }.judging().verify()
}

/// One of many codes to verify, each against its own list, audience and time.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// What was shown.
    pub shown: &'a [u8],
    /// The trust list in force.
    pub trust: &'a TrustList,
    /// To whom the code must be addressed.
    pub audience: Audience<'a>,
    /// When it was shown.
    pub now: UnixTime,
}

impl<'a> Check<'a> {
    pub(super) fn judging(&self) -> Judging<'a> {
        let addressed = match self.audience {
            Audience::Federation => Addressed { to: self.trust.federation(), nonce: Nonce::None },
            Audience::AnyChallenge { gate } => Addressed { to: gate, nonce: Nonce::Any },
        };
        Judging { shown: self.shown, trust: self.trust, addressed, now: self.now }
    }
}

/// What the holder must have signed for a code to be for us.
#[derive(Clone, Copy)]
struct Addressed<'a> {
    to: &'a str,
    nonce: Nonce<'a>,
}

#[derive(Clone, Copy)]
enum Nonce<'a> {
    None,
    Any,
    Exactly(&'a [u8; 16]),
}

/// One code and what it is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judging<'a> {
    shown: &'a [u8],
    trust: &'a TrustList,
    addressed: Addressed<'a>,
    now: UnixTime,
}

/// The checks in their order, cut where a signature has been computed but not settled: so many codes can
/// go through them together, and one alone goes through the same.
impl<'a> Judging<'a> {
    fn verify(&self) -> Result<Presented, PassError> {
        let (code, issuer) = self.decode()?;
        // Computed before the issuer's signature is settled, so that both share the last step. What it comes to is
        // asked only if that one is good.
        let proof = self.proof(code);
        let (issuer, holder) = match &proof {
            Ok((_, Some(holder))) => issuer.settle_with(holder),
            _ => (issuer.settle(), Ok(())),
        };
        issuer.map_err(|_| PassError::PassSignature)?;
        let (code, _) = proof?;
        holder.map_err(|_| PassError::HolderSignature)?;
        self.conclude(code)
    }

    /// Size, encoding, trust in the issuer; leaves the issuer's signature.
    pub(super) fn decode(&self) -> Result<(Code<'a>, PendingSignature), PassError> {
        let shown = self.shown;
        if shown.len() > MAX_PRESENTATION {
            return Err(PassError::TooLong(shown.len()));
        }
        let (pass, binding) = match Sign1::decode(shown, present::TYP, Expect::Kcwt) {
            Ok(message) => {
                let pass = message.headers().kcwt.unwrap_or_default();
                let claims = PresentationClaims::decode(message.payload()).map_err(CoseError::from)?;
                (pass, Some((message, claims)))
            }
            // Of another type: it may be the bare pass.
            Err(CoseError::Typ) => (shown, None),
            Err(error) => return Err(error.into()),
        };
        let (claims, issuer) = decode_pass(pass, self.trust, self.now)?;
        Ok((Code { claims, binding }, issuer))
    }

    /// What follows if the issuer's signature is good: the pass's times, and whether it may be shown like this; leaves the
    /// holder's signature, where there is one. What it says counts only then.
    pub(super) fn proof(&self, code: Code<'a>) -> Result<(Code<'a>, Option<PendingSignature>), PassError> {
        let claims = &code.claims;
        verify_times(claims, self.now)?;
        let holder = match &code.binding {
            // A bare pass answers no challenge, whatever its issuer allows.
            None if claims.static_allowed() && matches!(self.addressed.nonce, Nonce::None) => None,
            None => return Err(PassError::ProofRequired),
            Some((message, _)) => {
                let key = claims.confirmation.as_ref().ok_or(PassError::NoHolderKey)?;
                Some(message.begin(key).map_err(|_| PassError::HolderSignature)?)
            }
        };
        Ok((code, holder))
    }

    /// The holder's signature is good: audience and freshness.
    pub(super) fn conclude(&self, code: Code<'a>) -> Result<Presented, PassError> {
        let Code { claims, binding } = code;
        let proof = match binding {
            None => {
                // It is shown now, as a code would say: not before its pass was issued, by clocks that differ.
                if claims.issued.since(self.now) > i64::from(self.trust.policy().code_early) {
                    return Err(PassError::BeforePass);
                }
                Proof::Static
            }
            Some((_, binding)) => {
                verify_audience(&binding, self.addressed)?;
                verify_freshness(&binding, &claims, self.trust, self.now)?;
                Proof::Holder(binding.issued)
            }
        };
        Ok(Presented { claims, proof, digest: sha256(&[self.shown]) })
    }
}

/// What was shown, taken apart.
pub(super) struct Code<'a> {
    claims: PassClaims,
    binding: Option<(Sign1<'a>, PresentationClaims<'a>)>,
}

/// Trust in the issuer; leaves the issuer's signature.
fn decode_pass(pass: &[u8], trust: &TrustList, now: UnixTime) -> Result<(PassClaims, PendingSignature), PassError> {
    if pass.len() > MAX_PASS {
        return Err(PassError::TooLong(pass.len()));
    }
    let message = Sign1::decode(pass, claims::TYP, Expect::Kid)?;
    let claims = PassClaims::decode(message.payload())?;
    // That a list is of the future is not asked: an audit from a later list looks back before it.
    if trust.has_expired(now) {
        return Err(TrustError::Expired(trust.expires()).into());
    }
    let (member, entry) = trust.key(message.kid()?, Role::Issuer, claims.issued)?;
    if member.id != claims.issuer {
        return Err(PassError::IssuerMismatch);
    }
    if claims.not_before < entry.not_before || claims.expires > entry.not_after {
        return Err(PassError::KeyValidity);
    }
    let issuer = message.begin(trust.verifier(entry)).map_err(|_| PassError::PassSignature)?;
    Ok((claims, issuer))
}

fn verify_times(claims: &PassClaims, now: UnixTime) -> Result<(), PassError> {
    if now < claims.not_before {
        return Err(PassError::NotYetValid(claims.not_before));
    }
    // RFC 8392 §3.1.4: not on or after exp.
    if now >= claims.expires {
        return Err(PassError::Expired(claims.expires));
    }
    Ok(())
}

fn verify_audience(binding: &PresentationClaims<'_>, addressed: Addressed<'_>) -> Result<(), PassError> {
    let answers = match addressed.nonce {
        Nonce::None => binding.nonce.is_none(),
        Nonce::Any => binding.nonce.is_some(),
        Nonce::Exactly(nonce) => binding.nonce == Some(nonce),
    };
    if !answers {
        return Err(PassError::Nonce);
    }
    if binding.audience != addressed.to {
        return Err(PassError::Audience);
    }
    Ok(())
}

fn verify_freshness(
    binding: &PresentationClaims<'_>,
    claims: &PassClaims,
    trust: &TrustList,
    now: UnixTime,
) -> Result<(), PassError> {
    if binding.issued < claims.issued || binding.issued < claims.not_before {
        return Err(PassError::BeforePass);
    }
    // A token must not outlast its pass; dated ahead of our clock, it could.
    if binding.issued >= claims.expires {
        return Err(PassError::AfterPass);
    }
    let policy = trust.policy();
    let age = now.since(binding.issued);
    let ahead = age.saturating_neg();
    if ahead > i64::from(policy.clock_suspect) {
        return Err(PassError::ClockSuspect(ahead));
    }
    if ahead > i64::from(policy.code_early) {
        return Err(PassError::Early(ahead));
    }
    // An issuer may ask for fresher codes than the federation does, never for older ones.
    let late = match claims.freshness {
        0 => policy.code_late,
        freshness => policy.code_late.min(freshness.into()),
    };
    if age > i64::from(late) {
        return Err(PassError::Late(age));
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/verify.rs"]
mod tests;
