//! The list that follows another one.

use super::error::TrustError;
use super::list::{TrustList, sized};
use super::member::{Role, check_same_use};
use super::spec::Head;
use crate::id::MemberId;
use crate::wire::cose::Sign;

impl TrustList {
    /// Verifies the list that follows this one: the sequence rises by one, time does not go back, no
    /// key changes hands, and both this list's threshold and the new one's signed.
    ///
    /// All keys are judged as of the new list's time of issue, and expiry not at all: whoever was away
    /// for long catches up list by list, over lists that expired meanwhile. Whether the last one is in
    /// force is for [`TrustList::check_time`].
    ///
    /// # Errors
    /// [`TrustError`]; this list stays in force.
    pub fn update(&self, bytes: &[u8]) -> Result<Self, TrustError> {
        let (list, message) = Self::decode(bytes, sized(bytes)?, |head, message| {
            self.precedes(head)?;
            // Before the keys in it are read, see `pinned`. Whose signature counts, and when, is judged below.
            self.threshold(&self.signed_by(message)?)
        })?;
        for (kid, ..) in &list.by_kid {
            if let (Some(before), Some(after)) = (self.find(*kid), list.find(*kid)) {
                check_same_use(*kid, before, after)?;
            }
        }
        self.count(&message, &list, list.spec.issued)?;
        list.count(&message, self, list.spec.issued)?;
        Ok(list.prepare_like(self))
    }

    /// Whether a list with this head is the next one.
    fn precedes(&self, head: &Head<'_>) -> Result<(), TrustError> {
        if head.federation != self.spec.federation {
            return Err(TrustError::OtherFederation);
        }
        let (current, found) = (self.spec.sequence, head.sequence);
        if found <= current {
            return Err(TrustError::Rollback { current, found });
        }
        if current.checked_add(1) != Some(found) {
            return Err(TrustError::Gap { current, found });
        }
        if head.issued < self.spec.issued {
            return Err(TrustError::IssuedBefore { current: self.spec.issued, issued: head.issued });
        }
        Ok(())
    }

    /// The distinct members of this list whose roots signed `message`, whenever those are good.
    fn signed_by(&self, message: &Sign<'_>) -> Result<Vec<MemberId>, TrustError> {
        let mut signed: Vec<MemberId> = Vec::new();
        for signer in message.signers() {
            let kid = signer.kid();
            if let Some((member, entry)) = self.find(kid).filter(|(_, entry)| entry.role == Role::Root) {
                message.verify(signer, &entry.key).map_err(|_| TrustError::Signer(kid))?;
                if !signed.contains(&member.id) {
                    signed.push(member.id);
                }
            }
        }
        Ok(signed)
    }
}
