//! What a visitor shows, verified without a gate.

use crate::bundle::Bundle;
use crate::call::run;
use crate::ptr::{Out, array, borrow, bytes};
use crate::{Status, fixed};
use core::ffi::c_char;
use onecard::id::{GateId, MemberId};
use onecard::pass::{self, Audience, Challenge, Presented, Proof};
use onecard::time::UnixTime;
use onecard::trust::{self, Age, Bundle as Inner};
use onecard::wire::text;

/// How a pass was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum ProofKind {
    /// Bare; the issuer allows that for this pass.
    Static = 0,
    /// With a code that the holder's key signed.
    Holder = 1,
}

/// What the status list in the bundle says of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Listed {
    /// Nothing: the bundle has no list for it, or the list does not reach up to it.
    Unknown = 0,
    /// Valid.
    Valid = 1,
    /// Revoked for good.
    Revoked = 2,
    /// Suspended; it may come back.
    Suspended = 3,
    /// Replaced by a new pass.
    Superseded = 4,
}

/// How old a list is, by the federation's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum ListAge {
    /// There is none.
    None = 0,
    /// Young enough to decide by.
    Fresh = 1,
    /// Too old to admit by without a person looking.
    Stale = 2,
    /// Too old to decide by.
    TooOld = 3,
}

impl From<Age> for ListAge {
    fn from(age: Age) -> Self {
        match age {
            Age::Fresh => Self::Fresh,
            Age::Stale => Self::Stale,
            Age::TooOld => Self::TooOld,
        }
    }
}

/// What a verified presentation says. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Claims {
    /// First second the pass is good for.
    pub not_before: i64,
    /// First second it is not good for any more.
    pub expires: i64,
    /// When it was issued.
    pub issued: i64,
    /// When the holder's code was made; 0 for a bare pass.
    pub shown: i64,
    /// Division code of the issuer.
    pub issuer: u32,
    /// Number of the product in the issuer's catalogue.
    pub product: u32,
    /// Version of the product.
    pub product_version: u32,
    /// Class of the holder, as products name it.
    pub holder_class: u32,
    /// Bits: 1 the bare pass may be shown, 2 the holder's document must be compared.
    pub flags: u32,
    /// A shown code is good for at most this many seconds; 0 leaves it to the federation.
    pub freshness: u32,
    /// How it was shown: an `onecard_proof_kind`.
    pub proof: u32,
    /// Index of the pass in its issuer's status list.
    pub status_index: u32,
    /// What that list says: an `onecard_listed`.
    pub listed: u32,
    /// How old that list is: an `onecard_list_age`.
    pub list_age: u32,
    /// Id of the pass: 16 characters, then NUL.
    pub pass: [c_char; 20],
    /// SHA-256 of what was shown.
    pub digest: [u8; 32],
    /// 0; for later versions.
    pub reserved: u32,
}

/// Verifies a scanned text: signatures, times and freshness of the code.
///
/// This is not an admission: a revoked or used-up pass verifies. See `listed`, and
/// onecard_gate_admit. Only codes shown without a challenge are accepted here. A refusal is a status from
/// 300 on (300 and its `onecard_reason`), or from 100 on for a text that is not one of a code.
///
/// # Safety
/// `bundle` is NULL or a live handle; `text` is valid for its length; `claims` is NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_presentation_verify(
    bundle: *const Bundle,
    text: *const c_char,
    text_length: usize,
    now: i64,
    claims: *mut Claims,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, text, out) = unsafe { (borrow(bundle)?, bytes(text.cast(), text_length)?, Out::new(claims)?) };
        let now = UnixTime::new(now)?;
        out.set(bundle.read(|bundle| {
            let shown = text::decode(text)?;
            let presented = pass::verify(shown.as_slice(), bundle.trust(), Audience::Federation, now)?;
            Ok(flatten(&presented, bundle, now))
        })?);
        Ok(())
    })
}

/// Verifies an answer to a challenge that a verifier without a gate of its own sent, such as an
/// inspector's device. Everything else is as in onecard_presentation_verify.
///
/// `member` and `number` are those of the gate that the challenge was sent for, `nonce` its 16 bytes. Use
/// a nonce for one answer, whether that is accepted or not.
///
/// # Safety
/// `bundle` is NULL or a live handle; `answer` and `nonce` are valid for their lengths; `claims` is NULL
/// or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onecard_answer_verify(
    bundle: *const Bundle,
    answer: *const u8,
    answer_length: usize,
    member: u32,
    number: u32,
    nonce: *const u8,
    nonce_length: usize,
    now: i64,
    claims: *mut Claims,
) -> Status {
    run(|| {
        // SAFETY: the caller's promise is the same.
        let (bundle, answer, nonce, out) =
            unsafe { (borrow(bundle)?, bytes(answer, answer_length)?, array(nonce, nonce_length)?, Out::new(claims)?) };
        let gate = GateId { member: MemberId::new(member)?, number };
        let now = UnixTime::new(now)?;
        out.set(bundle.read(|bundle| {
            let presented = Challenge::new(gate, *nonce).verify(answer, bundle.trust(), now)?;
            Ok(flatten(&presented, bundle, now))
        })?);
        Ok(())
    })
}

fn flatten(presented: &Presented, bundle: &Inner, now: UnixTime) -> Claims {
    let claims = presented.claims();
    let (proof, shown) = match presented.proof() {
        Proof::Static => (ProofKind::Static, 0),
        Proof::Holder(at) => (ProofKind::Holder, at.seconds()),
    };
    let list = bundle.status_list(claims.issuer, &claims.status.uri);
    let listed = match list.and_then(|list| list.status(claims.status.index)) {
        None => Listed::Unknown,
        Some(trust::Status::Valid) => Listed::Valid,
        Some(trust::Status::Revoked) => Listed::Revoked,
        Some(trust::Status::Suspended) => Listed::Suspended,
        Some(trust::Status::Superseded) => Listed::Superseded,
    };
    let list_age = list.map_or(ListAge::None, |list| list.age(bundle.trust().policy(), now).into());
    Claims {
        not_before: claims.not_before.seconds(),
        expires: claims.expires.seconds(),
        issued: claims.issued.seconds(),
        shown,
        issuer: claims.issuer.code(),
        product: claims.product.0.into(),
        product_version: claims.product.1.into(),
        holder_class: claims.holder_class.into(),
        flags: claims.flags.into(),
        freshness: claims.freshness.into(),
        proof: proof as u32,
        status_index: claims.status.index,
        listed: listed as u32,
        list_age: list_age as u32,
        pass: fixed::write(&claims.pass.to_string()),
        digest: presented.digest().0,
        reserved: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn the_layout_is_frozen() {
        assert_eq!((size_of::<Claims>(), align_of::<Claims>()), (128, 8));
        let offsets = [
            offset_of!(Claims, not_before),
            offset_of!(Claims, expires),
            offset_of!(Claims, issued),
            offset_of!(Claims, shown),
            offset_of!(Claims, issuer),
            offset_of!(Claims, product),
            offset_of!(Claims, product_version),
            offset_of!(Claims, holder_class),
            offset_of!(Claims, flags),
            offset_of!(Claims, freshness),
            offset_of!(Claims, proof),
            offset_of!(Claims, status_index),
            offset_of!(Claims, listed),
            offset_of!(Claims, list_age),
            offset_of!(Claims, pass),
            offset_of!(Claims, digest),
            offset_of!(Claims, reserved),
        ];
        assert_eq!(offsets, [0, 8, 16, 24, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 92, 124]);
    }

    #[test]
    fn the_constants_are_frozen() {
        assert_eq!((ProofKind::Static as u32, ProofKind::Holder as u32), (0, 1));
        let listed = [Listed::Unknown, Listed::Valid, Listed::Revoked, Listed::Suspended, Listed::Superseded];
        assert_eq!(listed.map(|listed| listed as u32), [0, 1, 2, 3, 4]);
        let ages = [ListAge::None, ListAge::Fresh, ListAge::Stale, ListAge::TooOld];
        assert_eq!(ages.map(|age| age as u32), [0, 1, 2, 3]);
    }
}
